"""What every stage is: a frozen dataclass of options that examines a picture, then changes it."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from models.spec import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.filters import by_strips
from pipeline.notices import Notice
from pipeline.options import check, is_file, rules

Part = tuple[float, float, float, float]
"""Left, top, width and height of a part, as shares of the picture."""

Tier = Literal["bundled", "official"]
"""Which networks to use: the bundled ones, or the official ones."""


@dataclass(frozen=True)
class Finding:
    """What a stage decides about a picture before it changes anything."""

    act: bool = True
    """Whether the stage has something to do."""

    notices: tuple[Notice, ...] = ()
    """What to report to a person who asked for the stage, such as why it leaves the picture alone."""

    suggestion: Notice | None = None
    """Why a person who did not ask for the stage may want it; None where it is not recommended."""

    sure: bool = False
    """Whether the suggestion is certain, and the stage so safe, that the page follows it unasked."""


@dataclass(frozen=True)
class Stage(ABC):
    """One step of the restoration; its options are checked once, when it is made."""

    name: ClassVar[str]
    """The stage's name on the command line and in settings."""

    summary: ClassVar[str]
    """What the stage does, in a few words."""

    cost: ClassVar[float]
    """First guess of its time with the default model, in seconds a megapixel of its input, on two cores."""

    on_request: ClassVar[bool] = False
    """Whether simple mode runs the stage only where a person asks for it."""

    takes_mask: ClassVar[bool] = False
    """Whether the stage uses the mask that a person drew."""

    looks_behind: ClassVar[str] = ""
    """Name of an earlier stage whose input this stage needs too, as `Context.before`."""

    by_whole: ClassVar[bool] = False
    """Whether it decides by its whole input, so that a part restored alone may come out otherwise."""

    official: ClassVar[str] = ""
    """Id of the official model of the stage that is best, where it has one."""

    def __post_init__(self) -> None:
        check(self)

    @property
    def method(self) -> str:
        """The model or method that the options choose, by name or path; empty where there is no choice."""
        return str(getattr(self, "model", ""))

    @property
    def chosen(self) -> str:
        """The options as text; of a file the name only, since its folder is private."""
        values = {name: value for name, value in asdict(self).items() if value != ""}
        for name, rule in rules(self).items():
            if name in values and is_file(rule, values[name]):
                values[name] = Path(values[name]).name
        return ", ".join(f"{name} {value}" for name, value in values.items())

    @property
    def filter_of_view(self) -> "Filter | None":
        """The stage as a filter that can be run on the part being viewed; None if it needs the whole picture."""
        return None

    @property
    def enlarges(self) -> float:
        """Factor by which the sides of the picture grow."""
        return 1.0

    @property
    def guesses(self) -> str:
        """What the stage invents that the photograph does not show, such as ``"colours"``; the output states it."""
        return ""

    def network(self) -> ModelSpec | None:
        """Return the network that the options choose; None where the stage needs none.

        Raises
        ------
        ModelError
            If it is a file of one's own that cannot be read.
        """
        return None

    def at_tier(self, tier: Tier) -> Self:
        """Return the stage with the best model that a tier has for it."""
        options: dict[str, Any] = {"model": self.official}
        return replace(self, **options) if tier == "official" and self.official else self

    def insisting(self) -> Self | None:
        """Return the stage so that it acts whatever it finds; None where it already does, or cannot."""
        options: dict[str, Any] = {"always": True}
        return replace(self, **options) if getattr(self, "always", True) is False else None

    def on_part(self, part: Part) -> Self:
        """Return the stage for a part of its picture: what its options say of places is moved there."""
        return self

    @abstractmethod
    def examine(self, image: Image, context: Context) -> Finding:
        """Decide what to do about a picture, without changing it.

        Parameters
        ----------
        image : ndarray of float32, shape (H, W, 3)
            RGB in [0, 1], sRGB-encoded.
        context : Context
            Engine, progress, cancellation, and the mask that a person drew.

        Returns
        -------
        Finding
            Or a subclass, with what `apply` needs.
        """

    def run(self, image: Image, context: Context) -> Image:
        """Examine a picture, then apply the stage; return `image` itself where it is left alone."""
        finding = self.examine(image, context)
        context.notices += finding.notices
        return self.apply(image, finding, context) if finding.act else image

    @abstractmethod
    def apply(self, image: Image, finding: Any, context: Context) -> Image:
        """Return the restored picture; `image` is never written to, unless `context` lets its memory be reused.

        Parameters
        ----------
        image : ndarray of float32, shape (H, W, 3)
            RGB in [0, 1], sRGB-encoded.
        finding : Finding
            What `examine` decided about this picture: to act.
        context : Context
            Engine, progress, cancellation, notices, and whether the input is still needed.

        Returns
        -------
        ndarray of float32, shape (H, W, 3)
            Of the same range, `enlarges` times the size.
        """


def points_on_part(points: str, part: Part) -> str:
    """Return points such as ``"X,Y,0.5 X,Y,1"``, whose first two values are shares, for a part; others are omitted."""
    left, top, width, height = part
    kept = []
    for point in points.split():
        x, y, rest = point.split(",", 2)
        across, down = (float(x) - left) / width, (float(y) - top) / height
        if 0 <= across <= 1 and 0 <= down <= 1:
            kept.append(f"{across:.4f},{down:.4f},{rest}")
    return " ".join(kept)


class Filter(Stage):
    """A stage so quick, and so local, that it can be run on the part of a picture that is being viewed."""

    @abstractmethod
    def halo(self, zoom: float = 1.0) -> int:
        """Return the reach of the filter in pixels, in a picture of `zoom` times the size; 0 if it changes nothing."""

    @abstractmethod
    def filter(self, image: Image, zoom: float = 1.0) -> Image:
        """Return a new picture, filtered.

        Parameters
        ----------
        image : ndarray of float32, shape (H, W, 3)
            RGB in [0, 1].
        zoom : float
            Its size relative to the picture that the options are meant for.
        """

    @property
    def filter_of_view(self) -> "Filter":
        """The stage itself."""
        return self

    def examine(self, image: Image, context: Context) -> Finding:
        """Act where the options change something."""
        return Finding(act=self.halo() > 0)

    def apply(self, image: Image, finding: Finding, context: Context) -> Image:
        """Return the picture, filtered."""
        return by_strips(image, self.filter, halo=self.halo(), advance=context.advance, reuse=context.reuse)
