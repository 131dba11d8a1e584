"""Colorize: a network guesses the chroma; the photograph keeps its own luminance."""

import math
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from models import catalog
from models.catalog import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.guided import guided_upsample
from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure, glance
from pipeline.notices import Notice
from pipeline.options import choice, number, switch, text
from pipeline.stage import Finding, Stage

_TONED_ABOVE = 4.0
"""Mean distance from grey, in ab, of a print that was toned."""


_MODELS = catalog.for_task("colorize")

_SHARE = r"(0|1|0?\.\d+|1\.0+)"
_HINT = rf"{_SHARE},{_SHARE},#[0-9A-Fa-f]{{6}}"
_HINT_REACH = 1
"""Working pixels around a hint that are given its colour."""

_EDGE = 6.0
"""Steps of L within a few working pixels that count as an edge, where colours may end."""

_WARM = np.array([4.0, 12.0], np.float32)
"""What the greatest warmth adds to a and b in the middle tones."""


@dataclass(frozen=True)
class Colorize(Stage):
    """Colour a black-and-white or toned photograph.

    All models take the luminance at a small size and answer with ab, which is enlarged along the edges of the
    photograph; L is the photograph's own. ECCV16 (Zhang, Isola and Efros, "Colorful Image Colorization", 2016) and the
    bundled network predict a distribution over classes of colour; SIGGRAPH17 (Zhang et al., "Real-Time User-Guided
    Image Colorization", 2017) also follows hints.
    """

    name: ClassVar[str] = "colorize"
    summary: ClassVar[str] = "guesses the colours of a black-and-white photograph"
    cost: ClassVar[float] = 1.0
    on_request: ClassVar[bool] = True
    official: ClassVar[str] = "siggraph17"

    model: str = choice(
        _MODELS[0].id,
        [spec.id for spec in _MODELS],
        help="network that guesses the colours",
    )
    saturation: float = number(1.0, low=0, high=2, step=0.05, help="chroma, as a factor; 0 is black and white")
    warmth: float = number(0.0, low=-1, high=1, step=0.05, help="above 0 towards orange, below towards blue")
    damping: float = number(
        0.5, low=0, high=1, step=0.05, help="how strongly to desaturate uncertain areas (bundled network only)"
    )
    hints: str = text(
        "",
        rf"({_HINT}( {_HINT})*)?",
        form="X,Y,#RRGGBB X,Y,#RRGGBB and so on, with X and Y from 0 (left, top) to 1",
        help="colours at places, for siggraph17",
    )
    always: bool = switch(False, help="colour even a photograph that has colours already")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.hints and "hints" not in catalog.get(self.model).takes:
            takers = ", ".join(spec.id for spec in _MODELS if "hints" in spec.takes)
            msg = f"Colorize.hints need a model that takes them ({takers}), not {self.model}."
            raise OptionError(msg)

    @property
    def guesses(self) -> str:
        return "colours"

    def network(self) -> ModelSpec:
        return catalog.get(self.model)

    def examine(self, image: Image, context: Context) -> Finding:
        colour = colour_measure(image)
        figures = {"colour": colour, "limit": COLOURED_ABOVE}
        if colour <= COLOURED_ABOVE:
            return Finding(suggestion=Notice(_suggestion(image), self.name, **figures))
        if self.always:
            return Finding()
        return Finding(act=False, notices=(Notice("colorize-skipped", self.name, **figures),))

    def apply(self, image: Image, finding: Finding, context: Context) -> Image:
        context.advance(0.0)
        lab = to_lab(image)
        luminance = np.ascontiguousarray(lab[..., 0])
        ab = self._guess(luminance, context) * np.float32(self.saturation)
        context.advance(0.5)
        lab[..., 1:] = guided_upsample(ab, luminance, edge=_EDGE)
        if self.warmth:
            middle = luminance * (100 - luminance) / 2500  # paper stays white, and shadows black
            lab[..., 1:] += middle[..., None] * _WARM * np.float32(self.warmth)
        return from_lab(lab)

    def _guess(self, luminance: Image, context: Context) -> Image:
        """Return ab, shape (h, w, 2), at the size in which the network answers."""
        spec = self.network()
        network = context.engine.network(spec, cancelled=context.cancelled)
        small = cv2.resize(luminance, _working_size(luminance, spec), interpolation=cv2.INTER_AREA)[None, None]
        if "hints" in spec.takes:
            small = np.concatenate([small, _hint_channels(self.hints, *small.shape[2:])], axis=1)
        answer = network.run(np.ascontiguousarray(small, np.float32), context.cancelled)[0].transpose(1, 2, 0)
        ab, confidence = answer[..., :2], answer[..., 2:]
        if confidence.size:
            ab = ab * (1 - np.float32(self.damping) * (1 - confidence))
        return np.ascontiguousarray(ab)


def _suggestion(image: Image) -> str:
    """Return the code of the suggestion for a photograph without colours of its own, by its tint."""
    a, b = glance(image)[:, 1:].mean(axis=0)
    if math.hypot(a, b) <= _TONED_ABOVE:
        return "colorize-suggested"
    return "colorize-suggested-sepia" if b > abs(a) else "colorize-suggested-toned"


def _working_size(luminance: Image, spec: ModelSpec) -> tuple[int, int]:
    """Return width and height of about the working area, in the photograph's proportions."""
    height, width = luminance.shape
    factor = spec.working_side / math.sqrt(height * width)
    fitted = [
        max(round(side * factor / spec.multiple), spec.minimum // spec.multiple) * spec.multiple
        for side in (width, height)
    ]
    return fitted[0], fitted[1]


def _hint_channels(hints: str, height: int, width: int) -> Image:
    """Return a, b and mask of the hints, shape (1, 3, height, width)."""
    channels = np.zeros((3, height, width), np.float32)
    for hint in hints.split():
        x, y, colour = hint.split(",")
        column, row = int(float(x) * (width - 1) + 0.5), int(float(y) * (height - 1) + 0.5)
        rgb = np.array([[list(bytes.fromhex(colour[1:]))]], np.float32) / np.float32(255)
        rows = slice(max(row - _HINT_REACH, 0), row + _HINT_REACH + 1)
        columns = slice(max(column - _HINT_REACH, 0), column + _HINT_REACH + 1)
        channels[:, rows, columns] = np.array([*to_lab(rgb)[0, 0, 1:], 1.0], np.float32)[:, None, None]
    return channels[None]
