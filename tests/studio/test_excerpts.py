"""A part of a photograph is restored as the whole is, where nothing is decided by the whole."""

from contextlib import nullcontext
from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.runtime.engine import Engine
from pipeline.config import Config
from pipeline.photo import read_photo
from pipeline.plan import Plan, simple
from pipeline.run import run
from pipeline.stage import points_on_part
from pipeline.stages import Denoise, Faces, Repair, Sharpen, Tone, Upscale
from studio.excerpts import SIDE, Excerpts
from studio.jobs import JobQueue, State
from studio.picture import Picture
from tests.photographs import noisy, photograph

ENGINE = Engine("cpu", "float32")


@pytest.fixture
def excerpts():
    queue = JobQueue()
    yield Excerpts(queue, ENGINE, Config(), lambda _: nullcontext())
    queue.close()


@pytest.fixture
def picture(tmp_path):
    """A faded, noisy photograph, lighter at its right side, so that a part has other tones than the whole."""
    faded = noisy(photograph("astronaut", 512), 0.02) * 0.5 + np.linspace(0.15, 0.35, 512)[:, None]
    path = tmp_path / "portrait.png"
    cv2.imwrite(str(path), np.rint(faded[..., ::-1] * 255).astype(np.uint8))
    return Picture(path.name, path)


def made(excerpts, picture, plan, centre=None):
    job = excerpts.make("", picture, plan, centre)
    assert job.wait(60)
    assert job.state is State.DONE, job.error
    return job.result


def pixels(path):
    return cv2.imread(str(path)).astype(np.float32)[..., ::-1] / 255


def cut(image, part):
    height, width = image.shape[:2]
    left, top, wide, high = (round(share * side) for share, side in zip(part, (width, height) * 2, strict=True))
    return image[top : top + high, left : left + wide]


@pytest.mark.parametrize("centre", [(0.9, 0.5), (0.4, 0.45)], ids=["at the border", "inside"])
def test_a_part_comes_out_as_in_the_whole(excerpts, picture, centre):
    plan = Plan((Denoise(), Tone(local_contrast=0.0), Upscale(2.0), Sharpen(0.3)))
    tried = made(excerpts, picture, plan, centre)
    photo = read_photo(picture.source)
    whole = cut(run(plan, photo, ENGINE).pixels, tried.part)
    after = pixels(tried.after)
    assert after.shape == whole.shape == (SIDE, SIDE, 3)
    assert np.abs(after - whole).mean() < 0.006
    alone = run(plan, _alone(photo, tried.part), ENGINE).pixels
    assert np.abs(alone - whole).mean() > 0.02  # what a part makes of its own tones
    np.testing.assert_allclose(pixels(tried.before), cut(photo.pixels, tried.part), atol=0.003)


def _alone(photo, part):
    return replace(photo, pixels=np.ascontiguousarray(cut(photo.pixels, part)))


def test_the_face_is_tried_at_first(excerpts, picture):
    left, top, width, height = made(excerpts, picture, Plan((Sharpen(),))).part
    assert left < 0.44 < left + width
    assert top < 0.23 < top + height


def test_a_small_photograph_is_tried_as_a_whole(excerpts, tmp_path):
    path = tmp_path / "small.png"
    cv2.imwrite(str(path), np.full((60, 90, 3), 128, np.uint8))
    tried = made(excerpts, Picture(path.name, path), Plan((Sharpen(),)), (0.9, 0.1))
    assert tried.part == (0, 0, 1, 1)
    assert tried.size == (90, 60)


def test_what_decides_by_the_whole_is_told(excerpts, picture):
    assert made(excerpts, picture, Plan((Denoise(), Sharpen()))).by_whole == ()
    assert made(excerpts, picture, simple(also=["repair", "tone"])).by_whole == ("repair", "deblur")


def test_a_persons_mask_is_used(excerpts, picture, tmp_path):
    mask = np.zeros((512, 512), np.uint8)
    mask[100:110, 200:260] = 255
    picture.mask = tmp_path / "mask.png"
    cv2.imwrite(str(picture.mask), mask)
    tried = made(excerpts, picture, Plan((Repair(),)), (0.45, 0.2))
    changed = np.abs(pixels(tried.after) - cut(read_photo(picture.source).pixels, tried.part)).max(axis=2) > 0.01
    marked = cut(mask, tried.part) > 0
    assert changed[marked].mean() > 0.5
    assert not changed[~cv2.dilate(marked.astype(np.uint8), np.ones((9, 9))).astype(bool)].any()


def test_the_same_is_made_once_and_other_settings_cancel_it(excerpts, picture):
    first = excerpts.make("", picture, Plan((Sharpen(0.2),)), (0.5, 0.5))
    assert excerpts.make("", picture, Plan((Sharpen(0.2),)), (0.5, 0.5)) is first
    second = excerpts.make("", picture, Plan((Sharpen(0.4),)), (0.5, 0.5))
    assert second is not first
    assert first.cancelled()
    assert second.wait(60)
    assert second.state is State.DONE


def test_places_in_options_are_moved_to_the_part():
    assert points_on_part("0.5,0.25,0.7 0.9,0.9,0", (0.4, 0.2, 0.2, 0.1)) == "0.5000,0.5000,0.7"
    stage = Faces(strengths="0.5,0.25,0.7 0.1,0.1,0").on_part((0.4, 0.2, 0.2, 0.1))
    assert stage.strengths == "0.5000,0.5000,0.7"
