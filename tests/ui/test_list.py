"""The list of several photographs, and the result of one, without a browser."""

import json
from dataclasses import replace

import pytest

from pipeline.plan import arrange, simple
from pipeline.stages import Tone
from studio.jobs import State
from tests.ui.steps import CUP, album, captions, dropped, finished, labels, names_of_stages, opened
from ui.screens import album as screen
from ui.shop import workshop

pytestmark = pytest.mark.slow

WORDS = ("words.jpg", b"words", "image/jpeg")


def uploader(app, key):
    return next(each for each in app.file_uploader if each.key.startswith(key))


def test_a_photograph_of_a_list_can_be_opened_before_it_is_restored(app):
    dropped(app, CUP, WORDS)
    opened(app, 0)
    assert app.subheader[0].value == "cup\\.jpg"
    assert "Restore" in labels(app.button)


def test_a_file_that_failed_can_be_opened_and_says_why(app):
    dropped(app, CUP, WORDS)
    app.button("restore.list").click().run()
    finished(app)
    assert "1 of 2 restored · 1 failed" in [warning.value for warning in app.warning]
    opened(app, 1)
    assert any("Expected a picture" in error.value for error in app.error)


def test_what_failed_is_tried_again_alone(app):
    dropped(app, CUP, WORDS)
    app.button("restore.list").click().run()
    finished(app)
    first = album(app).pictures[0].restored
    album(app).pictures[1].source.write_bytes(CUP[1])
    assert app.button("restore.list").label == "Try the failed ones again"
    app.button("restore.list").click().run()
    finished(app)
    assert [picture.state for picture in album(app).pictures] == [State.DONE, State.DONE]
    assert album(app).pictures[0].restored is first


def test_the_download_of_all_is_quiet_until_most_are_restored(app):
    dropped(app, CUP, CUP, CUP)
    assert not zips(app)
    for number, expected in ((0, ("Download those restored (1) as ZIP", True)), (2, ("Download all as ZIP", False))):
        workshop().submit("", album(app).pictures[: number + 1], simple(1.0))
        finished_so_far = [picture.job for picture in album(app).pictures if picture.job]
        assert all(job.wait(60) for job in finished_so_far)
        app.run()
        assert zips(app) == [expected]


def zips(app):
    """The label of each download of a ZIP, and whether it is a quiet button."""
    drawn = [json.loads(each.proto.json) for each in app.get("bidi_component") if "ZIP" in each.proto.json]
    return [(each["label"], each["isSecond"]) for each in drawn]


def test_photographs_are_removed_and_added_and_no_number_is_given_twice(app):
    dropped(app, CUP, WORDS, CUP)
    folder = album(app).folder
    app.button("remove.1").click().run()
    assert not (folder / "1").exists()
    assert list(album(app).numbered) == [0, 2]
    uploader(app, "add").set_value([CUP, CUP]).run()
    assert list(album(app).numbered) == [0, 2, 3, 4]
    assert "4 photographs" in [each.value for each in app.subheader]


def test_a_list_whose_last_photograph_is_removed_leads_to_the_first_screen(app):
    dropped(app, CUP, CUP, CUP)
    for number in (0, 1):
        app.button(f"remove.{number}").click().run()
    assert "open.2" not in {button.key for button in app.button}  # the last one is open
    album(app).remove(2)
    app.run()
    assert "album" not in app.query_params
    assert uploader(app, "drop")


def test_what_is_pressed_on_a_photograph_that_is_gone_does_not_restore_the_others(app):
    dropped(app, CUP, CUP, CUP)
    opened(app, 1)
    album(app).remove(1)  # in another tab
    app.button("restore").click().run()
    assert "no longer in the list" in app.info[0].value
    assert all(picture.job is None for picture in album(app).pictures)


def test_simple_mode_goes_on_with_what_was_chosen_in_advanced_mode(chosen):
    chosen.segmented_control("mode").set_value("advanced").run()
    chosen.toggle("tone.on").set_value(True).run()
    chosen.slider("upscale.scale").set_value(4.0).run()
    chosen.segmented_control("mode").set_value("simple").run()
    assert chosen.toggle("tone").value
    assert chosen.segmented_control("scale").value == 4.0


def test_a_long_list_has_pages(app, monkeypatch):
    monkeypatch.setattr(screen, "_ROWS", 2)
    dropped(app, CUP, CUP, CUP)
    keys = {button.key for button in app.button}
    assert {"open.0", "open.1"} <= keys
    assert "open.2" not in keys
    app.selectbox(f"list.{app.query_params['album']}").set_value(2).run()
    assert "open.2" in {button.key for button in app.button}


def test_the_result_says_in_one_sentence_what_was_done(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    assert "Noise removed, enlarged ×2 and sharpened." in [each.value for each in chosen.markdown]


def test_a_stage_that_declined_runs_all_the_same_where_somebody_insists(chosen):
    chosen.toggle("tone").set_value(True).run()
    chosen.button("restore").click().run()
    finished(chosen)
    assert any("has not faded" in caption for caption in captions(chosen))
    chosen.button("insist.tone").click().run()
    finished(chosen)
    (picture,) = album(chosen).pictures
    assert Tone(always=True) in picture.done.plan.stages
    assert "tone" in names_of_stages(chosen)
    assert "insist.tone" not in {button.key for button in chosen.button}


def test_a_stage_that_acts_already_cannot_insist():
    assert Tone(always=True).insisting() is None
    assert arrange([Tone().insisting()]).stages == (Tone(always=True),)


def test_a_list_says_beforehand_that_large_photographs_come_out_smaller(app, monkeypatch):
    shop = workshop()
    monkeypatch.setattr(shop, "config", replace(shop.config, max_pixels=10_000, max_full_pixels=200_000))
    monkeypatch.setattr(shop._previews, "_max_pixels", 10_000)
    dropped(app, CUP, CUP)
    assert not app.warning
    for picture in album(app).pictures:  # as the browser asks for them
        assert shop.preview("", picture).wait(60)
    app.run()
    assert "smaller than they are: cup\\.jpg with 244 × 162 pixels instead of 300 × 200" in app.warning[0].value
    app.toggle("full").set_value(True).run()
    assert not app.warning
    app.button("restore.list").click().run()
    finished(app)
    assert [picture.done.layers.size for picture in album(app).pictures] == [
        (488, 326)
    ] * 2  # as the cap of that allows
