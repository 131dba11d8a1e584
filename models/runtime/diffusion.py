"""Fill holes by Stable Diffusion, where diffusers is installed and a person has its weights: an extra, best on CUDA.

References
----------
.. [1] R. Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022; its inpainting
   networks take the picture around the hole and a text.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from models.errors import Cancelled, CheckpointMismatch, InferenceFailed, WeightsCorrupt
from models.files import weights
from models.packages import require_diffusers
from models.runtime.network import Array, Device, Precision
from models.spec import ModelSpec

SIDE = 512
"""Longer side, in pixels, of the pictures that these networks were trained on; others are resized to it."""
STEPS = 30
"""Steps from noise to picture, by the sampler that comes with the weights."""
SEED = 0
"""The same photograph is filled in the same way every time."""
_MULTIPLE = 8


class DiffusionFiller:
    """An inpainting pipeline of diffusers; see `models.runtime.network.PromptedNetwork`."""

    def __init__(self, spec: ModelSpec, pipeline: Any, device: Device, precision: Precision) -> None:
        self.spec = spec
        self.device = device
        self.precision = precision
        self._pipeline = pipeline

    def run(
        self,
        x: Array,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        prompt: str = "",
        progress: Callable[[float], None] = lambda fraction: None,
    ) -> Array:
        """Return the filled picture, RGB in [0, 1]; outside the holes it is not the picture exactly.

        Parameters
        ----------
        x : ndarray of float32, shape (1, 4, H, W)
            Photo and mask.
        cancelled : callable
            Asked after every step.
        prompt, progress
            As `PromptedNetwork.run` takes them.

        Raises
        ------
        Cancelled
            Soon after `cancelled` returns true.
        InferenceFailed
            If the pipeline's safety filter withholds its output.
        """
        import torch

        image, mask = x[0, :3].transpose(1, 2, 0), x[0, 3]
        height, width = image.shape[:2]
        scale = SIDE / max(height, width)
        size = [max(round(side * scale / _MULTIPLE), 1) * _MULTIPLE for side in (width, height)]
        kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small = cv2.resize(np.ascontiguousarray(image), size, interpolation=kind)
        hole = cv2.resize(np.ascontiguousarray(mask), size, interpolation=cv2.INTER_LINEAR) > 0

        def after_step(_pipeline: Any, step: int, _time: Any, kept: dict[str, Any]) -> dict[str, Any]:
            if cancelled():
                msg = "The work was cancelled while a network ran."
                raise Cancelled(msg)
            progress((step + 1) / STEPS)
            return kept

        answer = self._pipeline(
            prompt=prompt,
            image=np.clip(small, 0, 1)[None],
            mask_image=hole.astype(np.float32)[None],
            width=size[0],
            height=size[1],
            num_inference_steps=STEPS,
            generator=torch.Generator(self.device).manual_seed(SEED),
            callback_on_step_end=after_step,
            output_type="np",
        )
        if getattr(answer, "nsfw_content_detected", None) not in (None, [False]):  # the picture is black then
            msg = f"The safety filter of {self.spec.title} withheld its output. Choose another filler or prompt."
            raise InferenceFailed(msg)
        made = cv2.resize(np.asarray(answer.images[0], np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
        return np.clip(made, 0, 1).transpose(2, 0, 1)[None]

    def rest(self) -> None:
        """Do nothing: the pipeline keeps no inference buffers."""


def load(spec: ModelSpec, device: Device, precision: Precision) -> DiffusionFiller:
    """Return the inpainting pipeline in a folder that diffusers wrote, ready to run; nothing is downloaded.

    On a CPU it computes in float32 and takes minutes; on a card in float16, unless float32 is asked for.

    Raises
    ------
    PackageMissing
        If torch or diffusers is not installed.
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If the folder is not there, cannot be read, or holds another pipeline.
    """
    folder = weights.find(spec).parent
    require_diffusers(f"Stable Diffusion in {folder}")
    import torch
    from diffusers import AutoPipelineForInpainting

    used: Precision = "float16" if device == "cuda" and precision != "float32" else "float32"
    loader: Any = AutoPipelineForInpainting  # it comes without types
    try:
        pipeline = loader.from_pretrained(folder, local_files_only=True, dtype=getattr(torch, used))
    except ValueError as error:
        msg = f"Expected an inpainting pipeline in {folder}, got another pipeline. Choose a folder that fills holes."
        raise CheckpointMismatch(msg) from error
    except (OSError, RuntimeError, KeyError) as error:
        msg = f"Expected a pipeline that diffusers wrote in {folder}, got damaged or missing files. Copy it as a whole."
        raise WeightsCorrupt(msg) from error
    pipeline.set_progress_bar_config(disable=True)
    return DiffusionFiller(spec, pipeline.to(device), device, used)
