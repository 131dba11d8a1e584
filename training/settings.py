"""What a training run is asked to do, checked once."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import OptionError
from training.learning import losses, masks, votes

LOSSES = (*losses.NAMES, *votes.NAMES, *masks.NAMES)
"""Names of everything that a network may learn by; a task knows some of them."""


@dataclass(frozen=True)
class Settings:
    """Settings of one training run.

    Raises
    ------
    OptionError
        If a value is out of range, or two contradict each other.
    """

    data: tuple[Path, ...]
    """Folders or tar files of photographs."""
    out: Path
    """Folder for checkpoints."""
    tiers: frozenset[str] = frozenset()
    """Terms of the photographs that may be used, by the manifest; empty takes all."""
    manifest: tuple[Path, ...] = ()
    """CSV files with columns ``file``, ``tier`` and ``origin``."""
    steps: int = 0
    """Stop after so many steps; 0 leaves it to `minutes`."""
    minutes: float = 0.0
    """Stop after so many minutes of training; 0 leaves it to `steps`."""
    batch: int = 16
    """Patches a step."""
    patch: int = 192
    """Side of the clean patch in pixels, a multiple of the scale."""
    pool: int = 0
    """Draw from so many patches made once; 0 makes new ones for ever. Distilling needs a pool."""
    learning_rate: float = 0.006
    """Highest rate of Muon; it falls to 1/100 of it along a cosine."""
    average: float = 0.999
    """Share that the average of weights keeps a step."""
    losses: tuple[tuple[str, float], ...] = (("l1", 1.0),)
    """Names of losses and their weights."""
    rebalance: float = 0.0
    """How far a colorizer counts rare colours more than common ones: see `training.learning.votes.class_weights`."""
    crisp: float = 0.0
    """Strength of an unsharp mask on what the network learns to answer; 0 is the truth as it is."""
    teacher: Path | None = None
    """Safetensors file of the network to distil from."""
    start: Path | None = None
    """Safetensors file to begin with."""
    resume: bool = False
    """Go on from the last checkpoint in `out`."""
    validate_every: int = 250
    """Steps between validations, each of which writes a checkpoint."""
    held_out: int = 8
    """Photographs kept for validation, where `origins` are not."""
    origins: frozenset[str] = frozenset()
    """Origins, by the manifest, all of whose photographs are kept for validation."""
    workers: int = 1
    """Processes that make patches."""
    threads: int = 0
    """Threads of torch; 0 leaves the choice to it."""
    seed: int = 0
    """Decides first weights, patches and damage."""

    def __post_init__(self) -> None:
        unknown = [name for name, _ in self.losses if name not in LOSSES]
        faults = {
            f"losses must be among {', '.join(LOSSES)}, got {', '.join(unknown)}": bool(unknown),
            "give a number of steps or minutes above 0": self.steps <= 0 and self.minutes <= 0,
            "batch must be 1 or more": self.batch < 1,
            "patch must be 16 or more": self.patch < 16,
            "the average must lie in [0, 1)": not 0 <= self.average < 1,
            "rebalance must lie in [0, 1]": not 0 <= self.rebalance <= 1,
            "crisp must lie in [0, 2]": not 0 <= self.crisp <= 2,
            "distilling needs a teacher and a pool": "distill" in dict(self.losses)
            and (self.teacher is None or self.pool < self.batch),
        }
        for msg, found in faults.items():
            if found:
                raise OptionError(msg)
