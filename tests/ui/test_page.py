"""The page's logic, without a browser."""

import io
import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from streamlit.testing.v1 import AppTest

from models import catalog
from models.files import weights
from pipeline import notices
from pipeline.methods.measures import blur_measure, noise_sigma
from pipeline.options import Line, rules
from pipeline.photo import Output, encode_photo, read_photo
from pipeline.plan import FINEST, simple
from pipeline.stages import ON_REQUEST, STAGES
from studio.jobs import State
from tests.api.asking import blocked
from tests.photographs import photograph
from ui import owner
from ui.shop import workshop

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "coffee_before.jpg"
CAMERA = ROOT / "examples" / "camera_before.jpg"
FADED = cv2.imencode(".png", (photograph("chelsea", 200)[..., ::-1] * 75 + 100).astype(np.uint8))[1].tobytes()
HAZY = cv2.imencode(".png", (photograph("coffee", 200)[..., ::-1] * 150 + 40).astype(np.uint8))[1].tobytes()


@pytest.fixture
def app(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    return AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60).run()


@pytest.fixture
def chosen(app):
    """The page after a photograph was dropped."""
    return dropped(app, ("cup.jpg", EXAMPLE.read_bytes(), "image/jpeg"))


def dropped(app, *files):
    """Drop photographs, and draw the page again where it did not wait for a preview."""
    app.file_uploader[0].set_value(list(files)).run()
    assert not app.exception
    preview = album(app).pictures[0].preview
    if "Opening the photograph …" in captions(app) and preview is not None:
        assert preview.wait(60)
        app.run()
    return app


def reopened(app):
    """The page of the same address in another tab."""
    again = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60)
    again.query_params.update(app.query_params)
    again.run()
    assert not again.exception
    return again


def names_of_stages(app, number=0):
    return [stage.name for stage in album(app).pictures[number].done.plan.stages]


def cells(row):
    return re.findall(r"<t[hd]>(.*?)</t[hd]>", row)


def captions(app):
    return [caption.value.replace("\N{NO-BREAK SPACE}", " ") for caption in app.caption]


def labels(elements):
    return [element.label for element in elements]


def album(app):
    return workshop().album(app.query_params["album"])


def finished(app):
    """Wait for every job of the album, and draw the page again."""
    for picture in album(app).pictures:
        assert picture.job.wait(60)
    app.run()
    assert not app.exception
    return app


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
    choice.set_value(2).run()
    assert not app.exception
    assert "110 × 90" in captions(app)
    assert app.number_input[0].value == 2
    other.run()  # a tab that showed the first page
    assert (other.number_input[0].value, album(app).pictures[0].page) == (2, 2)
    app.button("restore").click().run()
    finished(app)
    assert album(app).pictures[0].done.original_size == (110, 90)
    app.number_input[0].set_value(3).run()  # beside the settings of another restoration
    assert not app.exception
    assert "120 × 90" in captions(app)
    assert album(app).pictures[0].restored is None


def test_a_file_of_one_page_has_no_choice(chosen):
    assert not chosen.number_input


def test_names_of_chance_may_hold_what_streamlit_keeps_for_itself(app, monkeypatch):
    monkeypatch.setattr("secrets.token_urlsafe", lambda count: "cup__of_tea")
    dropped(app, ("cup.jpg", EXAMPLE.read_bytes(), "image/jpeg"))
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


def test_advanced_mode_shows_every_option_of_every_stage(chosen):
    chosen.segmented_control("mode").set_value("advanced").run()
    for kind in STAGES:
        chosen.toggle(f"{kind.name}.on").set_value(True)
    chosen.run()
    assert not chosen.exception
    drawn = (*chosen.slider, *chosen.selectbox, *chosen.toggle, *chosen.text_input)
    others = ("mask.", "hints.", "excerpt.", "cut.", "lang")
    shown = {element.key for element in drawn if not element.key.startswith(others)}
    every = [(f"{kind.name}.{name}", rule) for kind in STAGES for name, rule in rules(kind).items()]
    wanted = {name for name, rule in every if not isinstance(rule, Line)}
    assert wanted | {f"{kind.name}.on" for kind in STAGES} == shown


def test_advanced_mode_begins_with_what_simple_mode_does(chosen):
    chosen.segmented_control("mode").set_value("advanced").run()
    chosen.button("restore").click().run()
    (picture,) = album(chosen).pictures
    assert picture.plan.stages == simple().stages


def test_turning_everything_off_is_told(chosen):
    chosen.segmented_control("mode").set_value("advanced").run()
    for toggle in chosen.toggle:
        if toggle.key.endswith(".on"):
            toggle.set_value(False)
    chosen.run()
    assert "No stage is on" in chosen.warning[0].value


