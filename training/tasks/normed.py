"""What the finder and the embedding of faces have in common: norms while they are trained, and AdamW.

References
----------
.. [1] I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", ICLR 2019: AdamW. With batch norms, and the
   small batches of a CPU, its clipped steps are the ones that were tried; Muon's were not.
"""

import torch
from torch import nn

from training import loop
from training.checkpoints import Run, begin_from
from training.learning.norms import with_norms
from training.settings import Schedule
from training.weights import load_state

DECAY = 1e-2
"""Weight decay."""
LONGEST = 5.0
"""Length of the gradient above which it is clipped."""


def begin(network: nn.Module, bare: tuple[str, ...], schedule: Schedule) -> Run:
    """Return a run of a network with norms or, where the schedule names weights to start from, without.

    Those weights have no norms any more, and need none.

    Parameters
    ----------
    network : nn.Module
        Untrained.
    bare : tuple of str
        What the names of layers without norms begin with.
    schedule : Schedule

    Raises
    ------
    WeightsMissing, WeightsCorrupt
        If there is no file to start from, or it cannot be read.
    CheckpointMismatch
        If it holds another network.
    """
    if schedule.start:
        begin_from(network, load_state(schedule.start))
    else:
        network = with_norms(network, bare)
    network = network.to(loop.device(schedule)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=schedule.learning_rate, weight_decay=DECAY)
    optimizer.register_step_pre_hook(lambda *_: clip(network))
    return loop.begin(network, optimizer, schedule, has_norms=True)


def clip(network: nn.Module) -> None:
    """Shorten the gradient of a network to `LONGEST`."""
    nn.utils.clip_grad_norm_(network.parameters(), LONGEST)
