"""Settings for one photograph of a list alone, without a browser."""

import pytest

from tests.ui.steps import CUP, album, dropped, finished, opened, reopened

pytestmark = pytest.mark.slow


@pytest.fixture
def one(app):
    """Three photographs enlarged by 2, the second of which is to keep its size and to get its tones revived."""
    dropped(app, CUP, CUP, CUP)
    opened(app, 1)
    app.segmented_control("for").set_value("this").run()
    app.segmented_control("scale").set_value(1.0).run()
    app.toggle("tone").set_value(True).run()
    return app


def back(app):
    return next(each for each in app.button if each.label == "All photographs").click().run()


def marked(app):
    """Whether the row of each photograph says that it has its own settings."""
    return ["own settings" in each.proto.body for each in app.get("html") if 'class="row"' in each.proto.body]


def sizes(app):
    return [picture.done.layers.size[0] // picture.done.original_size[0] for picture in album(app).pictures]


def test_each_is_restored_with_its_own_settings_and_the_list_tells_them_apart(one):
    back(one)
    assert one.segmented_control("scale").value == 2.0
    assert not one.toggle("tone").value
    assert marked(one) == [False, True, False]
    one.button("restore.list").click().run()
    finished(one)
    assert sizes(one) == [2, 1, 2]
    tones = ["tone" in [stage.name for stage in picture.done.plan.stages] for picture in album(one).pictures]
    assert tones == [False, True, False]


def test_they_are_found_again_after_a_reload_and_from_the_list(one):
    again = reopened(one)
    assert (again.segmented_control("for").value, again.segmented_control("scale").value) == ("this", 1.0)
    back(again)
    assert "for" not in again.query_params
    opened(again, 0)
    assert (again.segmented_control("for").value, again.segmented_control("scale").value) == ("all", 2.0)
    back(again)
    opened(again, 1)
    assert (again.segmented_control("for").value, again.segmented_control("scale").value) == ("this", 1.0)
    assert again.toggle("tone").value


def test_they_become_those_for_all(one):
    one.segmented_control("for").set_value("all").run()
    back(one)
    assert one.segmented_control("scale").value == 1.0
    assert marked(one) == [False, False, False]


def test_they_are_given_up_for_those_for_all(one):
    one.button("scope.reset").click().run()
    assert (one.segmented_control("for").value, one.segmented_control("scale").value) == ("all", 2.0)
    back(one)
    assert marked(one) == [False, False, False]


def test_a_change_for_all_leaves_them(one):
    back(one)
    one.segmented_control("scale").set_value(4.0).run()
    opened(one, 1)
    assert one.segmented_control("scale").value == 1.0
    back(one)
    assert one.segmented_control("scale").value == 4.0


def test_a_single_photograph_has_no_such_choice(app):
    dropped(app, CUP)
    assert "for" not in {control.key for control in app.segmented_control}