def test_a_preset_sets_the_stages(chosen):
    chosen.segmented_control("mode").set_value("advanced").run()
    chosen.button("preset.drawing").click().run()
    assert chosen.slider("upscale.scale").value == 4.0
    assert not chosen.toggle("post-denoise.on").value
    assert [button.icon for button in chosen.button if button.key == "preset.drawing"] == [":material/check:"]
    chosen.slider("upscale.scale").set_value(3.0).run()
    assert not any(button.icon for button in chosen.button if str(button.key).startswith("preset."))


def test_choices_stand_in_the_address_without_their_translation(chosen):
    chosen.segmented_control("mode").set_value("advanced").run()
    chosen.selectbox("upscale.model").set_value("realesrgan-x4plus").run()
    assert chosen.query_params["mode"] == "advanced"
    assert chosen.query_params["upscale.model"] == "realesrgan-x4plus"
    again = AppTest.from_file(str(ROOT / "ui" / "main.py"), default_timeout=60)
    again.query_params.update(chosen.query_params)
    again.run()
    assert again.selectbox("upscale.model").value == "realesrgan-x4plus"


def test_a_change_stays_where_the_next_comes_before_the_browser_knows_its_address(chosen):
    before = dict(chosen.query_params)
    chosen.segmented_control("mode").set_value("advanced").run()
    chosen.query_params.clear()
    chosen.query_params.update(before)  # what a browser sends that has not received the address yet
    chosen.toggle("post-denoise.on").set_value(False).run()
    assert chosen.query_params["mode"] == "advanced"
    assert chosen.query_params["post-denoise.on"] == "false"
    assert chosen.segmented_control("mode").value == "advanced"


def test_going_back_takes_a_change_back(chosen):
    before = dict(chosen.query_params)
    chosen.segmented_control("mode").set_value("advanced").run()
    chosen.query_params.clear()
    chosen.query_params.update(before)
    chosen.run()
    assert chosen.segmented_control("mode").value == "simple"
    chosen.segmented_control("mode").set_value("advanced").run()
    assert chosen.query_params["mode"] == "advanced"


def test_a_model_that_is_missing_is_offered_to_the_owner_where_it_is_chosen(chosen, monkeypatch):
    monkeypatch.setattr(workshop(), "config", replace(workshop().config, admin_token="a token of the owner"))
    chosen.segmented_control("mode").set_value("advanced").run()
    chosen.selectbox("upscale.model").set_value("realesrgan-x4plus").run()
    assert any(caption.startswith("The owner of this studio decides") for caption in captions(chosen))
    assert "Download Real-ESRGAN x4plus (67 MB)" not in labels(chosen.button)
    chosen.session_state[owner._IS_OWNER] = True
    chosen.run()
    assert "Download Real-ESRGAN x4plus (67 MB)" in labels(chosen.button)


def test_one_broken_file_harms_no_other(app):
    good = EXAMPLE.read_bytes()
    files = [("a.jpg", good, "image/jpeg"), ("broken.jpg", b"words", "image/jpeg"), ("b.jpg", good, "image/jpeg")]
    dropped(app, *files)
    app.button("restore.list").click().run()
    finished(app)
    states = [picture.state for picture in album(app).pictures]
    assert states == [State.DONE, State.FAILED, State.DONE]
    assert labels(app.button).count("Open") == 3


def compared(app, name, data):
    """Compare the result with a reference, and wait for the figures."""
    uploader = next(each for each in app.file_uploader if each.label == "Compare with a reference file")
    with blocked(workshop()._results):
        uploader.set_value((name, data, "image/png")).run()
        assert "Comparing …" in captions(app)  # the page does not wait
    assert app.session_state["comparison"][1].wait(60)
    app.run()
    assert not app.exception


