"""What every stage is: a frozen dataclass of options that turns one picture into another."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.engine import Engine
from pipeline.errors import Cancelled
from pipeline.filters import by_strips
from pipeline.notices import Notice
from pipeline.options import check

Image = NDArray[np.float32]
"""RGB, shape (H, W, 3), in [0, 1], sRGB-encoded."""


@dataclass
class Context:
    """What a running stage may use: the engine, and the ways to report, to ask and to stop."""

    engine: Engine
    stage: str = ""
    progress: Callable[[float], None] = lambda fraction: None
    """Takes the share of this stage that is done, in [0, 1]."""

    cancelled: Callable[[], bool] = lambda: False
    notices: list[Notice] = field(default_factory=list)
    reuse: bool = False
    """Whether nobody looks at the stage's input any more, so that its result may take the input's place in memory."""

    def advance(self, fraction: float) -> None:
        """Report progress, and stop here if that was asked.

        Raises
        ------
        Cancelled
            If somebody cancelled the work.
        """
        if self.cancelled():
            msg = "The work was cancelled; the photograph was not changed."
            raise Cancelled(msg)
        self.progress(fraction)

    def portion(self, start: float, stop: float) -> "Context":
        """Return a context for a part of the work, whose progress from 0 to 1 is this one's from `start` to `stop`."""
        return replace(self, progress=lambda fraction: self.progress(start + (stop - start) * fraction))

    def notice(self, code: str, message: str) -> None:
        """Record something that the person should know."""
        self.notices.append(Notice(code, message, self.stage))


@dataclass(frozen=True)
class Stage(ABC):
    """One step of the restoration; its options are checked once, when it is made."""

    name: ClassVar[str]
    """The stage's name on the command line and in settings."""

    summary: ClassVar[str]
    """What the stage does, in a few words."""

    def __post_init__(self) -> None:
        check(self)

    @property
    def guesses(self) -> str:
        """What it makes up that the photograph does not show, such as ``"colours"``; the output says so."""
        return ""

    @abstractmethod
    def apply(self, image: Image, context: Context) -> Image:
        """Return the restored picture; `image` is never written to, unless `context` lets its memory be reused.

        Parameters
        ----------
        image : ndarray of float32, shape (H, W, 3)
            RGB in [0, 1], sRGB-encoded.
        context : Context
            Engine, progress, cancellation, notices, and whether the input is still needed.

        Returns
        -------
        ndarray of float32, shape (H, W, 3)
            Of the same size and range, but for the upscaler. `image` itself where the stage leaves it alone.
        """


class Filter(Stage):
    """A stage so quick, and so local, that it can be run on the part of a picture that somebody looks at."""

    @abstractmethod
    def halo(self, zoom: float = 1.0) -> int:
        """Return how many pixels away it looks, in a picture of `zoom` times the size; 0 if it changes nothing."""

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

    def apply(self, image: Image, context: Context) -> Image:
        """Return the picture, filtered; `image` itself where the options change nothing."""
        if not self.halo():
            return image
        return by_strips(image, self.filter, halo=self.halo(), advance=context.advance, reuse=context.reuse)
