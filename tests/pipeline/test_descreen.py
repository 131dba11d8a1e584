import cv2
import numpy as np
import pytest

from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.methods.halftone import filtered, find, redrawn
from pipeline.stages import Descreen
from pipeline.stages.descreen import NOTCH
from tests.photographs import photograph, psnr
from tests.pipeline.fakes import FakeEngine
from tests.pipeline.prints import ROSETTE, in_grey, printed

NAMES = ("astronaut", "chelsea", "coffee", "rocket")


def detail(image, truth):
    """Return the PSNR of a picture whose contrast is fitted to the truth: printing changed it."""
    slope, offset = np.polyfit(image.ravel(), truth.ravel(), 1)
    return psnr(slope * image + offset, truth)


@pytest.mark.parametrize("name", ["astronaut", "chelsea", "coffee"])  # most of the rocket's picture is a black sky
@pytest.mark.parametrize("angles", [(45,), ROSETTE], ids=["grey", "rosette"])
def test_dots_go_and_the_picture_comes_nearer_than_the_filter_brings_it(name, angles):
    photo = photograph(name, 384)
    truth = photo if len(angles) == 3 else in_grey(photo)
    dots = printed(photo, 4, *angles)
    ours = Descreen().run(dots, Context(Engine("cpu")))
    simple = Descreen(model=NOTCH).run(dots, Context(None))
    assert detail(ours, truth) > detail(simple, truth) + 0.3 > detail(dots, truth) + 4


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_without_dots_stays_as_it_is_with_the_reason(name):
    photo, told = photograph(name), Context(None)
    assert Descreen().run(photo, told) is photo
    assert [notice.code for notice in told.notices] == ["descreen-skipped"]
    assert Descreen().examine(photo, told).suggestion is None


def test_always_gives_the_picture_itself_to_the_network():
    inputs = []
    photo, told = photograph("coffee"), Context(FakeEngine(lambda x, network: inputs.append(x) or x[:, -3:]))
    np.testing.assert_allclose(Descreen(always=True).run(photo, told), photo, atol=1e-5)
    assert not told.notices
    np.testing.assert_allclose(inputs[0][:, :3], inputs[0][:, 6:], atol=1e-5)
    assert np.all(inputs[0][:, 3:6] == 0.5)


def test_printed_pictures_are_surely_suggested_for_with_the_figures():
    finding = Descreen().examine(printed(photograph("chelsea", 384), 4, 30), Context(None))
    assert finding.sure
    assert finding.suggestion.code == "descreen-suggested"
    assert finding.suggestion.values["period"] == pytest.approx(4, abs=0.05)
    assert finding.suggestion.values["clear"] > finding.suggestion.values["limit"]
    assert finding.suggestion.values["count"] == 1


def test_the_network_sees_the_picture_its_screens_and_the_filtered_picture():
    inputs = []
    dots = printed(photograph("coffee", 384), 4, 30)
    Descreen().run(dots, Context(FakeEngine(lambda x, network: inputs.append(x) or x[:, -3:])))
    seen = inputs[0][0].transpose(1, 2, 0)[: dots.shape[0]]
    expected = dots, redrawn(dots, find(dots)), filtered(dots, find(dots))
    np.testing.assert_allclose(seen, np.dstack(expected), atol=1e-4)


def test_strength_is_the_share_of_the_result():
    dots = printed(photograph("coffee", 384), 4, 30)
    whole, half = (Descreen(model=NOTCH, strength=share).run(dots, Context(None)) for share in (1, 0.5))
    np.testing.assert_allclose(half, (dots + whole) / 2, atol=1e-5)


def test_wide_dots_are_removed_at_a_smaller_size():
    photo = in_grey(photograph("astronaut", 512))
    dots, shapes = printed(photo, 9.5, 45), []
    out = Descreen().run(dots, Context(FakeEngine(lambda x, network: shapes.append(x.shape) or x[:, -3:])))
    assert out.shape == dots.shape
    assert shapes[0][2] < 512 * 8 / 9.5 + 8
    assert psnr(out, photo) > psnr(dots, photo) + 5


def test_bands_of_a_large_picture_show_no_seam(monkeypatch):
    dots = printed(cv2.resize(photograph("astronaut", 512), (300, 1100)), 4, *ROSETTE)
    whole = Descreen().run(dots, Context(Engine("cpu", "float32")))
    monkeypatch.setattr("pipeline.stages.descreen._BAND_PIXELS", 1)
    banded = Descreen().run(dots, Context(Engine("cpu", "float32")))
    assert np.abs(banded - whole).max() < 0.1
    assert psnr(banded, whole) > 50
