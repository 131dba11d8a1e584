import json
from itertools import pairwise

import cv2
import numpy as np
import pytest

from models import catalog
from models.runtime.engine import Engine
from pipeline.batch.report import Report
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods import alignment, likeness
from pipeline.methods.alignment import FFHQ
from pipeline.methods.faces import EMBEDDER, Face
from pipeline.photo import read_photo
from pipeline.plan import arrange, from_json, to_json
from pipeline.run import run
from pipeline.stages import Faces, Upscale
from pipeline.stages.faces import Group, Seen, rows
from tests.photographs import noisy, photograph, psnr
from tests.pipeline.fakes import FakeNetwork
from tests.pipeline.methods.test_alignment import COLLINS, turned

SIDE, ONCE = 512, "gfpgan-1.4"
"""A model that is asked once for each face, and the side of its faces."""


class WithRestorer:
    """The real engine, with `restore` in place of the network that restores faces."""

    def __init__(self, restore):
        self._engine, self._restore = Engine("cpu", "float32"), restore

    def network(self, spec, **options):
        if spec.task == "faces":
            return FakeNetwork(spec, lambda x, network: self._restore(x))
        return self._engine.network(spec, **options)


def soft(photo, factor=5):
    """The photograph as it looks after it was reduced by a factor and enlarged again."""
    small = cv2.resize(photo, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return np.clip(cv2.resize(small, photo.shape[1::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def at(points, strength=1.0, number=1, form=0.2, reason=""):
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    grown = (right - left) / 2
    box = (left - grown, top - grown, right - left + 2 * grown, bottom - top + 2 * grown)
    return Seen(number, Face(tuple(map(float, box)), points, 0.99), strength, form, reason)


def apply(image, *seen, restore, before=None, **options):
    """What the stage makes of faces whose places are known, and its notices."""
    context = Context(WithRestorer(restore), before=None if before is None else lambda: before)
    return Faces(model=ONCE, **options).apply(image, Group(seen=seen), context), context.notices


def truth_of(photo, points):
    """A restorer that knows the answer."""
    crop = alignment.cut(photo, alignment.align(points, FFHQ, SIDE), SIDE)
    return lambda x: crop.transpose(2, 0, 1)[None]


def read(image):
    """The picture as a photograph from a file."""
    return read_photo(cv2.imencode(".png", np.rint(image[..., ::-1] * 255).astype(np.uint8))[1].tobytes())


def codes(notices):
    return [notice.code for notice in notices]


@pytest.mark.parametrize("degrees", [0, 30, 90, 180, -120])
def test_a_restored_face_lies_exactly_where_it_was_at_any_angle(degrees):
    around = cv2.getRotationMatrix2D((256, 256), -degrees, 1)
    photo = cv2.warpAffine(photograph("astronaut", 512), around, (512, 512), flags=cv2.INTER_CUBIC)
    photo = np.clip(photo, 0, 1)
    points = turned(COLLINS - 256, degrees, 1, (256, 256))
    damaged = soft(photo)
    out, notices = apply(damaged, at(points), restore=truth_of(photo, points))
    x, y = np.rint(points.mean(axis=0)).astype(int)
    face = np.s_[y - 20 : y + 20, x - 20 : x + 20]
    assert psnr(out[face], photo[face]) > psnr(damaged[face], photo[face]) + 8
    assert codes(notices) in (["face-certain"], ["face-likely"])
    far = np.hypot(*(np.mgrid[:512, :512] - points.mean(axis=0)[::-1, None, None])) > 75
    np.testing.assert_array_equal(out[far], damaged[far])


def test_there_is_no_seam():
    photo = np.full((300, 300, 3), 0.5, np.float32)
    texture = np.sin(np.mgrid[:SIDE, :SIDE][1] / 8).astype(np.float32) * 0.1
    points = FFHQ * 200 + 50
    out, _ = apply(photo, at(points, form=0.1), restore=lambda x: x + texture, before=photo)
    steps = np.abs(np.diff(out - photo, axis=0)).max()
    assert np.abs(out - photo).max() > 0.05
    assert steps < 0.01


def test_colours_and_light_stay_those_of_the_photograph():
    photo = soft(photograph("astronaut", 512))
    tinted = np.array([0.05, -0.04, 0.04], np.float32)[None, :, None, None]
    out, _ = apply(photo, at(COLLINS), restore=lambda x: x + tinted)
    assert psnr(out, photo) > 50


def test_a_grey_photograph_stays_grey():
    photo = soft(photograph("astronaut", 512))
    grey = np.repeat(photo.mean(axis=2, keepdims=True), 3, axis=2)
    noise = np.random.default_rng(0).normal(0, 0.05, (1, 3, SIDE, SIDE)).astype(np.float32)
    out, _ = apply(grey, at(COLLINS), restore=lambda x: x + noise)
    assert not np.array_equal(out, grey)
    np.testing.assert_allclose(out, out[..., :1].repeat(3, axis=2), atol=1e-6)


@pytest.mark.parametrize("move", [(-200, 0), (0, -100), (290, 200), (-215, -115)])
def test_a_face_at_the_border_is_restored_as_far_as_it_shows(move):
    points = COLLINS + move
    damaged = soft(photograph("coffee", 512))
    out, notices = apply(damaged, at(points, form=0.1), restore=lambda x: x[..., ::-1].copy())
    assert out.shape == damaged.shape
    assert len(notices) == 1


def test_faces_that_overlap_are_not_added_up():
    photo = np.full((300, 400, 3), 0.5, np.float32)
    texture = np.sin(np.mgrid[:SIDE, :SIDE][1] / 8).astype(np.float32) * 0.2
    near = [at(FFHQ * 200 + (x, 50), number=number, form=0.1) for number, x in enumerate((50, 90), start=1)]
    out, _ = apply(photo, *near, restore=lambda x: 0 * x + 0.5 + texture, before=photo)
    assert np.abs(out - 0.5).max() < 0.22


def test_the_face_is_cut_from_the_picture_before_it_was_enlarged():
    small = photograph("astronaut", 256)
    inputs = []
    large = np.zeros((512, 512, 3), np.float32)
    apply(large, at(COLLINS / 2), restore=lambda x: inputs.append(x) or x, before=small)
    expected = alignment.cut(small, alignment.align(COLLINS / 2, FFHQ, SIDE), SIDE)
    np.testing.assert_array_equal(inputs[0][0].transpose(1, 2, 0), expected)


@pytest.mark.parametrize(("enlarged", "looks"), [(0.5, 2), (2, 4)])
def test_a_grid_of_the_bundled_network_averages_out(enlarged, looks):
    photo = soft(cv2.resize(photograph("astronaut", 512), None, fx=enlarged, fy=enlarged), 10)
    grid = 0.1 * np.sin(np.arange(256) * np.pi / 2).astype(np.float32)
    inputs = []
    context = Context(WithRestorer(lambda x: inputs.append(x) or x + grid[:, None]))
    out = Faces(strength=1).apply(photo, Group(seen=(at(COLLINS * enlarged, form=0.1),)), context)
    assert len({x.tobytes() for x in inputs}) == looks
    assert psnr(out, photo) > 50


def test_detail_that_is_finer_than_the_network_sees_stays():
    stripes = np.zeros((4096, 4096, 3), np.float32) + 0.5
    stripes[::2] += 0.1
    out, _ = apply(stripes, at(FFHQ * 4096, form=0.1), restore=lambda x: x)
    assert psnr(out, stripes) > 50


def test_grain_of_the_photograph_comes_back_on_a_clean_face():
    grain = np.random.default_rng(0).normal(0, 0.04, (512, 512, 1)).astype(np.float32)
    photo = np.clip(soft(photograph("astronaut", 512)) * 0.8 + 0.1 + grain, 0, 1)
    smooth = soft(photo, 8)
    out, notices = apply(photo, at(COLLINS), restore=truth_of(smooth, COLLINS))
    again, _ = apply(photo, at(COLLINS), restore=truth_of(smooth, COLLINS))
    np.testing.assert_array_equal(out, again)
    assert "identity" in notices[0].values
    cheek = np.s_[126:142, 204:220]
    fine = [(image - cv2.GaussianBlur(image, (0, 0), 2))[cheek].std() for image in (photo, out)]
    assert fine[1] == pytest.approx(fine[0], rel=0.25)


def test_another_person_is_never_put_in():
    photo = photograph("astronaut", 512)
    damaged = soft(photo, 2)
    other = photograph("chelsea")[:160, :160]
    other = cv2.resize(other, (SIDE, SIDE)).transpose(2, 0, 1)[None]
    out, notices = apply(damaged, at(COLLINS, form=0.45), restore=lambda x: other, always=True)
    assert codes(notices) == ["face-another"]
    assert out is damaged


def test_a_face_that_drifts_is_restored_less():
    damaged = soft(photograph("astronaut", 512), 2)
    cat = cv2.resize(photograph("chelsea")[:160, :160], (SIDE, SIDE)).transpose(2, 0, 1)[None]
    drift = {"restore": lambda x: 0.45 * x + 0.55 * cat, "always": True}
    _, notices = apply(damaged, at(COLLINS, form=0.45), **drift)
    assert notices[0].code == "face-certain"
    assert notices[0].values["strength"] in (0.75, 0.5)
    assert notices[0].values["identity"] >= likeness.CERTAIN


@pytest.mark.parametrize(("form", "share"), [(0.1, 1), (0.31, 0.5), (0.5, 0.15)])
def test_the_clearer_a_face_the_less_it_changes(form, share):
    damaged = soft(photograph("astronaut", 512))
    _, notices = apply(damaged, at(COLLINS, form=form, strength=0.8), restore=lambda x: x)
    assert notices[0].values["strength"] == pytest.approx(0.8 * share)


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


FACE = np.s_[90:170, 190:265]
"""Where the astronaut's face is at 512 pixels."""


@pytest.mark.parametrize("factor", [3, 4, 5])
def test_the_bundled_network_brings_a_small_face_nearer_to_the_person(factor):
    photo, engine = photograph("astronaut", 512), Engine("cpu", "float32")
    damaged = noisy(soft(photo, factor), 0.01)
    out = Faces().run(damaged, Context(engine))
    assert psnr(out[FACE], photo[FACE]) > psnr(damaged[FACE], photo[FACE])
    judge = engine.network(catalog.get(EMBEDDER))
    truth, before, after = (likeness.embedding(image, COLLINS, judge) for image in (photo, damaged, out))
    assert truth @ after > truth @ before


def test_a_second_run_changes_little():
    damaged, engine = soft(photograph("astronaut", 512), 4), Engine("cpu", "float32")
    once = Faces().run(damaged, Context(engine))
    assert psnr(Faces().run(once, Context(engine)), once) > 45


def test_a_second_run_changes_a_face_that_fills_the_picture_little():
    face = alignment.cut(photograph("astronaut", 512), alignment.align(COLLINS, FFHQ, 256), 256)
    damaged, engine = soft(face, 4), Engine("cpu", "float32")
    once = Faces().run(damaged, Context(engine))
    assert psnr(once, face) > psnr(damaged, face)
    assert psnr(Faces().run(once, Context(engine)), once) > 48


def test_a_sharp_face_comes_back_as_it_was():
    photo = photograph("astronaut", 512)
    assert psnr(Faces(always=True).run(photo, Context(Engine("cpu", "float32"))), photo) > 40
