"""A TIFF of several pages: the page of the studio says so, and a person chooses one."""

import io

import numpy as np
import pytest
import tifffile

from tests.e2e.steps import download, opened, restore, restored
from tests.photographs import photograph

pytestmark = pytest.mark.browser

SCANS = [(photograph(name, 300) * 255).astype(np.uint8) for name in ("coffee", "chelsea", "astronaut")]


def colour_of_preview(page):
    """The mean colour of the picture that the browser shows."""
    return page.locator("img.preview").evaluate(
        """async image => {
            await image.decode()
            const canvas = new OffscreenCanvas(1, 1), context = canvas.getContext("2d")
            context.imageSmoothingQuality = "high"
            context.drawImage(image, 0, 0, 1, 1)
            return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
        }"""
    )


def test_a_person_chooses_a_page_and_gets_it(page):
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        for scan in SCANS:
            writer.write(scan, photometric="rgb")
    payload = {"name": "scans.tif", "mimeType": "image/tiff", "buffer": file.getvalue()}
    page.locator("input[type=file]").first.set_input_files(payload)
    choice = page.get_by_label("Page (of 3)", exact=True)
    choice.wait_for()
    first = colour_of_preview(page)
    choice.fill("3")
    choice.press("Enter")
    page.get_by_text("300 × 300", exact=True).wait_for()
    page.locator("img.preview[src$='page=3']").wait_for()
    assert colour_of_preview(page) != first
    page.get_by_text("Keep size").click()
    restore(page)
    restored(page)
    page.get_by_text("300 × 300 → 300 × 300 pixels").wait_for()
    _, data = download(page)
    result = opened(data).astype(float)
    differences = [np.abs(result[:199] - scan[:199].astype(float)).mean() for scan in SCANS]
    assert np.argmin(differences) == 2
    assert differences[2] < 8
