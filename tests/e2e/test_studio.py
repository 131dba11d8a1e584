"""The main job as a person does it: a photograph in, Restore, the result, the download."""

import io
import json
import re

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.plan import from_json
from tests.e2e.steps import CAMERA, download, opened, restore, restored, sideways_jpeg, upload
from tests.photographs import photograph

pytestmark = pytest.mark.browser


def test_a_photograph_is_restored_and_downloaded_whole(page):
    upload(page, ("grandma.jpg", sideways_jpeg(1120)))
    page.get_by_role("radio", name="×4").click()
    restore(page)
    restored(page)
    page.get_by_text("896 × 1120 → 3584 × 4480 pixels").wait_for()
    name, data = download(page)
    assert name == "grandma_restored.png"
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (896 * 4, 1120 * 4)
        assert image.getexif()[0x0110] == CAMERA
        assert image.getexif().get(0x0112, 1) == 1
        assert image.info["dpi"][0] == pytest.approx(4 * 300, abs=1)  # it is printed as large as the original
        assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"])))
        small = np.asarray(image.convert("RGB").resize((224, 280), Image.Resampling.BOX), np.float32) / 255
    truth = Image.fromarray((photograph("astronaut", 1120) * 255).astype(np.uint8))
    expected = np.asarray(truth.crop((224, 0, 1120, 1120)).resize((224, 280), Image.Resampling.BOX), np.float32) / 255
    assert np.abs(small - expected).mean() < 0.03


def test_suggestions_come_without_moving_the_switches(page):
    faded = Image.fromarray((photograph("chelsea", 900) * 75 + 100).astype(np.uint8))
    buffer = io.BytesIO()
    faded.save(buffer, "JPEG", quality=95)
    upload(page, ("faded.jpg", buffer.getvalue()))
    switches = page.get_by_role("switch").or_(page.get_by_role("checkbox"))
    page.get_by_text("Checking what this photograph needs").wait_for()
    switches.first.wait_for()  # Streamlit fetches the script of switches when it needs it
    before = [switch.bounding_box() for switch in switches.all()]
    page.get_by_text("“Revive tones” can bring back its blacks and whites").wait_for()
    assert [switch.bounding_box() for switch in switches.all()] == before
    assert len(before) >= 4
    page.get_by_text("Checking what this photograph needs").wait_for(state="detached")


def test_an_example_is_restored_by_one_click(page):
    page.get_by_role("button", name="Restore the coffee cup").click()
    restored(page)
    page.get_by_text("300 × 200 → 1200 × 800 pixels").wait_for()


def test_a_missing_model_is_named_and_nothing_is_begun_without_it(page):
    upload(page, ("cup.jpg", sideways_jpeg(300)))
    page.get_by_role("radio", name="Advanced").click()
    page.get_by_label("Model").first.wait_for()
    page.goto(f"{page.url}&upscale.model=realesrgan-x4plus")
    page.get_by_text("Real-ESRGAN x4plus is not downloaded yet").wait_for()
    assert page.get_by_role("button", name="Restore", exact=True).is_disabled()


def test_the_file_is_named_and_encoded_as_asked(page):
    page.get_by_role("button", name="Restore the portrait").click()
    restored(page)
    page.get_by_label("Format").scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list that is open closes when the page scrolls
    page.get_by_label("Format").click()
    page.get_by_role("option", name="JPEG").click()
    page.get_by_role("slider", name="Quality").wait_for()
    page.get_by_label("File name").fill("Eileen ☆")
    name, data = download(page)  # at once: the name must not be lost
    assert name == "Eileen ☆.jpg"
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.size) == ("JPEG", (800, 800))


def test_the_settings_are_what_the_command_line_takes(page):
    page.get_by_role("button", name="Restore the portrait").click()
    restored(page)
    slider = page.get_by_role("slider", name="Sharpen").first
    slider.focus()
    for _ in range(4):
        with page.expect_response("**/finish"):
            slider.press("ArrowRight")
    _, data = download(page, "Settings")
    plan = from_json(data.decode())
    assert plan.finish.sharpen == pytest.approx(0.2)
    assert [stage.name for stage in plan.stages] == list(json.loads(data)["stages"])


def test_what_is_not_a_picture_is_refused_in_words(page):
    upload(page, ("notes.jpg", b"these are only words"))
    page.get_by_role("alert").first.wait_for()
    assert page.get_by_role("button", name="Restore", exact=True).count() == 0
    assert "Traceback" not in page.content()


def test_a_set_up_travels_in_the_address(page, visit):
    upload(page, ("cup.jpg", sideways_jpeg(320)))
    page.get_by_role("radio", name="Advanced").click()
    page.get_by_role("button", name="Drawing").click()
    page.wait_for_url(re.compile("upscale.scale=4"))
    other = visit(locale="ru-RU")
    other.goto(page.url)
    scale = other.get_by_role("slider", name="Кратность")
    scale.wait_for()
    assert float(scale.get_attribute("aria-valuenow") or scale.input_value()) == 4


def test_the_language_is_the_browsers_and_can_be_chosen(visit):
    page = visit(locale="ru-RU")
    page.get_by_text("Новая жизнь старых фотографий").wait_for()
    page.get_by_role("combobox", name="Язык").click()
    page.get_by_role("option", name="English").click()
    page.get_by_text("Give old photographs a new life").wait_for()
    page.reload()
    page.get_by_text("Give old photographs a new life").wait_for()


def test_the_strengths_of_stages_are_blended_without_a_new_run(page):
    page.get_by_role("button", name="Restore the portrait").click()
    restored(page)
    _, whole = download(page)
    page.get_by_text("Strength of each stage").click()
    for slider in page.locator(".strengths").get_by_role("slider").all():
        with page.expect_response("**/finish"):
            slider.press("Home")
    assert page.get_by_role("button", name="Cancel").count() == 0
    _, data = download(page)
    with Image.open("examples/astronaut_before.jpg") as source:
        enlarged = cv2.resize(np.asarray(source.convert("RGB"), np.float32), (800, 800), interpolation=cv2.INTER_CUBIC)
    assert np.abs(opened(data) - enlarged).mean() < 0.5
    assert np.abs(opened(whole) - enlarged).mean() > 1.5
