"""What a photograph needs: switched on, suggested, and done."""

import cv2
import numpy as np
import pytest

from tests.api.asking import blocked
from tests.photographs import photograph
from tests.ui.steps import CUP, album, captions, dropped, finished, names_of_stages, reopened
from ui.shop import workshop

pytestmark = pytest.mark.slow


FADED = cv2.imencode(".png", (photograph("chelsea", 200)[..., ::-1] * 75 + 100).astype(np.uint8))[1].tobytes()
HAZY = cv2.imencode(".png", (photograph("coffee", 200)[..., ::-1] * 150 + 40).astype(np.uint8))[1].tobytes()


def examined(app, name, data):
    """The page once it knows what a photograph needs."""
    with blocked(workshop()._networks):
        dropped(app, (name, data, "image/png"))
        assert "Checking what this photograph needs …" in captions(app)
    assert album(app).pictures[0].examination.wait(60)
    app.run()
    assert "Checking what this photograph needs …" not in captions(app)


def test_what_a_photograph_surely_needs_is_on_with_its_reason_until_somebody_switches_it_off(app):
    examined(app, "faded.png", FADED)
    assert app.toggle("tone").value
    assert any("faded" in text and "Switched on for you" in text for text in captions(app))
    app.toggle("tone").set_value(False).run()
    assert not any("Switched on" in text for text in captions(app))
    assert not reopened(app).toggle("tone").value
    app.button("restore").click().run()
    finished(app)
    assert "tone" not in names_of_stages(app)


def test_what_a_photograph_may_need_is_suggested_only(app):
    examined(app, "hazy.png", HAZY)
    assert not app.toggle("tone").value
    assert any("faded" in text and "lightbulb" in text for text in captions(app))
    app.toggle("tone").set_value(True).run()
    assert not any("faded" in text for text in captions(app))


def test_suggestions_are_told_in_advanced_mode_too(app):
    examined(app, "hazy.png", HAZY)
    app.segmented_control("mode").set_value("advanced").run()
    assert any("faded" in text and "lightbulb" in text for text in captions(app))


def test_what_is_surely_needed_is_done_also_where_nobody_waited_for_it(app):
    with blocked(workshop()._networks):
        dropped(app, ("faded.png", FADED, "image/png"))
        app.button("restore").click().run()
    finished(app)
    assert "tone" in names_of_stages(app)


@pytest.mark.parametrize("is_wanted", [True, False])
def test_each_photograph_of_a_list_gets_what_it_needs(app, is_wanted):
    dropped(app, ("faded.png", FADED, "image/png"), CUP)
    app.toggle("each").set_value(is_wanted).run()
    app.button("restore.list").click().run()
    finished(app)
    assert ["tone" in names_of_stages(app, number) for number in (0, 1)] == [is_wanted, False]


def test_the_switches_keep_their_state_when_suggestions_come(app):
    with blocked(workshop()._networks):
        dropped(app, CUP)
        app.toggle("repair").set_value(True).run()
    assert album(app).pictures[0].examination.wait(60)
    app.run()
    assert [app.toggle(name).value for name in ("repair", "tone", "colorize")] == [True, False, False]
    app.button("restore").click().run()
    finished(app)
    assert [stage.name for stage in album(app).pictures[0].plan.stages][:2] == ["denoise", "repair"]
