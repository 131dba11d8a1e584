"""Sizes and times before a restoration, and work at full size."""

import re

import cv2
import numpy as np
import pytest

from models import catalog
from models.files import weights
from pipeline.plan import FINEST
from tests.ui.steps import album, captions, dropped, finished

pytestmark = pytest.mark.slow


def test_the_finest_detail_tells_its_file_and_its_time_and_is_gone_where_the_size_is_kept(chosen):
    chosen.toggle("finest").set_value(True).run()
    assert any(re.search(r"600 × 400 · \d+ (s|min)$", caption) for caption in captions(chosen))
    is_missing = weights.status(catalog.get(FINEST)) == "missing"
    assert ("Real-ESRGAN x4plus is not downloaded yet." in captions(chosen)) == is_missing
    assert chosen.button("restore").disabled == is_missing
    chosen.segmented_control("scale").set_value(1.0).run()
    assert not chosen.button("restore").disabled


def test_size_and_time_are_told_before_restore(chosen):
    for size in ("300 × 200", "600 × 400", "1200 × 800"):
        assert any(re.search(rf"^{size} · \d+ s$", one) for one in captions(chosen))
    assert not chosen.warning
    chosen.segmented_control("mode").set_value("advanced").run()
    assert any(
        re.search(r"^The result will have 600 × 400 pixels. It takes about \d+\ss.$", one) for one in captions(chosen)
    )


@pytest.mark.parametrize(("scale", "said"), [(1.0, "smaller than your photograph"), (4.0, "reduced to 1154 × 1732")])
def test_a_photograph_above_the_cap_is_told_before_restore(app, scale, said):
    large = np.zeros((3000, 2000, 3), np.uint8)
    dropped(app, ("large.jpg", cv2.imencode(".jpg", large)[1].tobytes(), "image/jpeg"))
    app.segmented_control("scale").set_value(scale).run()
    assert said in app.warning[0].value


def test_a_photograph_that_keeps_its_size_has_no_finest_detail(chosen):
    assert "finest" in {toggle.key for toggle in chosen.toggle}
    chosen.segmented_control("scale").set_value(1.0).run()
    assert "finest" not in {toggle.key for toggle in chosen.toggle}


def test_a_large_photograph_is_restored_at_full_size_where_somebody_asks_for_it(app):
    dropped(app, ("large.jpg", cv2.imencode(".jpg", np.full((1500, 1400, 3), 90, np.uint8))[1].tobytes(), "image/jpeg"))
    app.segmented_control("scale").set_value(1.0).run()
    assert "smaller than your photograph" in app.warning[0].value
    app.toggle("full").set_value(True).run()
    assert not app.warning
    assert any(caption.startswith("1400 × 1500") for caption in captions(app))
    app.button("restore").click().run()
    finished(app)
    assert album(app).pictures[0].done.layers.size == (1400, 1500)


def test_full_size_is_offered_only_where_the_result_stays_small_enough(app):
    large = np.zeros((3000, 2000, 3), np.uint8)
    dropped(app, ("large.jpg", cv2.imencode(".jpg", large)[1].tobytes(), "image/jpeg"))
    assert "full" in {toggle.key for toggle in app.toggle}
    app.segmented_control("scale").set_value(4.0).run()
    assert "full" not in {toggle.key for toggle in app.toggle}
