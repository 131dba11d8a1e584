"""The files behind the catalog: where they are, whether they are the right ones, and how to get them.

Files of official models lie in one folder: ``STUDIO_MODELS`` if that is set, else the user's cache. Nothing is ever
downloaded unasked, and nothing is read that could hold code.
"""

import os
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import pooch

from models.errors import DownloadFailed, ModelError, WeightsCorrupt, WeightsMissing
from models.files import checkpoint
from models.files.transfer import Progress, fetch, unfinished
from models.packages import require_full
from models.spec import ModelSpec

Status = Literal["bundled", "ready", "missing"]

BUNDLED = Path(__file__).parents[1] / "bundled"
"""Folder of the models in the box."""

ROUNDS = 2
"""How often each source is tried."""


def folder() -> Path:
    """Return the folder of downloaded models, which may not exist yet."""
    return Path(os.environ.get("STUDIO_MODELS") or pooch.os_cache("restoration-studio")).expanduser()


def location(spec: ModelSpec) -> Path:
    """Return where a model's file belongs, whether it is there or not.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    """
    return (BUNDLED if spec.bundled else folder()) / spec.file


def graph(spec: ModelSpec) -> Path:
    """Return the OpenVINO file of a model in the box, which runs without torch.

    Parameters
    ----------
    spec : ModelSpec
        A bundled model.

    Raises
    ------
    WeightsMissing
        If the installation lacks it.
    """
    return find(spec).with_suffix(".xml")


def find(spec: ModelSpec) -> Path:
    """Return a model's file.

    Parameters
    ----------
    spec : ModelSpec
        The model.

    Raises
    ------
    WeightsMissing
        If it is not there; the text names the ways to get it.
    """
    path = location(spec)
    if not path.is_file():
        raise WeightsMissing(_how_to_get(spec, path))
    return path


def status(spec: ModelSpec) -> Status:
    """Return whether a model can run on this machine as it is.

    Parameters
    ----------
    spec : ModelSpec
        The model; its file is not read.
    """
    if not location(spec).is_file():
        return "missing"
    return "bundled" if spec.bundled else "ready"


def provenance(spec: ModelSpec) -> str:
    """Return a sentence on what a model's file is checked against.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    """
    if spec.digest:
        return f"Checked against the published {spec.digest}."
    recorded = _expected_digest(spec, location(spec))
    if recorded:
        return f"No digest of the original is known; checked against what was downloaded first, {recorded}."
    return "No digest is known to check it against."


def verify(spec: ModelSpec, path: Path) -> str:
    """Check size and SHA-256 of a model's file; the latter once per process and state of the file.

    Where the catalog knows no digest, the file must still be the one that was downloaded first (see `download`).

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
        If it is another file. It is left where it is.
    """
    state = path.stat()
    if spec.size is not None and state.st_size != spec.size:
        raise WeightsCorrupt(_refusal(spec, path, f"{spec.size} bytes", f"{state.st_size} bytes"))
    digest = _sha256(path, state.st_mtime_ns, state.st_size)
    expected = _expected_digest(spec, path)
    if expected and digest != expected:
        raise WeightsCorrupt(_refusal(spec, path, expected, digest))
    return digest


def read_state(path: Path, spec: ModelSpec) -> dict[str, Any]:
    """Verify a model's file and return its tensors, in the network's own dialect.

    Parameters
    ----------
    path : Path
        A safetensors file, or what `torch.save` wrote.
    spec : ModelSpec
        What to check, to unwrap and to leave out.

    Returns
    -------
    dict of str to torch.Tensor
        On the CPU, without the wrapper, the prefix and the ignored keys.

    Raises
    ------
    WeightsCorrupt
        If it is not the right file, is damaged, or holds anything beside plain data.
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
    """Fetch a model's file from the first source that delivers the right one, and put it in place.

    Where no digest is published, the file must read as a checkpoint; its digest is then recorded beside it, in
    ``FILE.sha256``, and until it is removed only that very file is accepted: trust on first use.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    progress : callable, optional
        Called with the bytes so far and in all (0 if nobody knows). It may raise to stop.

    Returns
    -------
    Path
        The file; it appears there whole and verified, or not at all. If it is there already, nothing is fetched.

    Raises
    ------
    DownloadFailed
        If no source delivers it; the text has each one's reason, and how to do it by hand.
    PackageMissing
        If no digest is known, so that the file must be read, and torch is not installed.
    """
    if not spec.sources:
        msg = f"Expected a model that is downloaded, got {spec.title}, which has no source. Nothing to do."
        raise DownloadFailed(msg)
    target = location(spec)
    with suppress(FileNotFoundError, WeightsCorrupt):
        verify(spec, target)
        return target
    if _expected_digest(spec, target) is None:
        require_full(f"{spec.title} has no published digest, so its download is read to be checked, which")
    reasons = []
    for url in spec.sources * ROUNDS:
        try:
            _fetch(spec, url, target, progress)
        except (OSError, ValueError, ModelError) as error:
            reasons.append(f"{url}: {error}")
        else:
            return target
    told = "\n".join(dict.fromkeys(reasons))
    by_hand = f"get {spec.file} from {spec.page} and put it into {folder()}"
    msg = f"{spec.title} could not be downloaded.\n{told}\nTry again, or {by_hand}."
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
        If the file is not a downloaded one: the studio deletes nothing else.
    WeightsMissing
        If it is not there.
    """
    if spec.tier != "official":
        msg = f"Expected a downloaded model, got {spec.title}, which is not one. Nothing was deleted."
        raise ModelError(msg)
    _record(location(spec)).unlink(missing_ok=True)
    find(spec).unlink()


def _fetch(spec: ModelSpec, url: str, target: Path, progress: Progress | None) -> None:
    """Download into a folder beside the target, check, then move into place."""
    digest = _expected_digest(spec, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with unfinished(target.parent) as temporary:
        arrived = fetch(url, temporary, spec.file, digest=digest, size=spec.size, progress=progress)
        if digest is None:
            read_state(arrived, spec)  # a server's page of apologies is no checkpoint
            _record(target).write_text(f"{pooch.file_hash(str(arrived))}  {target.name}\n")
        arrived.replace(target)


@lru_cache(maxsize=256)
def _sha256(path: Path, _changed: int, _size: int) -> str:
    return f"sha256:{pooch.file_hash(str(path))}"


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _expected_digest(spec: ModelSpec, path: Path) -> str | None:
    record = _record(path)
    if spec.digest or not record.is_file():
        return spec.digest
    return f"sha256:{record.read_text().split()[0]}"


def _refusal(spec: ModelSpec, path: Path, expected: str, got: str) -> str:
    return (
        f"{path} is not the file of {spec.title}: expected {expected}, got {got}. It was left there, unused. "
        f"`python -m pipeline models download {spec.id}` replaces it."
    )


def _how_to_get(spec: ModelSpec, path: Path) -> str:
    if spec.tier == "own":
        return f"Expected a model's file at {path}, got nothing there. Check the path."
    if spec.bundled:
        return f"Expected the bundled {spec.title} at {path}, got nothing there. Install the studio again."
    return (
        f"{spec.title} is not on this machine. Download it with `python -m pipeline models download {spec.id}`, put "
        f"{spec.file} into {folder()}, set STUDIO_MODELS to the folder that has it, or choose a bundled model."
    )
