"""Which faces are found, which are restored, and what is reported of each."""

import json
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.batch.report import Report
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods import likeness
from pipeline.photo import read_photo
from pipeline.plan import arrange, from_json, to_json
from pipeline.run import run
from pipeline.stages import Faces, Upscale
from pipeline.stages.faces import rows
from tests.photographs import photograph
from tests.pipeline.portraits import WithRestorer, codes, soft


def read(image):
    """The picture as a photograph from a file."""
    return read_photo(cv2.imencode(".png", np.rint(image[..., ::-1] * 255).astype(np.uint8))[1].tobytes())


def test_faces_are_found_and_reported_one_by_one():
    photo = soft(photograph("astronaut", 512), 4)
    context = Context(WithRestorer(lambda x: x))
    Faces().run(photo, context)
    (row,) = rows(context.notices)
    assert row["number"] == 1
    assert row["left"] < 228 < row["left"] + row["width"]
    assert row["top"] < 128 < row["top"] + row["height"]
    assert (row["x"], row["y"]) == pytest.approx((228 / 512, 128 / 512), abs=0.04)
    assert row["identity"] > 0.98
    assert row["strength"] == pytest.approx(Faces().strength * likeness.need(row["sharpness"]), abs=1e-3)
    assert row["outcome"] in ("face-certain", "face-likely")


def test_a_face_that_a_person_switches_off_stays_to_the_bit():
    photo = soft(photograph("astronaut", 512), 4)
    context = Context(WithRestorer(lambda x: x))
    assert Faces(strengths="0.44,0.25,0").run(photo, context) is photo
    assert codes(context.notices) == ["face-off"]


def test_one_face_may_have_a_strength_of_its_own():
    photo = soft(photograph("astronaut", 512), 4)
    context = Context(WithRestorer(lambda x: x))
    Faces(strength=0, strengths="0.44,0.25,0.4 0.9,0.9,1").run(photo, context)
    assert codes(context.notices)[0] == "faces-nowhere"
    (row,) = rows(context.notices)
    assert row["strength"] == pytest.approx(0.4 * likeness.need(row["sharpness"]), abs=1e-3)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda photo: photo, "face-sharp"),
        (lambda photo: soft(photo, 12), "face-blurred"),
        (lambda photo: cv2.resize(photo, None, fx=1 / 5, fy=1 / 5, interpolation=cv2.INTER_AREA), "face-small"),
    ],
)
def test_faces_that_cannot_gain_are_left_with_the_reason(damage, code):
    photo = damage(photograph("astronaut", 512))
    context = Context(WithRestorer(lambda x: 0 * x))
    assert Faces().run(photo, context) is photo
    assert codes(context.notices) == [code]
    assert Faces().examine(photo, context).suggestion is None


def test_always_restores_a_sharp_face_too():
    context = Context(WithRestorer(lambda x: x))
    photo = photograph("astronaut", 512)
    assert Faces().insisting() == Faces(always=True)
    assert Faces(always=True).run(photo, context) is not photo


def test_soft_faces_are_suggested_for_and_pictures_without_faces_are_left():
    context = Context(WithRestorer(lambda x: x))
    finding = Faces().examine(soft(photograph("astronaut", 512), 4), context)
    assert finding.suggestion.code == "faces-suggested"
    assert finding.suggestion.values["count"] == 1
    assert not finding.sure
    assert Faces().run(photograph("coffee"), context) is photograph("coffee")
    assert codes(context.notices) == ["faces-none"]


def test_numbers_follow_the_reading_order():
    face = soft(photograph("astronaut", 512), 4)[40:200, 140:320]
    page = np.tile(face, (2, 3, 1))
    finding = Faces().examine(np.ascontiguousarray(page), Context(WithRestorer(lambda x: x)))
    boxes = [seen.face.box for seen in finding.seen]
    assert [seen.number for seen in finding.seen] == [1, 2, 3, 4, 5, 6]
    assert all(a[0] < b[0] or a[1] + a[3] / 2 < b[1] for a, b in pairwise(boxes))


@pytest.mark.parametrize("strengths", ["0.5,0.5", "0.5,0.5,2", "1", "0.5,0.5,1;0,0,1", "-1,0,1"])
def test_strengths_of_another_form_are_refused(strengths):
    with pytest.raises(OptionError, match="X,Y,STRENGTH"):
        Faces(strengths=strengths)


def test_settings_keep_the_strengths():
    plan = arrange([Upscale(), Faces(strength=0.5, strengths="0.25,0.5,0 1,0,0.35")])
    assert from_json(to_json(plan)).stages == plan.stages


def test_a_run_says_what_it_did_in_its_history_and_its_report():
    photo = read(soft(photograph("astronaut", 512), 4))
    result = run(arrange([Upscale(1), Faces()]), photo, WithRestorer(lambda x: x))
    assert result.guesses == ("details of faces",)
    assert "model fast-faces" in result.history
    assert "The details of faces are a machine's guess" in result.history
    report = Report("a", "b", notices=list(result.notices)).as_dict()
    assert json.loads(json.dumps(report))["faces"] == rows(result.notices)
    assert len(report["faces"]) == 1
