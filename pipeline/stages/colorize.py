"""Colorize: a network guesses the chroma; the photograph keeps its own luminance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import cv2
import numpy as np

from models import catalog
from models.catalog import ModelSpec
from pipeline.arrays import Image, Plane
from pipeline.context import Context
from pipeline.methods.guided import guided_upsample
from pipeline.methods.hints import Hint, parse, spread
from pipeline.methods.lab import from_lab, to_lab
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure, glance
from pipeline.methods.settle import settled
from pipeline.notices import Notice
from pipeline.options import choice, number, switch, text
from pipeline.stage import Finding, Part, Stage, points_on_part

_TONED_ABOVE = 4.0
"""Mean distance from grey, in ab, of a print that was toned."""


_MODELS = catalog.for_task("colorize")

_SHARE = r"(0|1|0?\.\d+|1\.0+)"
_HINT = rf"{_SHARE},{_SHARE},#[0-9A-Fa-f]{{6}}"
_HINT_REACH = 1
"""Working pixels around a hint that are given its colour."""

_EDGE = 6.0
"""Steps of L within a few working pixels that count as an edge, where colours may end."""

_SMOOTHNESS, _STEP = 3.0, 4.0
"""How much alike colours become between edges of L, and the step of L that is an edge."""

_LEAST_TRUST = 0.05
"""Weight of a colour that is quite uncertain: it follows its neighbours."""

_RELIABLE, _SUGGESTED_FROM = 0.6, 0.25
"""Certainty from which a colour counts as reliable, and the share of such colours from which on Colorize is suggested.
Where it was smaller, the colours of photographs that were not trained on were no nearer to the truth than grey."""

_TINY = np.float32(1e-3)

_WARM = np.array([4.0, 12.0], np.float32)
"""What the greatest warmth adds to a and b in the middle tones."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Colours(Finding):
    """Colours that a network predicts."""

    ab: Image
    """CIE a and b, shape (h, w, 2), smaller than the picture."""


