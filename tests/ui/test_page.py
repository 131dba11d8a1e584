"""The page's logic, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models import catalog
from pipeline.options import rules
from pipeline.stages import ORDER

APP = str(Path(__file__).parents[2] / "app.py")


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    return AppTest.from_file(APP, default_timeout=60).run()


def labels(elements):
    return [element.label for element in elements]


def test_the_first_screen_asks_for_one_thing(app):
    assert not app.exception
    assert app.title[0].value == "Restoration Studio"
    assert "Choose a photograph" in app.info[0].value
    assert "Restore" not in labels(app.button)
    assert not app.slider


def test_restore_comes_with_a_photograph(app):
    app.file_uploader[0].set_value(("cup.jpg", b"bytes", "image/jpeg")).run()
    assert "Restore" in labels(app.button)


def test_advanced_mode_shows_every_option_of_every_stage(app):
    app.segmented_control[0].set_value("Advanced").run()
    assert not app.exception
    shown = {element.key for element in (*app.slider, *app.selectbox, *app.toggle)}
    wanted = {f"{kind.name}.{name}" for kind in ORDER for name in rules(kind)}
    assert wanted | {f"{kind.name}.on" for kind in ORDER} == shown


def test_turning_everything_off_is_told(app):
    app.segmented_control[0].set_value("Advanced").run()
    for toggle in app.toggle:
        if toggle.key.endswith(".on"):
            toggle.set_value(False)
    app.run()
    assert "No stage is on" in app.warning[0].value


def test_missing_models_offer_their_download(app):
    offered = [label for label in labels(app.button) if label.startswith("Download")]
    assert "Download (67 MB)" in offered
    assert len(offered) == sum(not spec.bundled for spec in catalog.MODELS)