def test_a_reference_of_the_same_size_is_compared_and_another_is_refused(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    compared(chosen, "small.jpg", EXAMPLE.read_bytes())
    assert "300 × 200" in chosen.warning[0].value
    done = album(chosen).pictures[0]
    truth = encode_photo(done.rendered(), read_photo(EXAMPLE), Output()).data
    compared(chosen, "truth.png", truth)
    psnr, ssim = (metric.value for metric in chosen.metric)
    assert float(psnr.removesuffix(" dB")) > 50
    assert float(ssim) > 0.999


def test_a_reference_that_is_no_picture_is_refused_in_words(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    compared(chosen, "notes.png", b"these are only words")
    assert "Expected a picture" in chosen.error[0].value
    assert not chosen.metric


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
    dropped(app, ("faded.png", FADED, "image/png"), ("cup.jpg", EXAMPLE.read_bytes(), "image/jpeg"))
    app.toggle("each").set_value(is_wanted).run()
    app.button("restore.list").click().run()
    finished(app)
    assert ["tone" in names_of_stages(app, number) for number in (0, 1)] == [is_wanted, False]


def test_settings_outlive_a_reload_while_a_photograph_is_restored(chosen):
    chosen.toggle("repair").set_value(True).run()
    chosen.segmented_control("scale").set_value(4.0).run()
    with blocked(workshop()._networks):
        chosen.button("restore").click().run()
        again = reopened(chosen)
    album(chosen).pictures[0].job.wait(60)
    again.run()
    assert again.toggle("repair").value
    assert again.segmented_control("scale").value == 4.0


def test_advanced_mode_begins_with_what_was_chosen_in_simple_mode(chosen):
    chosen.toggle("colorize").set_value(True).run()
    chosen.segmented_control("scale").set_value(4.0).run()
    chosen.segmented_control("mode").set_value("advanced").run()
    assert chosen.toggle("colorize.on").value
    assert chosen.slider("upscale.scale").value == 4.0
    again = reopened(chosen)
    assert again.slider("upscale.scale").value == 4.0


def test_the_switches_keep_their_state_when_suggestions_come(app):
    with blocked(workshop()._networks):
        dropped(app, ("cup.jpg", EXAMPLE.read_bytes(), "image/jpeg"))
        app.toggle("repair").set_value(True).run()
    assert album(app).pictures[0].examination.wait(60)
    app.run()
    assert [app.toggle(name).value for name in ("repair", "tone", "colorize")] == [True, False, False]
    app.button("restore").click().run()
    finished(app)
    assert [stage.name for stage in album(app).pictures[0].plan.stages][:2] == ["denoise", "repair"]


@pytest.mark.parametrize("name", ON_REQUEST)
def test_a_switch_of_simple_mode_is_in_the_plan(chosen, name):
    with blocked(workshop()._networks):
        chosen.toggle(name).set_value(True).run()
        chosen.button("restore").click().run()
        (picture,) = album(chosen).pictures
        picture.job.cancel()
    assert picture.plan.stages == simple(also=[name]).stages


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


def test_what_a_machine_guessed_can_be_marked_on_the_picture(app):
    dropped(app, ("camera.jpg", CAMERA.read_bytes(), "image/jpeg"))
    app.button("restore").click().run()
    finished(app)
    assert "mark" not in {toggle.key for toggle in app.toggle}
    app.toggle("colorize").set_value(True).run()
    app.button("restore").click().run()
    finished(app)
    assert album(app).pictures[0].done.guesses == ("colours",)
    assert not app.toggle("mark").value


def test_the_report_measures_before_and_after(chosen):
    with blocked(workshop()._results):
        chosen.button("restore").click().run()
        finished(chosen)
    table = next(each.proto.body for each in chosen.get("html") if "<th>Before</th>" in each.proto.body)
    rows = {row[0]: row[1:] for row in map(cells, table.split("<tr>")) if row}
    assert rows[""] == ["Before", "After"]
    assert rows["Size"] == ["300 × 200", "600 × 400"]
    layers = album(chosen).pictures[0].done.layers
    before, after = (layers.picture(index) for index in (0, len(layers.names) - 1))
    assert rows["Noise"] == [f"{noise_sigma(image) * 255:.1f}" for image in (before, after)]
    assert rows["Blur"] == [f"{blur_measure(image):.2f}" for image in (before, after)]
    assert float(rows["Noise"][0]) > float(rows["Noise"][1])


def test_the_figures_of_a_notice_stand_in_the_report(chosen):
    chosen.button("restore").click().run()
    finished(chosen)
    notice = next(each for each in album(chosen).pictures[0].done.notices if notices.figures(each))
    assert any(notices.headline(notice) in caption for caption in captions(chosen))
    assert any(notices.figures(notice) in each.proto.body for each in chosen.get("html"))


def test_cancel_is_pressed_once_and_says_so(chosen):
    with blocked(workshop()._networks):
        chosen.button("restore").click().run()
        assert chosen.button("cancel").label == "Cancel"
        chosen.button("cancel").click().run()
        assert "Cancelled. The photograph was not changed." in [info.value for info in chosen.info]
        assert "Restore" in labels(chosen.button)


def test_what_differs_from_the_order_is_told_in_the_language_of_the_page(app):
    app.selectbox("lang").set_value("ru").run()
    dropped(app, ("cup.jpg", EXAMPLE.read_bytes(), "image/jpeg"))
    app.button("restore").click().run()
    finished(app)
    told = [caption for caption in captions(app) if caption.startswith(":material/info:")]
    assert told
    for caption in told:
        assert re.search("[а-я]", caption.removeprefix(":material/info:")), caption


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
