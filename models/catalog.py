"""Every model as data: what it does, where its file comes from, and what its inputs must be.

Adding a model is one `ModelSpec` in `MODELS` and, where no definition fits, one file in ``models/networks``.
"""

from dataclasses import replace
from difflib import get_close_matches

from models.errors import ModelError
from models.families import (
    DESCREENER_TAKES,
    FILLER_TAKES,
    also_in_wheel,
    bundled_colorizer,
    bundled_detector,
    bundled_face_restorer,
    bundled_restorer,
    bundled_upscaler,
    colorizer,
    deblurgan,
    face_restorer,
    real_esrgan,
    yunet,
)
from models.spec import ModelSpec, Task

__all__ = ["MODELS", "ModelSpec", "Task", "for_task", "get"]


def get(model_id: str) -> ModelSpec:
    """Return a model by its id.

    Parameters
    ----------
    model_id : str
        Such as ``"realesrgan-x4plus"``.

    Raises
    ------
    ModelError
        If there is none; the text names ids of similar spelling.

    Examples
    --------
    >>> get("fast-x4").scale
    4
    """
    known = {spec.id: spec for spec in MODELS}
    if model_id not in known:
        near = get_close_matches(model_id, known, n=3, cutoff=0.4) or list(known)
        msg = f"Expected the id of a model, got {model_id!r}. Did you mean {' or '.join(near)}?"
        raise ModelError(msg)
    return known[model_id]


def for_task(task: Task) -> tuple[ModelSpec, ...]:
    """Return the models for a task, bundled ones first.

    Parameters
    ----------
    task : Task
        What they do.
    """
    return tuple(spec for spec in MODELS if spec.task == task)


_GFPGAN_PAPER = "X. Wang et al., GFPGAN, CVPR 2021"
_GFPGAN_TERMS = "Apache-2.0, parts non-commercial"
"""Its LICENSE names StyleGAN2 (NVIDIA, non-commercial) and DFDNet (CC BY-NC-SA 4.0)."""

