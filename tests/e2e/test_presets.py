"""Own presets in a real browser: saved, picked after a reload, downloaded, opened from a file and deleted."""

import json

import pytest
from playwright.sync_api import expect

from pipeline.plan import from_json, to_json
from tests.e2e.steps import sideways_jpeg, upload
from tests.e2e.test_access import serious
from ui.presets import _without_places

pytestmark = pytest.mark.browser

MODULE = "presets/presets.js"
BUSY_MS = 60_000


@pytest.fixture
def presets(page):
    """The open list of presets under a photograph, in simple mode."""
    upload(page, ("cup.jpg", sideways_jpeg(160)))
    return opened(page)


def opened(page):
    page.get_by_text("My presets", exact=True).click()
    page.locator(".presets form").wait_for()
    return page


def save(page, name):
    page.get_by_label("Name of a new preset").fill(name)
    page.locator(".presets").get_by_role("button", name="Save", exact=True).click()


def pick(page, name):
    return page.locator(".presets .pick", has_text=name)


def open_file(page, text):
    file = {"name": "settings.json", "mimeType": "application/json", "buffer": text.encode()}
    page.locator(".presets input[type=file]").set_input_files(file)


def test_settings_are_saved_picked_again_and_deleted(presets):
    save(presets, "<b>Grandmother</b>")
    expect(pick(presets, "<b>Grandmother</b>")).to_have_attribute("aria-pressed", "true")
    assert not serious(presets)
    presets.locator(".st-key-scale button").nth(2).click()
    presets.wait_for_url("**scale=4*")
    expect(pick(presets, "<b>Grandmother</b>")).to_have_attribute("aria-pressed", "false", timeout=BUSY_MS)
    presets.reload()
    pick(opened(presets), "<b>Grandmother</b>").click()
    expect(pick(presets, "<b>Grandmother</b>")).to_have_attribute("aria-pressed", "true", timeout=BUSY_MS)
    assert "scale=" not in presets.url
    presets.get_by_role("button", name="Delete <b>Grandmother</b>").click()
    expect(presets.locator(".presets .pick")).to_have_count(0)
    presets.get_by_text("They are kept in this browser only.").wait_for()


def test_a_file_is_that_of_the_command_line(presets, tmp_path):
    with presets.expect_download() as caught:
        presets.get_by_role("button", name="Download these settings").click()
    plan = from_json(caught.value.path().read_text())
    assert [stage.name for stage in plan.stages][:2] == ["denoise", "deblur"]
    parts = json.loads(to_json(plan))
    parts["stages"]["sharpen"]["amount"] = 0.7
    open_file(presets, json.dumps(parts))
    presets.wait_for_url("**mode=advanced*sharpen.amount=0.7*", timeout=BUSY_MS)
    parts["stages"]["denoise"]["model"] = "/home/her/mine.safetensors"
    open_file(presets, json.dumps(parts))
    presets.get_by_text("got mine.safetensors").wait_for(timeout=BUSY_MS)
    open_file(presets, "not settings")
    presets.get_by_text("Settings must be JSON").wait_for(timeout=BUSY_MS)
    assert "mine.safetensors" not in presets.url


def test_places_on_one_photograph_are_not_saved():
    text = '{"version": 2, "stages": {"faces": {"strengths": "0.4,0.2,0", "strength": 0.5}}}'
    (stage,) = _without_places(from_json(text)).stages
    assert (stage.strengths, stage.strength) == ("", 0.5)


def test_what_the_browser_kept_is_read_with_care(js):
    known = {"name": "A", "settings": "{}"}
    for text in (None, "{", "3", '[3, {"name": "B"}]'):
        assert js.call(MODULE, "presetsOf", text) == []
    assert js.call(MODULE, "presetsOf", json.dumps([known])) == [known]
    assert js.call(MODULE, "withPreset", [known], {"name": "A", "settings": "[]"}) == [{"name": "A", "settings": "[]"}]
    many = [{"name": str(at), "settings": ""} for at in range(50)]
    assert js.call(MODULE, "withPreset", many, known) == [*many[1:], known]
