"""Crop, turn and split, without a browser; `tests/e2e/test_cutter.py` drags the corners."""

import cv2
import numpy as np
import pytest

from pipeline.errors import OptionError
from pipeline.photo import read_photo
from studio.jobs import State
from tests.photographs import photograph
from tests.ui.steps import album, captions, dropped, finished
from ui.cutter import _WHOLE
from ui.shop import workshop

pytestmark = pytest.mark.slow

TURNED = [_WHOLE[3], *_WHOLE[:3]]
LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
RIGHT = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]


def png(image):
    return cv2.imencode(".png", (image[..., ::-1] * 255).round().astype(np.uint8))[1].tobytes()


CAT = photograph("chelsea", 300)


@pytest.fixture
def scan(app):
    """An album of one picture."""
    dropped(app, ("cat.png", png(CAT), "image/png"))
    return album(app)


def cut(found, outlines, number=0):
    job = workshop().cut("visitor", found, number, outlines)
    assert job.wait(60)
    return [read_photo(found.numbered[each].source).pixels for each in job.result]


def test_the_whole_outline_is_the_picture_itself(scan):
    (same,) = cut(scan, [_WHOLE])
    np.testing.assert_array_equal(same, CAT_AS_READ)


def test_a_quarter_turn_loses_nothing(scan):
    (turned,) = cut(scan, [TURNED])
    np.testing.assert_allclose(turned, np.rot90(CAT_AS_READ, -1), atol=1e-6)


def test_a_scan_becomes_its_photographs_and_can_be_put_back(scan):
    left, right = cut(scan, [LEFT, RIGHT])
    assert left.shape[1] + right.shape[1] == pytest.approx(CAT.shape[1], abs=4)
    assert [(number, picture.name, picture.scan) for number, picture in scan.numbered.items()] == [
        (1, "cat_1.png", 0),
        (2, "cat_2.png", 0),
    ]
    scan.put_back(0)
    assert [picture.name for picture in scan.pictures] == ["cat.png"]
    assert not (scan.folder / "1").exists()


def test_putting_a_scan_back_removes_what_was_cut_out_of_its_parts_too(scan):
    cut(scan, [LEFT, RIGHT])
    cut(scan, [LEFT], number=1)
    assert list(scan.numbered) == [3, 2]
    scan.put_back(0)
    assert list(scan.numbered) == [0]
    assert not scan.scans
    assert sorted(path.name for path in scan.folder.iterdir()) == ["0"]


def test_one_step_back_from_a_part_of_a_part(scan):
    cut(scan, [LEFT, RIGHT])
    cut(scan, [LEFT], number=2)
    scan.put_back(2)
    assert list(scan.numbered) == [1, 2]


def test_a_scan_is_cut_once_where_two_tabs_ask_for_it(scan):
    picture, shop = scan.numbered[0], workshop()
    first, second = (shop.cut("visitor", scan, 0, [LEFT, RIGHT]) for _ in range(2))
    assert first.wait(60)
    assert second.wait(60)
    assert isinstance(second.error, OptionError)
    assert (list(scan.numbered), scan.scans) == ([1, 2], {0: picture})


def test_a_cut_picture_is_restored_like_any_other(scan, app):
    cut(scan, [LEFT])
    app.query_params["picture"] = "1"
    app.run()
    app.button("restore").click().run()
    finished(app)
    assert scan.numbered[1].state is State.DONE


@pytest.mark.parametrize(
    "outlines", [[], [[(0, 0), (1, 1), (1, 0), (0, 1)]], [[(0, 0), (float("nan"), 0), (1, 1), (0, 1)]]]
)
def test_what_is_no_outline_is_refused_before_it_waits(scan, outlines):
    with pytest.raises(OptionError):
        workshop().cut("visitor", scan, 0, outlines)


def test_a_page_of_prints_is_told_of(app):
    page = np.full((900, 1200, 3), 0.93, np.float32)
    page[100:400, 100:500] = photograph("chelsea", 460)[:300, :400]
    page[500:800, 650:1050] = photograph("coffee", 500)[:300, :400]
    dropped(app, ("page.png", png(page), "image/png"))
    assert album(app).pictures[0].outlines.wait(60)
    app.run()
    assert any("scan of 2 photographs" in caption for caption in captions(app))


CAT_AS_READ = read_photo(png(CAT)).pixels