@dataclass(frozen=True)
class Colorize(Stage):
    """Colour a black-and-white or toned photograph.

    All models take the luminance at a small size and answer with ab, which is enlarged along the edges of the
    photograph; L is the photograph's own. The bundled network runs twice, the second time on the mirrored photograph:
    where both answers agree and its classes have one hue, ab is certain. Uncertain ab is damped, then follows what
    surrounds it up to the next edge. ECCV16 (Zhang, Isola and Efros, "Colorful Image Colorization", 2016) and the
    bundled network predict a distribution over classes of colour; SIGGRAPH17 (Zhang et al., "Real-Time User-Guided
    Image Colorization", 2017) also follows hints. After the other networks, hints are spread up to the next edges.
    """

    name: ClassVar[str] = "colorize"
    summary: ClassVar[str] = "guesses the colours of a black-and-white photograph"
    cost: ClassVar[float] = 1.0
    by_whole: ClassVar[bool] = True
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
        1.0, low=0, high=1, step=0.05, help="how strongly to desaturate uncertain areas (bundled network only)"
    )
    hints: str = text(
        "",
        rf"({_HINT}( {_HINT})*)?",
        form="X,Y,#RRGGBB X,Y,#RRGGBB and so on, with X and Y from 0 (left, top) to 1",
        help="colours at places; each colours what it lies on",
    )
    always: bool = switch(False, help="colour even a photograph that has colours already")

    @property
    def guesses(self) -> str:
        return "colours"

    def network(self) -> ModelSpec:
        return catalog.get(self.model)

    def on_part(self, part: Part) -> "Colorize":
        return replace(self, hints=points_on_part(self.hints, part))

    def examine(self, image: Image, context: Context) -> Finding:
        colour = colour_measure(image)
        figures = {"colour": colour, "limit": COLOURED_ABOVE}
        if colour > COLOURED_ABOVE and not self.always:
            return Finding(act=False, notices=(Notice("colorize-skipped", self.name, **figures),))
        context.advance(0.0)
        ab, reliable = self._guess(image, context)
        if colour > COLOURED_ABOVE or reliable < _SUGGESTED_FROM:
            return Colours(ab=ab)
        percent = {"share": 100 * reliable, "least": 100 * _SUGGESTED_FROM}
        return Colours(ab=ab, suggestion=Notice(_suggestion(image), self.name, **figures, **percent))

    def apply(self, image: Image, finding: Colours, context: Context) -> Image:
        context.advance(0.5)
        lab = to_lab(image)
        luminance = np.ascontiguousarray(lab[..., 0])
        lab[..., 1:] = guided_upsample(finding.ab * np.float32(self.saturation), luminance, edge=_EDGE)
        if self.warmth:
            middle = luminance * (100 - luminance) / 2500  # paper stays white, and shadows black
            lab[..., 1:] += middle[..., None] * _WARM * np.float32(self.warmth)
        return from_lab(lab)

    def _guess(self, image: Image, context: Context) -> tuple[Image, float]:
        """Return ab, shape (h, w, 2), smaller than the picture, and the share of them that is reliable."""
        spec = self.network()
        network = context.engine.network(spec, cancelled=context.cancelled)
        small = cv2.resize(image, _working_size(image, spec), interpolation=cv2.INTER_AREA)
        luminance = np.ascontiguousarray(to_lab(small)[..., 0])
        given, hints = luminance[None, None], parse(self.hints)
        if "hints" in spec.takes:
            given = np.concatenate([given, _hint_channels(hints, *luminance.shape)], axis=1)
            hints = []  # the network follows them
        answer = network.run(given, context.cancelled)[0].transpose(1, 2, 0).copy()  # a second run overwrites it
        if answer.shape[2] == 2:  # an official network's answer has no confidence
            small = cv2.resize(luminance, answer.shape[1::-1], interpolation=cv2.INTER_AREA)
            return spread(answer, small, hints), 0.0
        mirrored = network.run(np.ascontiguousarray(given[..., ::-1]), context.cancelled)[0]
        ab, reliable = self._agreed(answer, mirrored.transpose(1, 2, 0)[:, ::-1], luminance)
        return spread(ab, luminance, hints), reliable

    def _agreed(self, answer: Image, mirrored: Image, luminance: Plane) -> tuple[Image, float]:
        """Return the ab of two answers, settled at the size of the luminance, and the share that is reliable."""
        mean = (answer + mirrored) / 2
        ab = mean[..., :2]
        chroma, apart = (np.linalg.norm(x, axis=2) for x in (ab, (answer - mirrored)[..., :2] / 2))
        trust = mean[..., 2] * chroma / (chroma + apart + _TINY)
        damped = ab * (1 - np.float32(self.damping) * (1 - trust[..., None]))
        size = luminance.shape[::-1]
        wide, weight = (cv2.resize(x, size, interpolation=cv2.INTER_LINEAR) for x in (damped, trust**2))
        even = settled(wide, weight + np.float32(_LEAST_TRUST), luminance, smoothness=_SMOOTHNESS, edge=_STEP)
        return even, float((trust > _RELIABLE).mean())


def _suggestion(image: Image) -> str:
    """Return the code of the suggestion for a photograph without colours of its own, by its tint."""
    a, b = glance(image)[:, 1:].mean(axis=0)
    if math.hypot(a, b) <= _TONED_ABOVE:
        return "colorize-suggested"
    return "colorize-suggested-sepia" if b > abs(a) else "colorize-suggested-toned"


def _working_size(image: Image, spec: ModelSpec) -> tuple[int, int]:
    """Return width and height of about the working area, in the photograph's proportions."""
    height, width = image.shape[:2]
    factor = spec.working_side / math.sqrt(height * width)
    fitted = [
        max(round(side * factor / spec.multiple), spec.minimum // spec.multiple) * spec.multiple
        for side in (width, height)
    ]
    return fitted[0], fitted[1]


def _hint_channels(hints: Sequence[Hint], height: int, width: int) -> Image:
    """Return a, b and mask of the hints, shape (1, 3, height, width)."""
    channels = np.zeros((3, height, width), np.float32)
    for hint in hints:
        row, column = hint.place(height, width)
        rows = slice(max(row - _HINT_REACH, 0), row + _HINT_REACH + 1)
        columns = slice(max(column - _HINT_REACH, 0), column + _HINT_REACH + 1)
        channels[:, rows, columns] = np.array([*hint.ab, 1.0], np.float32)[:, None, None]
    return channels[None]
