"""Settings of training runs, checked once."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import OptionError
from training.learning import colour_classes, losses, masks

LOSSES = (*losses.NAMES, *colour_classes.NAMES, *masks.NAMES)
"""Names of all losses; each task supports some of them."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast a network is trained, and where the run begins and ends.

    Raises
    ------
    OptionError
        If a value is out of range, or two contradict each other.
    """

    out: Path
    """Folder for checkpoints."""
    steps: int = 0
    """Stop after this many steps; 0 means that `minutes` decides."""
    minutes: float = 0.0
    """Stop after this many minutes of training; 0 means that `steps` decides."""
    batch: int = 16
    """Pictures in one step."""
    learning_rate: float = 0.006
    """Highest learning rate, which suits Muon; it decays to 1/100 along a cosine."""
    average: float = 0.999
    """Decay of the average of weights: the share that it keeps in one step."""
    start: Path | None = None
    """File with the weights to start from."""
    resume: bool = False
    """Resume from the last checkpoint in `out`."""
    validate_every: int = 250
    """Steps between validations, each of which writes a checkpoint."""
    workers: int = 1
    """Processes that make pictures."""
    threads: int = 0
    """Threads of torch; 0 is torch's own choice."""
    seed: int = 0
    """Seed of the first weights, the pictures and the damage."""

    def __post_init__(self) -> None:
        for msg, found in self._faults().items():
            if found:
                raise OptionError(msg)

    def _faults(self) -> dict[str, bool]:
        """Return what may be wrong, and whether it is."""
        return {
            "Expected steps or minutes above 0, got neither. Give --steps or --minutes.": self.steps <= 0
            and self.minutes <= 0,
            f"Expected a batch of 1 or more, got {self.batch}. Change --batch.": self.batch < 1,
            f"Expected an average in [0, 1), got {self.average:g}. Change --average.": not 0 <= self.average < 1,
        }


@dataclass(frozen=True, kw_only=True)
class Settings(Schedule):
    """Settings of a run that trains the network of a task on photographs."""

    data: tuple[Path, ...]
    """Folders or tar files of photographs."""
    tiers: frozenset[str] = frozenset()
    """Tiers of the photographs to use, as the manifest spells them; empty uses all."""
    manifest: tuple[Path, ...] = ()
    """CSV files with columns ``file``, ``tier`` and ``origin``."""
    patch: int = 192
    """Side of the clean patch in pixels, a multiple of the scale."""
    pool: int = 0
    """Draw from this many patches made once; 0 makes new ones all the time. A teacher needs a pool."""
    losses: tuple[tuple[str, float], ...] = (("l1", 1.0),)
    """Names of losses and their weights."""
    rebalance: float = 0.0
    """Extra weight of rare colours in a colorizer's loss: see `training.learning.colour_classes.class_weights`."""
    vgg16: Path | None = None
    """File of VGG16's weights for the perceptual loss."""
    teacher: Path | None = None
    """File of the upscaler to distil from: its answers become the goals of damaged patches."""
    recogniser: Path | None = None
    """ONNX file of a network that recognises people, for the identity loss of faces."""
    shapes: Path | None = None
    """Tar file with the shapes of real damage for the detector: see `training.damage.shapes`."""
    held_out: int = 8
    """Number of photographs kept for validation, where `origins` is empty."""
    origins: frozenset[str] = frozenset()
    """Origins, as the manifest spells them, whose photographs are all kept for validation."""

    def _faults(self) -> dict[str, bool]:
        unknown = [name for name, _ in self.losses if name not in LOSSES]
        return super()._faults() | {
            f"Expected losses out of {', '.join(LOSSES)}, got {', '.join(unknown)}. Change --losses.": bool(unknown),
            f"Expected a patch of 16 pixels or more, got {self.patch}. Change --patch.": self.patch < 16,
            f"Expected rebalance in [0, 1], got {self.rebalance:g}. Change --rebalance.": not 0 <= self.rebalance <= 1,
            "Expected a file of VGG16's weights for the perceptual loss. Give --vgg16.": (
                "perceptual" in dict(self.losses) and self.vgg16 is None
            ),
            "Expected a pool of at least one batch for a teacher's answers. Give --pool.": (
                self.teacher is not None and self.pool < self.batch
            ),
        }
