"""Fill holes by Stable Diffusion, where diffusers is installed and a person has its weights: an extra, best on CUDA.

References
----------
.. [1] R. Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022; its inpainting
   networks take the picture around the hole and a text.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.errors import CheckpointMismatch, InferenceFailed, WeightsCorrupt
from models.packages import require_diffusers

Array = NDArray[np.float32]

SIDE = 512
"""Longer side, in pixels, of the pictures that these networks know best; others are brought to it."""
STEPS = 30
"""Steps from noise to picture, by the sampler that comes with the weights."""
SEED = 0
"""The same photograph is filled in the same way every time."""
_MULTIPLE = 8


def is_one(path: Path) -> bool:
    """Say whether a path is a folder that diffusers has written."""
    return (path / "model_index.json").is_file()


def fill(
    folder: Path,
    image: Array,
    mask: NDArray[np.bool_],
    *,
    prompt: str,
    device: str,
    tell: Callable[[float], None] = lambda fraction: None,
) -> Array:
    """Fill the holes of a picture.

    Parameters
    ----------
    folder : Path
        An inpainting pipeline as diffusers stores it; nothing is downloaded.
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    mask : ndarray of bool, shape (H, W)
        True in the holes.
    prompt : str
        What to put there; may be empty.
    device : {"cpu", "cuda"}
        On a CPU it takes minutes.
    tell : callable
        Told after every step how far it is, in [0, 1]; what it raises ends the work.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; outside the holes it is not the picture exactly.

    Raises
    ------
    PackageMissing
        If torch or diffusers is not installed.
    WeightsCorrupt, CheckpointMismatch
        If the folder cannot be read, or holds another pipeline.
    InferenceFailed
        If the pipeline's safety filter holds its answer back.
    """
    pipeline = _load(folder, device)

    import torch

    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = [max(round(side * scale / _MULTIPLE), 1) * _MULTIPLE for side in (width, height)]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    hole = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0

    def after_step(_pipeline: Any, step: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
        tell((step + 1) / STEPS)
        return kept

    answer = pipeline(
        prompt=prompt,
        image=np.clip(small, 0, 1)[None],
        mask_image=hole.astype(np.float32)[None],
        width=size[0],
        height=size[1],
        num_inference_steps=STEPS,
        generator=torch.Generator(device).manual_seed(SEED),
        callback_on_step_end=after_step,
        output_type="np",
    )
    if getattr(answer, "nsfw_content_detected", None) not in (None, [False]):  # the picture is black then
        msg = f"Expected a fill from {folder}, but its safety filter held it back. Choose another filler or prompt."
        raise InferenceFailed(msg)
    made = np.asarray(answer.images[0], np.float32)
    return np.clip(cv2.resize(made, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


@lru_cache(maxsize=1)
def _load(folder: Path, device: str) -> Any:
    require_diffusers(str(folder))
    import torch
    from diffusers import AutoPipelineForInpainting

    loader: Any = AutoPipelineForInpainting  # it comes without types
    try:
        pipeline = loader.from_pretrained(
            folder,
            local_files_only=True,
            dtype=torch.float16 if device == "cuda" else torch.float32,
        )
    except ValueError as error:
        msg = f"Expected an inpainting pipeline in {folder}, got another ({error}). Choose a folder that fills holes."
        raise CheckpointMismatch(msg) from error
    except (OSError, RuntimeError, KeyError) as error:
        msg = f"Expected a pipeline that diffusers has written in {folder}, got none ({error}). Copy the whole folder."
        raise WeightsCorrupt(msg) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)
