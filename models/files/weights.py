"""Files of models: where they are, whether they are the right ones, and how to get them.

Files of official models lie in one folder: ``STUDIO_MODELS`` if that is set, else the user's cache. Nothing is
downloaded without request, and code in a file is never run.
"""

import os
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pooch

from models.errors import DownloadFailed, ModelError, WeightsCorrupt, WeightsMissing
from models.files import advice, bundled, checkpoint, wheel
from models.files.transfer import Progress, fetch, unfinished
from models.packages import require_full
from models.spec import ModelSpec, Wheel

Status = Literal["bundled", "ready", "missing"]

BUNDLED = Path(__file__).parents[1] / "bundled"
"""Folder of the bundled models."""

ROUNDS = 2
"""Attempts for each source."""


def folder() -> Path:
    """Return the folder of downloaded models, which may not exist yet."""
    return Path(os.environ.get("STUDIO_MODELS") or pooch.os_cache("restoration-studio")).expanduser()


def location(spec: ModelSpec) -> Path:
    """Return where a model's file is, or belongs if it is not there; the official one comes before a wheel's.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    """
    places = _places(spec)
    return next(filter(Path.is_file, places), places[0])


def graph(spec: ModelSpec) -> Path:
    """Return the OpenVINO file of a bundled model, which needs no torch; its weights are in the model's own file.

    Parameters
    ----------
    spec : ModelSpec
        A bundled model.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If it is not installed, or is not the published one.
    """
    tensors = bundled.check(find(spec))
    bundled.check(tensors.with_suffix(".bin"))
    return bundled.check(tensors.with_suffix(".xml"))


def find(spec: ModelSpec) -> Path:
    """Return a model's file.

    Parameters
    ----------
    spec : ModelSpec
        The model.

    Raises
    ------
    WeightsMissing
        If it does not exist; the text says how to get it.
    """
    path = location(spec)
    if not path.is_file():
        raise WeightsMissing(advice.missing(spec, path))
    return path


def status(spec: ModelSpec) -> Status:
    """Return whether a model's file is bundled, downloaded (``"ready"``) or missing.

    Parameters
    ----------
    spec : ModelSpec
        The model; its file is not read.
    """
    if not location(spec).is_file():
        return "missing"
    return "bundled" if spec.bundled else "ready"


def provenance(spec: ModelSpec) -> str:
    """Return a sentence that says what a model's file is checked against.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    """
    if spec.wheel and location(spec).name == spec.wheel.file:
        return f"Half-precision weights of {spec.wheel}; checked against {spec.wheel.tensors}."
    if spec.digest:
        return f"Checked against the published {spec.digest}."
    recorded = _expected_digest(spec, location(spec))
    if recorded:
        return f"No digest is published; checked against the first download, {recorded}."
    return "No digest is published, so it is not checked."


def verify(spec: ModelSpec, path: Path) -> str:
    """Check size and SHA-256 of a model's file, and return the digest; an unchanged file is hashed once a process.

    Where no digest is published, the file must be the one that was downloaded first (see `download`).

    Parameters
    ----------
    spec : ModelSpec
        The model.
    path : Path
        Its file.

    Returns
    -------
    str
        ``"sha256:..."`` of the file.

    Raises
    ------
    WeightsCorrupt
        If it is another file, which is not deleted.
    """
    if spec.bundled:
        bundled.check(path)
    state = path.stat()
    official = spec.wheel is None or path.name != spec.wheel.file
    if official and spec.size not in (None, state.st_size):
        raise WeightsCorrupt(advice.wrong(spec, path, f"{spec.size} bytes", f"{state.st_size} bytes"))
    digest = _sha256(path, state.st_mtime_ns, state.st_size)
    expected = _expected_digest(spec, path)
    if expected and digest != expected:
        raise WeightsCorrupt(advice.wrong(spec, path, expected, digest))
    return digest


def read_state(path: Path, spec: ModelSpec) -> dict[str, Any]:
    """Verify a model's file and return its tensors, with the keys of the network's definition.

    Parameters
    ----------
    path : Path
        A safetensors file, or one written by `torch.save`.
    spec : ModelSpec
        Digest, wrappers, prefix and ignored keys.

    Returns
    -------
    dict of str to torch.Tensor
        On the CPU, without the wrapper, the prefix and the ignored keys.

    Raises
    ------
    WeightsCorrupt
        If it is not the right file, is damaged, or holds anything but plain data.
    CheckpointMismatch
        If it does not hold a state dict.
    PackageMissing
        If torch is not installed.
    """
    verify(spec, path)
    require_full(spec.title)
    content = checkpoint.unwrap(checkpoint.read(path), spec.wrappers, path)
    named = {key.removeprefix(spec.prefix): tensor for key, tensor in content.items()}
    return {
        key: tensor for key, tensor in named.items() if not any(fnmatchcase(key, pattern) for pattern in spec.ignored)
    }


