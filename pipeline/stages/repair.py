"""Repair: finds scratches, dust, folds and tears, and fills them from what surrounds them."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from models.spec import ModelSpec
from pipeline.arrays import Image, Mask
from pipeline.context import Context
from pipeline.methods import infrared, inpainting
from pipeline.methods.detection import DETECTORS, detector, grow, likelihood
from pipeline.methods.margins import margins
from pipeline.notices import Notice
from pipeline.options import choice, line, number
from pipeline.stage import Finding, Stage

_WORTH_A_WORD = 0.01
"""Part of a photograph, found damaged by a network, from which repair is suggested."""
_MANY, _MANY_WORTH = 100, 0.002
"""Places from which on a smaller part is enough: specks all over a print, not one thing taken for damage."""
_TOO_SMALL_TO_TELL = 40_000
"""In a picture of fewer pixels, a thumbnail, whiskers and rims are as thin as scratches."""
_CLEAR, _MOSTLY = 0.9, 0.3
"""Likelihood of clear damage, and its share of all damage from which the finding is sure; folds of cloth and strands of
hair that pass for damage have half as much."""

_SPECKS = 3
"""Places on film from which repair is suggested where the scanner's infrared channel shows them."""

_BY_HAND, _BY_INFRARED, _DETECTED = "repair-filled-by-hand", "infrared-filled", "repair-filled"

_FINDING = 0.4
"""Part of the work that finding takes; filling takes the rest."""


@dataclass(frozen=True, eq=False)
class Damage(Finding):
    """Where a picture is damaged."""

    mask: Mask | None = None
    """What is to be filled; None where the stage does not act."""

    by_hand: bool = False
    """Whether a person marked it."""


@dataclass(frozen=True, eq=False)
class _Marks:
    """How likely each pixel is damaged, and who says so."""

    likely: Image
    filled: str
    """Code of the notice that it was filled."""

    clean: str = "repair-skipped"
    """Code of the notice that there is none."""

    notices: tuple[Notice, ...] = ()

    @property
    def by_hand(self) -> bool:
        return self.filled == _BY_HAND

    @property
    def by_infrared(self) -> bool:
        return self.filled == _BY_INFRARED


@dataclass(frozen=True)
class Repair(Stage):
    """Repair a damaged print.

    The damage that a detector finds, or a person marks, is widened a little, since the edge of a scratch is soft, and
    filled; every other pixel stays as it is, to the bit. Margins and torn corners stay too, unless a person marks them.
    Where a detector found the damage, the bundled filler uses what shows through it; where a person marked it, the
    filler looks around it only, as they may want an object removed. Where the file has a scanner's infrared channel in
    which film is transparent, that takes the detector's place. The stage follows denoise, since grain hides damage.
    """

    name: ClassVar[str] = "repair"
    summary: ClassVar[str] = "fills scratches, dust, folds and tears"
    cost: ClassVar[float] = 1.0
    by_whole: ClassVar[bool] = True
    on_request: ClassVar[bool] = True
    takes_mask: ClassVar[bool] = True

    model: str = choice(
        DETECTORS[0],
        DETECTORS,
        open=True,
        help="detector: classical needs no network",
    )
    sensitivity: float = number(0.5, low=0.05, high=0.95, step=0.05, help="higher marks more as damage")
    grow: float = number(1, low=0, high=10, step=1.0, help="pixels by which the mask is widened")
    filler: str = choice(
        inpainting.AUTO,
        [inpainting.AUTO, *inpainting.CLASSICAL],
        open=True,
        help="auto is the bundled network; LaMa, MI-GAN (.onnx, .pth, .safetensors) or a folder with Stable "
        "Diffusion by their path",
    )
    prompt: str = line("TEXT", help="what to put into wide holes, for Stable Diffusion")

    @property
    def guesses(self) -> str:
        """Large networks invent a filling; the bundled one and the classical methods extend what is there."""
        return "" if self.filler in (inpainting.AUTO, *inpainting.CLASSICAL) else "fillings"

    def network(self) -> ModelSpec | None:
        return detector(self.model)

    def examine(self, image: Image, context: Context) -> Damage:
        context.advance(0.0)
        marks = self._marks(image, context)
        by_hand, told = marks.by_hand, marks.notices
        found = marks.likely > 1 - self.sensitivity
        mask = grow(found, round(self.grow))
        if mask.all() and not by_hand:
            return Damage(act=False, notices=(*told, Notice("repair-all", self.name)))
        ends = np.zeros_like(mask) if by_hand else margins(mask)
        left = (Notice("repair-margins", self.name, share=float(ends.mean())),) if ends.any() else ()
        mask = mask & ~ends
        if not mask.any():
            return Damage(act=False, notices=(*told, Notice(marks.clean, self.name), *left))
        count, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
        done = Notice(marks.filled, self.name, share=float(mask.mean()), count=count - 1)
        suggestion = self._suggestion(found & mask, count - 1, marks)
        sure = suggestion is not None and (marks.likely[found & mask] > _CLEAR).mean() > _MOSTLY
        return Damage(notices=(*told, done, *left), suggestion=suggestion, sure=sure, mask=mask, by_hand=by_hand)

    def apply(self, image: Image, finding: Damage, context: Context) -> Image:
        if finding.mask is None:
            msg = "Expected a finding with a mask, got one that does not act."
            raise ValueError(msg)
        rest = context.portion(_FINDING, 1)
        return inpainting.fill(image, finding.mask, self.filler, rest, prompt=self.prompt, through=not finding.by_hand)

    def _marks(self, image: Image, context: Context) -> _Marks:
        """Return what a person marked, else what the scanner's infrared channel shows, else what the detector finds."""
        if context.mask is not None:
            return _Marks(context.mask.astype(np.float32), _BY_HAND)
        dust = None if context.infrared is None else infrared.find(image, context.infrared)
        if dust is not None and dust.mask is not None:
            return _Marks(dust.mask.astype(np.float32), _BY_INFRARED, "infrared-clean")
        likely = likelihood(image, self.model, context.portion(0, _FINDING))
        if dust is None:
            return _Marks(likely, _DETECTED)
        code = "infrared-opaque" if dust.is_opaque else "infrared-unclear"
        refused = Notice(code, self.name, leak=dust.leak, likeness=dust.likeness)
        return _Marks(likely, _DETECTED, notices=(refused,))

    def _suggestion(self, found: Mask, places: int, marks: _Marks) -> Notice | None:
        """Recommend repair where the bundled detector finds enough damage on a picture that is large enough.

        The classical detector recommends nothing: it marks as much on many undamaged photographs. What infrared light
        shows on film is certain.
        """
        share = float(found.mean())
        if marks.by_infrared:
            return Notice("infrared-suggested", self.name, share=share, count=places) if places >= _SPECKS else None
        enough = _MANY_WORTH if places >= _MANY else _WORTH_A_WORD
        if self.model != DETECTORS[0] or found.size < _TOO_SMALL_TO_TELL or share < enough:
            return None
        return Notice("repair-suggested", self.name, share=share)
