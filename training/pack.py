"""Gather what a training run needs into one small folder, to carry to a machine with a CUDA card."""

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from PIL import Image as Pictures
from torch import Tensor

from pipeline.arrays import Image8
from pipeline.errors import OptionError
from training.data import Photograph, read_photographs
from training.learning.perceptual import needed
from training.weights import STEP, load_state

TEACHER, VGG16, PHOTOGRAPHS = "teacher.safetensors", "vgg16.safetensors", "photographs.tar"
"""Names of the files in the folder."""
MARGIN = 1.5
"""Side of the squares that are cut from photographs, in patches; training reduces some of what it cuts."""
QUALITY = 88
"""Of the photographs as WebP."""
MEGABYTE = 1_000_000


def pack(
    data: Sequence[Path],
    out: Path,
    *,
    megabytes: float,
    patch: int,
    teacher: Path | None = None,
    vgg16: Path | None = None,
    bits: int = 16,
) -> int:
    """Write photographs, a teacher and VGG16 into a folder, and return the number of photographs.

    Parameters
    ----------
    data : sequence of Path
        Folders or tar files of photographs. Each gives the same share of the bytes, from photographs drawn at random.
    out : Path
        The folder; its files are replaced.
    megabytes : float
        Most that all files may take together. Photographs fill what the networks leave.
    patch : int
        Side in pixels of the patches to train on; smaller photographs are left out.
    teacher, vgg16 : Path, optional
        Files of the two networks; of VGG16 only the convolutions that the perceptual loss uses are kept.
    bits : {16, 8}
        Bits of a weight. With 8, each filter has its own step; the answers of RealESRGAN_x4plus then have a PSNR
        of 38 to 41 dB against those of its own weights.

    Raises
    ------
    OptionError
        If no photograph fits, or none is found.
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If a network cannot be read.
    """
    networks = {name: load_state(path) for name, path in ((TEACHER, teacher), (VGG16, vgg16)) if path}
    if vgg16:
        networks[VGG16] = needed(networks[VGG16])
    files = {name: safetensors.torch.save(_small(state, bits)) for name, state in networks.items()}
    left = int(megabytes * MEGABYTE) - sum(map(len, files.values())) - tarfile.RECORDSIZE
    chosen = [
        item for source in data for item in _chosen(read_photographs(source, side=patch), patch, left // len(data))
    ]
    if not chosen:
        msg = f"Expected room for photographs beside the networks in {megabytes:g} MB, got none. Raise --megabytes."
        raise OptionError(msg)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    with tarfile.open(out / PHOTOGRAPHS, "w") as archive:
        for number, content in enumerate(chosen):
            entry = tarfile.TarInfo(f"{number:05}.webp")
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return len(chosen)


def _chosen(photographs: list[Photograph], patch: int, most: int) -> Iterator[bytes]:
    """Yield squares of random photographs as WebP, until their entries in a tar file would take more than `most`."""
    rng = np.random.default_rng(0)
    for index in rng.permutation(len(photographs)):
        content = _webp(photographs[index].pixels, round(MARGIN * patch), rng)
        most -= tarfile.BLOCKSIZE + -(-len(content) // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
        if most < 0:
            return
        yield content


def _webp(pixels: Image8, side: int, rng: np.random.Generator) -> bytes:
    top, left = (int(rng.integers(max(0, length - side) + 1)) for length in pixels.shape[:2])
    stream = BytesIO()
    square = np.ascontiguousarray(pixels[top : top + side, left : left + side])
    Pictures.fromarray(square).save(stream, "WEBP", quality=QUALITY, method=6)
    return stream.getvalue()


def _small(state: Mapping[str, Tensor], bits: int) -> dict[str, Tensor]:
    """Return tensors in float16 or, with 8 bits, kernels as integers and the steps that `load_state` multiplies by."""
    small: dict[str, Tensor] = {}
    for key, tensor in state.items():
        if bits == 8 and tensor.ndim == 4 and tensor.shape[0] > 1:
            step = (tensor.abs().amax((1, 2, 3), keepdim=True) / 127).clamp_min(1e-8)
            small |= {key: (tensor / step).round().to(torch.int8), key + STEP: step}
        else:
            small[key] = tensor.half().contiguous()
    return small
