"""What every stage is: a frozen dataclass of options that turns one picture into another."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.methods.filters import by_strips
from pipeline.options import check


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
