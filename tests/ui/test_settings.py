"""Simple and advanced settings, presets, and how they stand in the address."""

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from pipeline.options import Line, rules
from pipeline.plan import simple
from pipeline.stages import ON_REQUEST, STAGES
from tests.api.asking import blocked
from tests.ui.steps import ROOT, album, captions, labels, reopened
from ui import owner
from ui.shop import workshop

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize("name", ON_REQUEST)
def test_a_switch_of_simple_mode_is_in_the_plan(chosen, name):
    with blocked(workshop()._networks):
        chosen.toggle(name).set_value(True).run()
        chosen.button("restore").click().run()
        (picture,) = album(chosen).pictures
        picture.job.cancel()
    assert picture.plan.stages == simple(also=[name]).stages
