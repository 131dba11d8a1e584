"""Faces: restores the faces of a photograph by a network, and checks that each is the same person."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from models import catalog
from models.runtime.network import Network
from models.spec import ModelSpec
from pipeline.arrays import Image
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods import alignment, likeness, retouch
from pipeline.methods.alignment import FFHQ
from pipeline.methods.faces import EMBEDDER, FINDER, Face, find
from pipeline.notices import Notice, Value
from pipeline.options import choice, number, switch, text
from pipeline.stage import Finding, Part, Stage, points_on_part

_MODELS = catalog.for_task("faces")
_SHARE = r"(0|1|0?\.\d+|[01]\.0+)"
_POINT = rf"{_SHARE},{_SHARE},{_SHARE}"

_SMALLEST = 18
"""Width of a face in pixels below which too little of it is there to restore."""
_TURNED = 0.85
"""Distance of the nose from the middle between the eyes, in halves of their distance, from which on a face is nearly a
profile."""
_BLURRED = 0.125
"""`Sharpness.form` below which features are lost."""
_SHARP_FORM, _SHARP_DETAIL = 0.38, 0.27
"""Both measures of `Sharpness` from which a face needs nothing."""
_REDUCED = 2.0
"""Reduction from the crop to the result from which two looks are enough: their grid is too fine to show."""
_WEAKER = (1.0, 0.75, 0.5)
"""Shares of the strength to try until a face keeps its identity."""

_SAME = {"certain": "face-certain", "likely": "face-likely", "unknown": "face-unknown"}
"""Codes of the notices of restored faces, by whether each is the same person."""

_LEFT = ("face-off", "face-small", "face-turned", "face-blurred", "face-sharp", "face-another")
_REPORTED = {*_SAME.values(), *_LEFT}


@dataclass(frozen=True, eq=False)
class Seen:
    """A face that was found, and what is done about it."""

    number: int
    """From 1, in reading order."""

    face: Face
    strength: float
    form: float
    """As `pipeline.methods.likeness.Sharpness`."""

    reason: str
    """Why it is left alone, as the code of a notice; empty where it is restored."""


@dataclass(frozen=True, eq=False)
class Group(Finding):
    """The faces of a picture."""

    seen: tuple[Seen, ...] = ()


@dataclass(frozen=True)
class Faces(Stage):
    """Restore faces.

    Each face is cut out upright, from the picture before it was enlarged where it is small there, restored by a
    network, and put back within an oval from the brows to the chin. Colours, light and grain stay those of the picture.
    An embedding (J. Deng et al., "ArcFace", 2019) compares each face before and after: where too little of its identity
    remains, it is restored less, or not at all. Faces that are sharp, small, blurred beyond recognition or turned away
    stay as they are.
    """

    name: ClassVar[str] = "faces"
    summary: ClassVar[str] = "restores faces, and checks that each is the same person"
    cost: ClassVar[float] = 0.3
    on_request: ClassVar[bool] = True
    looks_behind: ClassVar[str] = "upscale"
    official: ClassVar[str] = "gfpgan-1.4"

    strength: float = number(
        0.85,
        low=0,
        high=1,
        step=0.05,
        help="share of the restored face in the result; the clearer a face, the less it gets",
    )
    model: str = choice(
        _MODELS[0].id,
        [spec.id for spec in _MODELS],
        help="network that restores faces; the official ones draw more, and change a person more",
    )
    finder: str = choice(
        FINDER,
        [spec.id for spec in catalog.for_task("find")],
        help="network that finds faces; the official one is YuNet",
    )
    strengths: str = text(
        "",
        rf"({_POINT}( {_POINT})*)?",
        form="X,Y,STRENGTH X,Y,STRENGTH and so on, each from 0 to 1; X starts at the left, Y at the top",
        help="strength of single faces, named by a point in each; 0 leaves a face alone",
    )
    always: bool = switch(False, help="restore also faces that are sharp, small, blurred or turned away")

    def __post_init__(self) -> None:
        super().__post_init__()
        for (x, y), count in Counter((x, y) for x, y, _ in self._points()).items():
            if count > 1:
                msg = f"Faces.strengths must give each point one strength, but gives {x:g},{y:g} {count}. Keep one."
                raise OptionError(msg)

    def _points(self) -> list[list[float]]:
        """Return X, Y and strength of each point in `strengths`."""
        return [[float(number) for number in point.split(",")] for point in self.strengths.split()]

    @property
    def guesses(self) -> str:
        return "details of faces"

    def network(self) -> ModelSpec:
        return catalog.get(self.model)

    def on_part(self, part: Part) -> "Faces":
        return replace(self, strengths=points_on_part(self.strengths, part))

    def examine(self, image: Image, context: Context) -> Group:
        points = self._points()
        if not self.strength and not any(strength for *_, strength in points):
            return Group(act=False)
        context.advance(0.0)
        source = context.before() if context.before else image
        finder = context.engine.network(catalog.get(self.finder), cancelled=context.cancelled)
        faces = _in_reading_order(face for face in find(source, finder) if _lies_in(source, face))
        if not faces:
            return Group(act=False, notices=(Notice("faces-none", self.name),))
        enlarged = image.shape[1] / source.shape[1]
        named = [containing(faces, x * source.shape[1], y * source.shape[0]) for x, y, _ in points]
        own = {face: point[2] for face, point in zip(named, points, strict=True)}
        seen = tuple(
            self._look(number, face, own.get(number - 1, self.strength), source, enlarged)
            for number, face in enumerate(faces, start=1)
        )
        nowhere = (Notice("faces-nowhere", self.name, count=named.count(None)),) if None in named else ()
        gain = sum(not each.reason for each in seen)
        if not gain:
            rows = (_row(each, source) for each in seen)
            return Group(act=False, notices=(*rows, *nowhere), seen=seen)
        return Group(notices=nowhere, suggestion=Notice("faces-suggested", self.name, count=gain), seen=seen)

    def apply(self, image: Image, finding: Group, context: Context) -> Image:
        source = context.before() if context.before else image
        result = image[:] if context.reuse else image.copy()
        judge = context.engine.network(catalog.get(EMBEDDER), cancelled=context.cancelled)
        rows: dict[int, Notice] = {}
        due = [each for each in finding.seen if not each.reason]
        for index, each in enumerate(sorted(due, key=lambda each: each.face.box[2])):  # the nearest comes on top
            part = context.portion(index / len(due), (index + 1) / len(due))
            rows[each.number] = self._restore(result, source, each, judge, part)
        context.notices += [rows.get(each.number) or _row(each, source) for each in finding.seen]
        return result if any("identity" in row.values for row in rows.values()) else image

    def _look(self, number: int, face: Face, strength: float, source: Image, enlarged: float) -> Seen:
        """Return what is done about a face."""
        width = 1 / alignment.zoom(alignment.align(face.points, FFHQ, 1))
        side = round(np.clip(width * enlarged, 64, 256))
        crop = alignment.cut(source, alignment.align(face.points, FFHQ, side), side)
        sharp = likeness.sharpness(crop)
        reasons = {
            "face-small": face.box[2] < _SMALLEST,
            "face-turned": alignment.turn(face.points) > _TURNED,
            "face-blurred": sharp.form < _BLURRED,
            "face-sharp": sharp.form > _SHARP_FORM and sharp.detail > _SHARP_DETAIL,
        }
        reason = next((name for name, holds in reasons.items() if holds and not self.always), "")
        return Seen(number, face, strength, sharp.form, reason if strength else "face-off")

    def _restore(self, image: Image, source: Image, seen: Seen, judge: Network, context: Context) -> Notice:
        """Restore a face within `image`, and return its row of the report."""
        spec = self.network()
        side, enlarged = spec.working_side, image.shape[1] / source.shape[1]
        points = seen.face.points
        small, large = (alignment.align(p, FFHQ, side) for p in (points, (points + 0.5) * enlarged - 0.5))
        current = alignment.cut(image, large, side)
        crop = alignment.cut(source, small, side) if alignment.zoom(small) > 1 else current
        quick = alignment.zoom(large) > _REDUCED
        answer = retouch.keep_tones(retouch.restore(spec, crop, context, quick=quick), current)
        mask = alignment.oval(small, points, side)
        strength = seen.strength * (1.0 if self.always else likeness.need(seen.form))
        change = (answer - current) * mask[..., None] * np.float32(strength)

        placed = alignment.moved(points, small)
        reference = source, points
        if likeness.least(seen.form) == likeness.UNLIKE:
            reference = current, placed
        before = likeness.embedding(*reference, judge)
        for share in _WEAKER:
            after = likeness.embedding(np.clip(current + share * change, 0, 1), placed, judge)
            cosine = float(before @ after)
            if cosine >= likeness.least(seen.form):
                break
        else:
            return _row(seen, source, "face-another", cosine=cosine)
        retouch.put_back(image, change * np.float32(share), mask, large, seed=seen.number)
        done = {"identity": cosine, "strength": strength * share}
        return _row(seen, source, _SAME[likeness.verdict(cosine, seen.form)], **done)


def rows(notices: Iterable[Notice]) -> list[dict[str, Value]]:
    """Return what was reported about each face, in reading order, with the code of its notice as ``outcome``."""
    return [{**notice.values, "outcome": notice.code} for notice in notices if notice.code in _REPORTED]


def _in_reading_order(faces: Iterable[Face]) -> list[Face]:
    """Return faces row by row, each from left to right; a row is as high as half of its first face."""
    rows: list[list[Face]] = []
    for face in sorted(faces, key=lambda face: _centre(face)[1]):
        if rows and _centre(face)[1] - _centre(rows[-1][0])[1] < rows[-1][0].box[3] / 2:
            rows[-1].append(face)
        else:
            rows.append([face])
    return [face for row in rows for face in sorted(row, key=_centre)]


def _centre(face: Face) -> tuple[float, float]:
    left, top, width, height = face.box
    return left + width / 2, top + height / 2


def _lies_in(image: Image, face: Face) -> bool:
    """Return whether the middle of a face is in the picture."""
    x, y = _centre(face)
    return 0 <= x < image.shape[1] and 0 <= y < image.shape[0]


def containing(faces: Sequence[Face], x: float, y: float) -> int | None:
    """Return the index of the face that has a point, the nearest by its centre; None where none has it."""
    inside = [
        index
        for index, face in enumerate(faces)
        if face.box[0] <= x <= face.box[0] + face.box[2] and face.box[1] <= y <= face.box[1] + face.box[3]
    ]
    return min(inside, key=lambda index: math.dist(_centre(faces[index]), (x, y)), default=None)


def _row(seen: Seen, source: Image, code: str = "", **values: float) -> Notice:
    """Return the report of one face; by default of one that is left alone."""
    left, top, width, height = seen.face.box
    x, y = _centre(seen.face)
    where = {"left": left, "top": top, "width": width, "height": height}
    point = {"x": x / source.shape[1], "y": y / source.shape[0]}
    figures = {"score": seen.face.score, "sharpness": seen.form}
    every = {key: round(float(value), 4) for key, value in (where | point | figures | values).items()}
    return Notice(code or seen.reason, Faces.name, number=seen.number, **every)
