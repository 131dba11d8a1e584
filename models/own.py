"""A person's own models: files of any architecture that is recognised, read by path."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from models.catalog import get
from models.families import fast_detector, fast_restorer
from models.files import weights
from models.spec import ModelSpec

FOLDER = "own"
"""Folder of a person's own model files, in that of downloaded ones."""


OWN_SUFFIXES = (".pth", ".pt", ".ckpt", ".safetensors")
"""Endings of files that may hold a person's own model."""
_OWN_WRAPPERS = ("params_ema", "params-ema", "params", "model_state_dict", "state_dict", "model_state", "model", "net")


def find(name: str) -> ModelSpec:
    """Return a model by its id, or the one in a person's own file.

    Parameters
    ----------
    name : str
        An id, or the path of a file that ends in one of `OWN_SUFFIXES`.

    Raises
    ------
    ModelError
        As `get` and `from_file` do.
    """
    return from_file(name) if Path(name).suffix.lower() in OWN_SUFFIXES else get(name)


def from_file(path: str | Path) -> ModelSpec:
    """Return the spec of a person's own upscaler, restorer, damage detector or filler; reads the file.

    Parameters
    ----------
    path : str or Path
        A file of any architecture that spandrel knows, a restorer or detector that ``python -m training`` made, or the
        scratch detector of "Bringing Old Photos Back to Life". Nothing vouches for it but its owner.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If there is no file, or it holds more than tensors.
    CheckpointMismatch
        If it is not a network from RGB pictures to RGB pictures.
    PackageMissing
        If torch is not installed.
    """
    path = Path(path).expanduser().resolve()
    spec = ModelSpec(
        id=f"file:{path.name}",
        title=path.stem,
        task="upscale",
        tier="own",
        builder="models.networks.realesrgan:build",
        file=str(path),
        licence="the file's own",
        paper="",
        wrappers=_OWN_WRAPPERS,
    )
    state = weights.read_state(weights.find(spec), spec)
    from models.networks import damage_detector, lama, realesrgan, scratch_unet, unet  # which import torch

    if unet.detect(state):
        traits = unet.traits(state)
        ours = fast_restorer(spec.id, spec.title, task="fill" if traits["pictures"] == 3 else "denoise", **traits)
        return replace(ours, tier="own", file=spec.file, licence=spec.licence, paper="", wrappers=_OWN_WRAPPERS)
    if damage_detector.detect(state):
        found = fast_detector(**damage_detector.traits(state))
        return replace(spec, task="detect", builder=found.builder, **_sizes(found))
    if scratch_unet.detect(state):
        found = fast_detector(**scratch_unet.traits(state))
        return replace(spec, task="detect", builder="models.networks.scratch_unet:build", **_sizes(found))
    if lama.detect(state):
        filler = replace(spec, task="fill", builder="models.networks.lama:build", channels=4)
        return replace(filler, **lama.traits(state), context=64, tile=512)
    return replace(spec, **realesrgan.traits(state))


def _sizes(spec: ModelSpec) -> dict[str, Any]:
    """Return what pictures a spec's network takes, and how they are split."""
    names = ("multiple", "minimum", "context", "tile", "tiling", "half")
    return {name: getattr(spec, name) for name in names}


def files() -> list[str]:
    """Return the paths of a person's own model files."""
    folder = weights.folder() / FOLDER
    return sorted(str(path) for path in folder.glob("*") if path.suffix.lower() in OWN_SUFFIXES)


def is_file(name: str) -> bool:
    """Say whether an option's value is the path of a model file."""
    return Path(name).suffix.lower() in OWN_SUFFIXES
