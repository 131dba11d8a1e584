"""The page's logic, without a browser."""

import io
import re

import numpy as np
import pytest
import tifffile
from streamlit.testing.v1 import AppTest

from studio.jobs import State
from tests.api.asking import blocked
from tests.ui.steps import CUP, EXAMPLE, ROOT, album, captions, drawn, dropped, finished, labels
from ui.shop import workshop

pytestmark = pytest.mark.slow


def test_the_first_screen_asks_for_one_thing(app):
    assert not app.exception
    assert "Restore" not in labels(app.button)
    assert not app.slider
    assert not app.toggle
    assert len(app.file_uploader) == 1


def test_an_example_is_restored_by_one_click(app):
    app.button("try.coffee").click().run()
    assert album(app).pictures[0].job is not None
    finished(app)
    assert album(app).pictures[0].done.layers.size == (1200, 800)
    assert "300 × 200 → 1200 × 800 pixels" in captions(app)


def test_a_photograph_brings_simple_settings_and_one_button(chosen):
    assert "Restore" in labels(chosen.button)
    assert not chosen.slider


def test_restore_restores(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    assert album(chosen).pictures[0].state is State.DONE
    assert "Restore again" in labels(chosen.button)


def test_the_page_of_a_file_of_several_is_chosen(app):
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for width in (100, 110, 120):
            writer.write(np.full((90, width, 3), width, np.uint8), photometric="rgb")
    dropped(app, ("scans.tif", file.getvalue(), "image/tiff"))
    (choice,) = app.number_input
    assert (choice.label, choice.value, choice.max) == ("Page (of 3)", 1, 3)
    other = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60)
    other.query_params["album"] = app.query_params["album"]
    other.run()
    drawn(choice.set_value(2).run())
    assert not app.exception
    assert "110 × 90" in captions(app)
    assert app.number_input[0].value == 2
    other.run()  # a tab that showed the first page
    assert (other.number_input[0].value, album(app).pictures[0].page) == (2, 2)
    app.button("restore").click().run()
    finished(app)
    assert album(app).pictures[0].done.original_size == (110, 90)
    drawn(app.number_input[0].set_value(3).run())  # beside the settings of another restoration
    assert not app.exception
    assert "120 × 90" in captions(app)
    assert album(app).pictures[0].restored is None


def test_a_file_of_one_page_has_no_choice(chosen):
    assert not chosen.number_input


def test_names_of_chance_may_hold_what_streamlit_keeps_for_itself(app, monkeypatch):
    monkeypatch.setattr("secrets.token_urlsafe", lambda count: "cup__of_tea")
    dropped(app, CUP)
    app.toggle("repair").set_value(True).run()
    app.toggle("mask.on.cup__of_tea.0").set_value(True).run()
    assert not app.exception
    app.button("restore").click().run()
    finished(app)


def test_a_reload_finds_the_album_again(chosen):
    again = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60)
    again.query_params["album"] = chosen.query_params["album"]
    again.run()
    assert not again.exception
    assert "Restore" in labels(again.button)


def test_an_album_that_is_gone_is_told(app):
    app.query_params["album"] = "nosuch"
    app.run()
    assert "no longer kept" in app.info[0].value
    assert len(app.file_uploader) == 1


def test_a_failure_of_the_page_itself_is_told_without_its_insides(app, monkeypatch, caplog):
    def fail():
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr("ui.screens.photograph.show", fail)
    app.run()
    told = app.error[0].value
    assert "reload" in told
    reference = re.search(r"reference: (\w+)", told)[1]
    assert not app.exception
    assert re.search(f"{reference}.*nobody expected this", caplog.text, re.DOTALL)


def test_a_failure_of_a_job_is_told_without_its_insides(chosen, monkeypatch, caplog):
    def fail(*_, **__):
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr("studio.workshop.restore", fail)
    chosen.button("restore").click().run()
    (picture,) = album(chosen).pictures
    assert picture.job.wait(60)
    chosen.run()
    assert not chosen.exception
    assert picture.job.id in re.sub(r"\\(.)", r"\1", chosen.error[0].value)
    assert re.search(f"{picture.job.id}.*nobody expected this", caplog.text, re.DOTALL)


def test_a_name_is_shown_as_it_is(app):
    name = "1954 *Anna* & __Max__ $5-$6 :star: [x](y) `z` #1 «№ 7» – “ž”.jpg"
    dropped(app, (name, EXAMPLE.read_bytes(), "image/jpeg"))
    assert re.sub(r"\\(.)", r"\1", app.subheader[0].value) == name
    assert not re.search(r"(?<!\\)[*_$:\[\]`#]", app.subheader[0].value)
    assert not re.search(r"\\[^!-~]", app.subheader[0].value)  # Markdown would show the backslash


def test_what_is_no_picture_is_told_before_it_is_restored(app):
    dropped(app, ("notes.jpg", b"these are only words", "image/jpeg"))
    assert "Expected a picture" in app.error[0].value
    assert "Restore" not in labels(app.button)


def test_one_broken_file_harms_no_other(app):
    good = EXAMPLE.read_bytes()
    files = [("a.jpg", good, "image/jpeg"), ("broken.jpg", b"words", "image/jpeg"), ("b.jpg", good, "image/jpeg")]
    dropped(app, *files)
    app.button("restore.list").click().run()
    finished(app)
    states = [picture.state for picture in album(app).pictures]
    assert states == [State.DONE, State.FAILED, State.DONE]
    assert labels(app.button).count("Open") == 3


def test_cancel_is_pressed_once_and_says_so(chosen):
    with blocked(workshop()._networks):
        chosen.button("restore").click().run()
        assert chosen.button("cancel").label == "Cancel"
        chosen.button("cancel").click().run()
        assert "Cancelled. The photograph was not changed." in [info.value for info in chosen.info]
        assert "Restore" in labels(chosen.button)
