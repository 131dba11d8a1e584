"""A person's own models: files of any architecture that is recognised, read by path."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.catalog import get
from models.errors import CheckpointMismatch
from models.families import FILLER_TAKES, bundled_detector, bundled_restorer
from models.files import weights
from models.spec import PIPELINE, ModelSpec, Part, Task

FOLDER = "own"
"""Folder of a person's own model files, in that of downloaded ones."""

OWN_SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")
"""Suffixes of files that may hold the tensors of a person's own model."""

State = Mapping[str, Any]
"""The tensors of a file, by key."""

_WRAPPERS = ("params_ema", "params-ema", "params", "model_state_dict", "state_dict", "model_state", "model", "net")
_UNET_TAKES: tuple[tuple[Part, ...], ...] = (("photo",), ("photo", "guess"), FILLER_TAKES)
"""What U-Nets of one, two and three pictures take."""


def find(name: str) -> ModelSpec:
    """Return a model by its id, or the one in a person's own file.

    Parameters
    ----------
    name : str
        An id; the path of a file that ends in one of `OWN_SUFFIXES`; or the path of a filler: an ``.onnx`` file, or a
        folder that diffusers wrote.

    Raises
    ------
    ModelError
        As `get` and `from_file` do.
    """
    path = Path(name).expanduser()
    if (path / PIPELINE).is_file():
        return replace(_spec(path / PIPELINE), title=path.name, **_FILLER)
    if path.suffix.lower() == ".onnx":
        return replace(_spec(path), **_FILLER)
    return from_file(path) if is_file(name) else get(name)


def from_file(path: str | Path) -> ModelSpec:
    """Return the spec of a person's own upscaler, restorer, damage detector or filler; reads the file.

    Parameters
    ----------
    path : str or Path
        A file of any architecture that spandrel knows, a restorer or detector that ``python -m training`` made, or the
        scratch detector of "Bringing Old Photos Back to Life". Its origin is not checked.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If there is no file, or it holds more than tensors.
    CheckpointMismatch
        If it is not a network from RGB pictures to RGB pictures.
    PackageMissing
        If torch is not installed.
    """
    file = weights.find(_spec(Path(path).expanduser()))
    return _recognised(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _recognised(file: Path, _changed: int) -> ModelSpec:
    """Return the spec of a file; stages ask for it several times in a run."""
    spec = _spec(file)
    return _described(spec, weights.read_state(file, spec))


def files() -> list[str]:
    """Return the paths of a person's own model files."""
    folder = weights.folder() / FOLDER
    return sorted(str(path) for path in folder.glob("*") if path.suffix.lower() in OWN_SUFFIXES)


def is_file(name: str) -> bool:
    """Return whether an option's value is the path of a model file."""
    return Path(name).suffix.lower() in OWN_SUFFIXES


_FILLER: dict[str, Any] = {"task": "fill", "takes": ("photo", "mask"), "tiling": "never", "half": True, "builder": ""}
"""What fillers in ONNX and of diffusers have in common: they resize pictures themselves."""


def _spec(path: Path) -> ModelSpec:
    """Return what all specs of a person's own files have in common."""
    path = path.resolve()
    return ModelSpec(
        id=f"file:{path.name}",
        title=path.stem,
        task="upscale",
        tier="own",
        builder="models.networks.realesrgan:build",
        file=str(path),
        licence="the file's own",
        paper="",
        wrappers=_WRAPPERS,
    )


def _described(spec: ModelSpec, state: State) -> ModelSpec:
    """Return what the first kind of network that recognises the tensors says of them."""
    from models.networks import damage_detector, lama, realesrgan, scratch_unet, unet  # which import torch

    kinds: tuple[tuple[Any, Callable[..., ModelSpec]], ...] = (
        (unet, _restorer),
        (damage_detector, _detector),
        (scratch_unet, _scratch_detector),
        (lama, _filler),
        (realesrgan, replace),  # every other network that spandrel knows
    )
    for network, describe in kinds:
        if network.detect(state):
            return describe(spec, **network.traits(state))
    msg = (
        f"Expected a network that this project trains or spandrel knows in {spec.file}, got tensors of none "
        f"({', '.join(list(state)[:4])} ...). Choose a file of an architecture that spandrel lists."
    )
    raise CheckpointMismatch(msg)


def _restorer(spec: ModelSpec, *, pictures: int, multiple: int) -> ModelSpec:
    if pictures > len(_UNET_TAKES):
        msg = f"Expected a U-Net that takes up to {len(_UNET_TAKES)} pictures, got one of {pictures}. Choose another."
        raise CheckpointMismatch(msg)
    takes = _UNET_TAKES[pictures - 1]
    task: Task = "fill" if takes is FILLER_TAKES else "denoise"
    return _like(bundled_restorer(spec.id, spec.title, task=task, takes=takes, multiple=multiple), spec)


def _detector(spec: ModelSpec, *, multiple: int) -> ModelSpec:
    return _like(replace(bundled_detector(multiple=multiple), usual=0.0), spec)


def _scratch_detector(spec: ModelSpec, *, multiple: int) -> ModelSpec:
    return replace(_detector(spec, multiple=multiple), builder="models.networks.scratch_unet:build")


def _filler(spec: ModelSpec, *, multiple: int, minimum: int) -> ModelSpec:
    filler = replace(spec, task="fill", builder="models.networks.lama:build", takes=("photo", "mask"))
    return replace(filler, multiple=multiple, minimum=minimum, context=64, tile=512)


def _like(bundled: ModelSpec, spec: ModelSpec) -> ModelSpec:
    """Return a bundled model's spec as that of a person's own file."""
    ours = {name: getattr(spec, name) for name in ("id", "title", "tier", "file", "licence", "paper", "wrappers")}
    return replace(bundled, **ours)
