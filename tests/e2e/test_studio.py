"""The main job as a person does it: a photograph in, Restore, the sliders, the download."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from playwright.sync_api import expect

from tests.photographs import noisy, photograph

pytestmark = pytest.mark.browser

CAMERA = "Old Camera 7"


def upright(side):
    return noisy(photograph("astronaut", side), 0.02)


def sideways_jpeg(side):
    """A JPEG as a phone writes it: stored sideways, orientation 6, with a camera's name and a profile."""
    stored = np.rot90((upright(side) * 255).astype(np.uint8), 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0110] = CAMERA
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    Image.fromarray(stored).crop((0, 0, side, side * 4 // 5)).save(
        buffer, "JPEG", quality=92, exif=exif, icc_profile=profile, dpi=(300, 300)
    )
    return buffer.getvalue()


def upload(page, name, data):
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})
    page.get_by_text(name).first.wait_for()


def restored(page):
    page.get_by_role("button", name="Download", exact=True).wait_for()


def download(page):
    with page.expect_download() as caught:
        page.get_by_role("button", name="Download", exact=True).click()
    return caught.value.suggested_filename, caught.value.path().read_bytes()


def test_a_photograph_is_restored_and_downloaded_whole(page):
    upload(page, "grandma.jpg", sideways_jpeg(1120))
    page.get_by_role("radio", name="×4").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    restored(page)
    page.get_by_text("896×1120 → 3584×4480 pixels").wait_for()
    name, data = download(page)
    assert name == "grandma_restored.png"
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (896 * 4, 1120 * 4)
        assert image.getexif()[0x0110] == CAMERA
        assert image.getexif().get(0x0112, 1) == 1
        assert image.info["dpi"][0] == pytest.approx(300, abs=1)
        assert "sRGB" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"])))
        small = np.asarray(image.convert("RGB").resize((224, 280), Image.Resampling.BOX), np.float32) / 255
    truth = Image.fromarray((photograph("astronaut", 1120) * 255).astype(np.uint8))
    expected = np.asarray(truth.crop((224, 0, 1120, 1120)).resize((224, 280), Image.Resampling.BOX), np.float32) / 255
    assert np.abs(small - expected).mean() < 0.03


def test_missing_models_are_named_and_the_rest_goes_on(page):
    soft = Image.fromarray((photograph("coffee", 300) * 255).astype(np.uint8)).resize(
        (600, 400), Image.Resampling.BICUBIC
    )
    buffer = io.BytesIO()
    soft.save(buffer, "JPEG", quality=95)
    upload(page, "soft.jpg", buffer.getvalue())
    page.get_by_role("button", name="Restore", exact=True).click()
    restored(page)
    page.get_by_text("Deblur was left out").wait_for()


def test_a_slider_changes_the_picture_without_a_new_run(page):
    upload(page, "cup.jpg", sideways_jpeg(320))
    page.get_by_role("button", name="Restore", exact=True).click()
    restored(page)
    after = page.locator("img.after")
    first = after.get_attribute("src")
    slider = page.get_by_role("slider", name="Blur")
    slider.focus()
    for _ in range(20):
        slider.press("ArrowRight")
    expect(after).not_to_have_attribute("src", first, timeout=10_000)
    assert page.get_by_role("button", name="Cancel").count() == 0


def test_what_is_not_a_picture_is_refused_in_words(page):
    upload(page, "notes.jpg", b"these are only words")
    page.get_by_role("button", name="Restore", exact=True).click()
    page.get_by_role("alert").first.wait_for()
    assert "Traceback" not in page.content()


def test_cancel_stops_the_work(page):
    upload(page, "big.jpg", sideways_jpeg(1400))
    page.get_by_role("radio", name="×4").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled").wait_for(timeout=5000)


def test_advanced_mode_runs_just_the_stages_that_are_on(page):
    upload(page, "cup.jpg", sideways_jpeg(320))
    page.get_by_role("radio", name="Advanced").click()
    page.get_by_text("Upscale: enlarges").click()
    page.get_by_role("button", name="Restore", exact=True).click()
    restored(page)
    page.get_by_text("256×320 → 512×640 pixels").wait_for()
