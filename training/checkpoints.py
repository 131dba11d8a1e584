"""Files that training starts from and writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from models.errors import CheckpointMismatch, WeightsMissing
from models.files import atomic
from models.networks import (
    blur_estimator,
    damage_detector,
    face_embedding,
    face_finder,
    fast_colorizer,
    lite_encoder,
    srvgg,
    unet,
)
from training.learning import growth
from training.learning.discriminator import Adversary
from training.learning.norms import folded

LAST = "last.pt"
"""Name of the checkpoint in a run's folder."""
AVERAGE = "average.safetensors"
"""Name of the file beside it with the average of weights alone, in float16: a sixth of the bytes or less."""
EXPORTED = ("temperature", "gain")
"""Tensors that `training.export` adds to a colorizer."""


def begin_from(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load weights into a network; if only its last layer differs in shape, load the other layers and print that.

    So a network for another scale starts from the body of a trained one. A compact upscaler with fewer convolutions or
    features, or a U-Net with fewer blocks, is enlarged first and computes the same. A colorizer also starts from the
    weights of EfficientNet-Lite0, which become its encoder.

    Raises
    ------
    CheckpointMismatch
        If any other layer differs.
    """
    own = network.state_dict()
    state = {key: tensor for key, tensor in state.items() if key not in EXPORTED}
    given = sum(tensor.numel() for tensor in state.values())
    if isinstance(network, srvgg.SRVGG):
        state = growth.deepen(srvgg.build(state).state_dict(), network.num_conv)
        if state.keys() == own.keys():
            state = growth.widen(state, own)
    if isinstance(network, unet.UNet | damage_detector.DamageClassifier):
        state = growth.add_blocks(state, own)
    if lite_encoder.is_official(state):
        state = own | {f"encoder.{key}": tensor for key, tensor in lite_encoder.from_official(state).items()}
    last = {key for key in own if key.rpartition(".")[0] == list(own)[-1].rpartition(".")[0]}
    other = {key for key in own if key not in state or state[key].shape != own[key].shape}
    if not other <= last or state.keys() - own.keys():
        wrong = sorted((other - last) | (state.keys() - own.keys()))
        msg = (
            f"Expected a file with the tensors of this network to start from, got others; first differences: "
            f"{', '.join(wrong[:5])}. Give --features as it was trained with, or choose another file."
        )
        raise CheckpointMismatch(msg)
    network.load_state_dict({k: v for k, v in state.items() if k not in other}, strict=False)
    if given < (grown := sum(tensor.numel() for tensor in state.values())):
        print(f"enlarged from {given:,} parameters to {grown:,}")
    if other:
        print(f"untrained, because their shapes differ from the file's: {', '.join(sorted(other))}")


@dataclass
class Run:
    """The state of a training run, all of which a checkpoint stores."""

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    adversary: Adversary | None = None
    step: int = 0
    seconds: float = 0
    has_norms: bool = False
    """Whether norms of `training.learning.norms.with_norms` are folded in what is written of the average."""

    def save(self, path: Path) -> None:
        """Write a checkpoint, and its average beside it; an interrupted write leaves the previous one in place."""
        finished = (folded(self.average) if self.has_norms else self.average).state_dict()
        state = {
            "network": self.network.state_dict(),
            "average": finished,
            "normed": self.average.state_dict() if self.has_norms else None,
            "optimizer": self.optimizer.state_dict(),
            "adversary": self.adversary.state_dict() if self.adversary else None,
            "step": self.step,
            "seconds": self.seconds,
            "random": torch.get_rng_state(),
        }
        stream = BytesIO()
        torch.save(state, stream)
        atomic.write(path, stream.getvalue())
        average = {key: tensor.half().contiguous() for key, tensor in finished.items()}
        atomic.write(path.with_name(AVERAGE), safetensors.torch.save(average))

    def load(self, path: Path) -> None:
        """Restore the state of a checkpoint.

        Raises
        ------
        WeightsMissing, CheckpointMismatch
            If there is no checkpoint at the path, or it is that of another network.
        """
        if not path.is_file():
            msg = f"Expected a checkpoint to resume from at {path}, found none. Start without --resume."
            raise WeightsMissing(msg)
        state = torch.load(path, weights_only=True, map_location="cpu")
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state.get("normed") or state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.adversary and state["adversary"]:
                self.adversary.load_state_dict(state["adversary"])
        except RuntimeError as error:
            msg = (
                f"Expected a checkpoint of this network in {path}, got another's. "
                "Give that run's scale, --features and --from."
            )
            raise CheckpointMismatch(msg) from error
        self.step, self.seconds = state["step"], state["seconds"]
        torch.set_rng_state(state["random"])


def build(state: Mapping[str, Tensor]) -> nn.Module:
    """Return the network of this project that a state dict belongs to, with its weights.

    Raises
    ------
    CheckpointMismatch
        If it belongs to none of them.
    """
    trained = (fast_colorizer, unet, damage_detector, blur_estimator, face_finder, face_embedding)
    return next((network for network in trained if network.detect(state)), srvgg).build(state)