def download(spec: ModelSpec, progress: Progress | None = None) -> Path:
    """Download a model's file from the first source that delivers the right one, and return its path.

    Where no digest is published, the file must be a readable checkpoint; its digest is recorded in ``FILE.sha256``
    beside it, and until it is removed only that file is accepted: trust on first use.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    progress : callable, optional
        Called with the bytes so far and in all (0 if unknown). It may raise to stop.

    Returns
    -------
    Path
        The file, which appears whole and verified, or not at all. If it exists already, nothing is downloaded.

    Raises
    ------
    DownloadFailed
        If no source delivers it; the text has the reason of each, and how to get the file by hand.
    PackageMissing
        If no digest is known, so that the file must be read, and torch is not installed.
    """
    if not spec.sources:
        msg = f"Expected a model with a download address, got {spec.title}, which has none. Choose another."
        raise DownloadFailed(msg)
    target = location(spec)
    with suppress(OSError, WeightsCorrupt):
        verify(spec, target)
        return target
    if _expected_digest(spec, target) is None:
        require_full(f"{spec.title} has no published digest, so its download is read to be checked, which")
    sources: tuple[str | Wheel, ...] = spec.sources if spec.wheel is None else (*spec.sources, spec.wheel)
    reasons = []
    for source in sources * ROUNDS:
        try:
            return _fetch(spec, source, progress)
        except ModelError as error:
            reasons.append(f"{source}: {error}")
        except OSError as error:
            reasons.append(f"{target.parent}: {error.strerror}")
    listed = "\n".join(dict.fromkeys(reasons))
    by_hand = f"get {spec.file} from {spec.page} and put it into {folder()}"
    msg = f"{spec.title} could not be downloaded.\n{listed}\nTry again, or {by_hand}."
    raise DownloadFailed(msg)


def remove(spec: ModelSpec) -> None:
    """Delete a downloaded model's file.

    Parameters
    ----------
    spec : ModelSpec
        A model of tier ``"official"``.

    Raises
    ------
    ModelError
        If the model is not a downloaded one; nothing else is deleted.
    WeightsMissing
        If it does not exist.
    """
    if spec.tier != "official":
        msg = f"Expected a downloaded model, got {spec.title}. Nothing was deleted."
        raise ModelError(msg)
    _record(location(spec)).unlink(missing_ok=True)
    find(spec).unlink()


def _fetch(spec: ModelSpec, source: str | Wheel, progress: Progress | None) -> Path:
    """Download into a folder beside the target, check, move into place, and delete the model's other file."""
    target = folder() / (source.file if isinstance(source, Wheel) else spec.file)
    expected = _expected_digest(spec, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(target.parent) as temporary:
        arrived = temporary / target.name
        if isinstance(source, Wheel):
            wheel.fetch(source, arrived, progress=progress)
        else:
            fetch(source, arrived, size=spec.size, progress=progress)
        digest = pooch.file_hash(str(arrived))
        if expected is None:
            read_state(arrived, spec)  # an HTML error page is not a checkpoint
            _record(target).write_text(f"{digest}  {target.name}\n")
        elif f"sha256:{digest}" != expected:
            msg = f"expected a file with {expected}, got one with sha256:{digest}"
            raise DownloadFailed(msg)
        arrived.replace(target)
    for other in set(_places(spec)) - {target}:
        other.unlink(missing_ok=True)
    return target


def _places(spec: ModelSpec) -> list[Path]:
    """Return where a model's file may be, the preferred place first."""
    files = [spec.file] if spec.wheel is None else [spec.file, spec.wheel.file]
    return [(BUNDLED if spec.bundled else folder()) / file for file in files]


@lru_cache(maxsize=256)
def _sha256(path: Path, _changed: int, _size: int) -> str:
    return f"sha256:{pooch.file_hash(str(path))}"


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _expected_digest(spec: ModelSpec, path: Path) -> str | None:
    if spec.wheel and path.name == spec.wheel.file:
        return spec.wheel.tensors
    record = _record(path)
    if spec.digest or not record.is_file():
        return spec.digest
    return f"sha256:{record.read_text().split()[0]}"
