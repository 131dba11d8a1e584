"""How a restored face is put into the photograph."""

import cv2
import numpy as np
import pytest

from pipeline.context import Context
from pipeline.methods import alignment, likeness
from pipeline.methods.alignment import FFHQ
from pipeline.stages import Faces
from pipeline.stages.faces import Group
from tests.photographs import photograph, psnr
from tests.pipeline.methods.test_alignment import COLLINS, turned
from tests.pipeline.portraits import ONCE, SIDE, WithRestorer, at, codes, soft


def apply(image, *seen, restore, before=None, **options):
    """What the stage makes of faces whose places are known, and its notices."""
    context = Context(WithRestorer(restore), before=None if before is None else lambda: before)
    return Faces(model=ONCE, **options).apply(image, Group(seen=seen), context), context.notices


def truth_of(photo, points):
    """A restorer that knows the answer."""
    crop = alignment.cut(photo, alignment.align(points, FFHQ, SIDE), SIDE)
    return lambda x: crop.transpose(2, 0, 1)[None]


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