MODELS: tuple[ModelSpec, ...] = (
    bundled_upscaler("fast-x4", "Upscaler x4", scale=4, convolutions=26, partner="fast-x4-faithful"),
    bundled_upscaler("fast-x4-faithful", "Upscaler x4, faithful", scale=4, convolutions=26),
    bundled_upscaler("fast-x2", "Upscaler x2", scale=2, convolutions=22),
    bundled_restorer("fast-x1", "Upscaler, same size", task="upscale"),
    bundled_restorer("fast-denoise", "Denoiser", task="denoise", tile=768),  # it has twice the depth of the others
    bundled_restorer("fast-deblur", "Deblurrer", task="deblur", takes=("photo", "guess")),
    bundled_restorer("fast-descreen", "Descreener", task="descreen", takes=DESCREENER_TAKES),
    ModelSpec(
        id="fast-blur",
        title="Blur estimator",
        task="estimate",
        tier="bundled",
        builder="models.networks.blur_estimator:build",
        file="fast-blur.safetensors",
        licence="MIT",
        paper="trained by this project; after M. Cannon, Blind Deconvolution of Spatially Invariant Image Blurs, 1976",
        takes=("spectrum",),
        tiling="never",
    ),
    bundled_detector(),
    bundled_restorer("fast-fill", "Filler", task="fill", takes=FILLER_TAKES),
    ModelSpec(
        id="fast-finder",
        title="Face finder",
        task="find",
        tier="bundled",
        builder="models.networks.face_finder:build",
        file="fast-finder.safetensors",
        licence="MIT",
        paper="trained by this project; after W. Wu et al., YuNet, 2023, and Z. Tian et al., FCOS, ICCV 2019",
        multiple=32,  # the stride of its coarsest map
        minimum=32,
        tiling="never",
        half=True,
    ),
    ModelSpec(
        id="fast-embedding",
        title="Face embedding",
        task="identify",
        tier="bundled",
        builder="models.networks.face_embedding:build",
        file="fast-embedding.safetensors",
        licence="MIT",
        paper="trained by this project; after S. Chen et al., MobileFaceNets, CCBR 2018",
        multiple=112,  # it takes faces of this side alone
        minimum=112,
        tiling="never",
    ),
    bundled_face_restorer(),
    also_in_wheel(
        replace(
            real_esrgan(
                "realesrgan-x4plus",
                "Real-ESRGAN x4plus",
                path="v0.1.0/RealESRGAN_x4plus.pth",
                pin=(67_040_989, "4fa0d38905f75ac06eb49a7951b426670021be3018265fd191d2125df9d682f1"),
            ),
            pace=430,
        ),
        "realesrgan-x4plus",
        blocks=23,
        tensors="6a244e42f147496c94e1132d5dd8054bdfdde304e83de086854777d28a89a57d",
    ),
    real_esrgan(
        "realesrgan-x2plus",
        "Real-ESRGAN x2plus",
        path="v0.2.1/RealESRGAN_x2plus.pth",
        pin=(67_061_725, "49fafd45f8fd7aa8d31ab2a22d14d91b536c34494a5cfe31eb5d89c2fa266abb"),
        scale=2,
    ),
    real_esrgan(
        "realesr-general-x4v3",
        "Real-ESRGAN general x4 v3",
        path="v0.2.5.0/realesr-general-x4v3.pth",
        pin=(4_885_111, "8dc7edb9ac80ccdc30c3a5dca6616509367f05fbc184ad95b731f05bece96292"),
        reach=34,
        partner="realesr-general-wdn-x4v3",
    ),
    real_esrgan(
        "realesr-general-wdn-x4v3",
        "Real-ESRGAN general x4 v3, weak denoising",
        path="v0.2.5.0/realesr-general-wdn-x4v3.pth",
        pin=(4_885_111, "1641f8c4464b9f097c9fdda5589273713f67cf59f3d909e0bd688f0cee269dca"),
        reach=34,
    ),
    also_in_wheel(
        real_esrgan(
            "realesrgan-x4plus-anime-6b",
            "Real-ESRGAN x4plus anime",
            path="v0.2.2.4/RealESRGAN_x4plus_anime_6B.pth",
            pin=(17_938_799, "f872d837d3c90ed2e05227bed711af5671a6fd1c9f7d7e91c911a61f155e99da"),
        ),
        "realesrgan-x4plus-anime",
        blocks=6,
        tensors="d6c2a9fe28e32c04c89bae92396733f2a0a44ceb95664bd764de37afb8aa6c73",
    ),
    real_esrgan(
        "realesr-animevideov3",
        "Real-ESRGAN anime video v3",
        path="v0.2.5.0/realesr-animevideov3.pth",
        pin=(2_504_012, "b8a8376811077954d82ca3fcf476f1ac3da3e8a68a4f4d71363008000a18b75d"),
        reach=18,
    ),
    deblurgan(
        "mobilenet",
        "DeblurGAN-v2 MobileNet",
        drive="1JhnT4BBeKBBSLqTo6UsJ13HeBXevarrU",
        minimum=64,
        encoder="features",
        pin=(13_505_344, "6d1b6d9807da3ae8987021c063a5cb6ca0131e76388cdb5164404ee1b1bf522b"),
    ),
    deblurgan(
        "inception",
        "DeblurGAN-v2 Inception",
        drive="1UXcsRVW-6KF23_TNzxw-xC0SzaMfXOaR",
        minimum=128,
        encoder="inception",
        pin=(None, None),  # not published
    ),
    bundled_colorizer(),
    colorizer(
        "siggraph17",
        "Real-Time User-Guided Colorization",
        "R. Zhang et al., Real-Time User-Guided Image Colorization, SIGGRAPH 2017",
        file="siggraph17-df00044c.pth",
        pin=(136_787_426, "df00044c0a4d7c3edcecf6f75437ce346a66e7a42612d9b968e1a7e17dbc6f66"),
        takes=("luminance", "hints"),
        mirrors=(
            "https://storage.openvinotoolkit.org/repositories/open_model_zoo/public/2022.1/"
            "colorization-siggraph/siggraph17-df00044c.pth",
        ),
    ),
    colorizer(
        "eccv16",
        "Colorful Image Colorization",
        "R. Zhang et al., Colorful Image Colorization, ECCV 2016",
        file="colorization_release_v2-9b330a0b.pth",
        pin=(128_976_165, "9b330a0bae53f4ded77b1e23defbf78beaa09c10ebc4c4999e8e4f4a160b93f9"),
    ),
    face_restorer(
        "gfpgan-1.4",
        "GFPGAN 1.4",
        _GFPGAN_PAPER,
        path="v1.3.0/GFPGANv1.4.pth",
        pin=(348_632_874, "e2cd4703ab14f4d01fd1383a8a8b266f9a5833dacee8e6a79d3bf21a1b6be5ad"),
        licence=_GFPGAN_TERMS,
    ),
    face_restorer(
        "gfpgan-1.3",
        "GFPGAN 1.3",
        _GFPGAN_PAPER,
        path="v1.3.0/GFPGANv1.3.pth",
        pin=(348_632_874, "c953a88f2727c85c3d9ae72e2bd4846bbaf59fe6972ad94130e23e7017524a70"),
        licence=_GFPGAN_TERMS,
    ),
    face_restorer(
        "restoreformer",
        "RestoreFormer",
        "Z. Wang et al., RestoreFormer, CVPR 2022",
        path="v1.3.4/RestoreFormer.pth",
        pin=(290_785_322, "07404d446d62ca3d5ed38b1de09a947a1e77d46dbccec961a74d713a8f24ace0"),
        licence="Apache-2.0",
    ),
    yunet(),
)
"""All models, in the order in which the page lists them."""
