"""Write a checkpoint as the files that the studio runs: safetensors and OpenVINO's IR."""

from pathlib import Path

import safetensors.torch
import torch

from models.errors import WeightsCorrupt, WeightsMissing
from models.networks.fast_colorizer import FastColorizer
from models.networks.realesrgan import interpolate
from pipeline.errors import OptionError
from training.checkpoints import build
from training.conversion import to_openvino
from training.weights import load_state


def export(
    checkpoint: Path,
    out: Path,
    *,
    mean_with: Path | None = None,
    share: float = 0.5,
    temperature: float | None = None,
    gain: float | None = None,
) -> list[Path]:
    """Write a trained network as ``OUT.safetensors``, ``OUT.xml`` and ``OUT.bin``.

    The numbers are the average of weights, rounded to float16; the IR (``.xml`` and ``.bin``) uses those in the
    safetensors file (see `training.graph_files`). It computes in float32; its input is ``x``.

    Parameters
    ----------
    checkpoint : Path
        The ``last.pt`` or ``average.safetensors`` of a run.
    out : Path
        Path of the files without suffix.
    mean_with : Path, optional
        Safetensors file of the same network: the mean of both is written, which often keeps the strengths of both
        (M. Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
    share : float
        Weight of the checkpoint in that mean, in (0, 1].
    temperature, gain : float, optional
        Temperature of a colorizer's annealed mean, and factor of its chroma; both above 0.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If there is no checkpoint of `training.loop` at that path.
    CheckpointMismatch
        If `mean_with` holds another network.
    OptionError
        If temperature or gain is not above 0 or the network is no colorizer, or if the share is out of range.
    """
    average = _average(checkpoint)
    if mean_with:
        if not 0 < share <= 1:
            msg = f"Expected a share in (0, 1], got {share:g}. Change --share."
            raise OptionError(msg)
        average = interpolate(average, load_state(mean_with), share)
    state = {key: tensor.half() for key, tensor in average.items()}
    network = build(state)
    for name, value in (("temperature", temperature), ("gain", gain)):
        if value is not None:
            if value <= 0 or not isinstance(network, FastColorizer):
                msg = (
                    f"Expected a colorizer and a {name} above 0, got {type(network).__name__} and {value:g}. "
                    f"Change or remove --{name}."
                )
                raise OptionError(msg)
            setattr(network, name, value)
            state[name] = torch.tensor([value])
    out.parent.mkdir(parents=True, exist_ok=True)
    files = [Path(f"{out}{suffix}") for suffix in (".safetensors", ".xml", ".bin")]
    files[0].write_bytes(safetensors.torch.save(state))  # save_file would let only its owner read it
    from training import graph_files

    graph_files.write(to_openvino(network), files[1])
    return files


def _average(checkpoint: Path) -> dict[str, torch.Tensor]:
    if not checkpoint.is_file():
        msg = f"Expected a checkpoint at {checkpoint}, found none. Give the last.pt of a run."
        raise WeightsMissing(msg)
    if checkpoint.suffix == ".safetensors":
        return load_state(checkpoint)
    content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if "average" not in content:
        msg = (
            f"Expected a checkpoint of a training run, got {checkpoint}, which has no average of weights. "
            "Give the last.pt of a run."
        )
        raise WeightsCorrupt(msg)
    return content["average"]
