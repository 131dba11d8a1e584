"""Files that training begins with and leaves behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from models.errors import CheckpointMismatch, WeightsCorrupt, WeightsMissing
from models.networks import blur_estimator, damage_detector, fast_colorizer, srvgg, unet
from training.learning import growth
from training.learning.critic import Adversary

LAST = "last.pt"
"""Name of the checkpoint in a run's folder."""


def load_state(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file as float32.

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If it is not there, or is not such a file.
    """
    if not path.is_file():
        msg = f"expected a safetensors file at {path}, found none: check the path"
        raise WeightsMissing(msg)
    try:
        state = safetensors.torch.load_file(path)
    except safetensors.SafetensorError as error:
        msg = f"expected a safetensors file, but {path} cannot be read ({error}): choose another"
        raise WeightsCorrupt(msg) from error
    return {key: tensor.float() for key, tensor in state.items()}


def begin_from(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Load weights into a network; where only its last layer differs in shape, load the rest.

    So a network for another scale begins with the body of a trained one. It is said aloud. A compact upscaler of fewer
    convolutions, or a U-Net of fewer blocks, is deepened first.

    Raises
    ------
    CheckpointMismatch
        If anything else differs.
    """
    own = network.state_dict()
    if isinstance(network, srvgg.SRVGG) and state.keys() < own.keys():
        state = growth.deepen(srvgg.build(state).state_dict(), network.num_conv)
    if isinstance(network, unet.UNet | damage_detector.DamageClassifier):
        state = growth.add_blocks(state, own)
    last = {key for key in own if key.rpartition(".")[0] == list(own)[-1].rpartition(".")[0]}
    other = {key for key in own if key not in state or state[key].shape != own[key].shape}
    if not other <= last or state.keys() - own.keys():
        wrong = sorted((other - last) | (state.keys() - own.keys()))
        msg = (
            f"the file to begin with does not fit the network; first differences: "
            f"{', '.join(wrong[:5])}: give the size that it was trained with, or another file"
        )
        raise CheckpointMismatch(msg)
    network.load_state_dict({k: v for k, v in state.items() if k not in other}, strict=False)
    if other:
        print(f"begins with weights of chance, as their shape differs: {', '.join(sorted(other))}")


@dataclass
class Run:
    """What a checkpoint holds: all that the next step depends on, and the clock."""

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    adversary: Adversary | None = None
    step: int = 0
    seconds: float = 0

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "adversary": self.adversary.state_dict() if self.adversary else None,
            "step": self.step,
            "seconds": self.seconds,
        }
        partial = path.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go back to a checkpoint.

        Raises
        ------
        WeightsMissing, CheckpointMismatch
            If there is none, or it is that of another network.
        """
        if not path.is_file():
            msg = f"expected a checkpoint to go on from at {path}, found none: begin without --resume"
            raise WeightsMissing(msg)
        state = torch.load(path, weights_only=True)
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.adversary and state["adversary"]:
                self.adversary.load_state_dict(state["adversary"])
        except RuntimeError as error:
            msg = f"{path} holds another network; give the scale and size that it was begun with: {error}"
            raise CheckpointMismatch(msg) from error
        self.step, self.seconds = state["step"], state["seconds"]


def build(state: Mapping[str, Tensor]) -> nn.Module:
    """Make the network that a state dict of ours describes, and load it.

    Raises
    ------
    CheckpointMismatch
        If it describes none of `BUILDERS`.
    """
    make = next((builder for key, builder in BUILDERS.items() if key in state), srvgg.build)
    return make(state)


BUILDERS: Mapping[str, Callable[[Mapping[str, Tensor]], nn.Module]] = MappingProxyType(
    {
        "prior": fast_colorizer.build,
        "head.weight": unet.build,
        "stem.weight": damage_detector.build,
        "layers.0.weight": blur_estimator.build,
    }
)
"""Which network a key betrays, the first that is there; what has none of them is taken for an SRVGG."""
