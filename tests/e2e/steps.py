"""What a person does on the page, and pictures to do it with."""

import io

import numpy as np
from PIL import Image, ImageCms

from tests.photographs import noisy, photograph

CAMERA = "Old Camera 7"
BUSY_MS = 150_000
"""Milliseconds to wait for a restoration or a file: it may be a busy machine."""


def sideways_jpeg(side):
    """A JPEG as a phone writes it: stored sideways, orientation 6, with a camera's name and a profile."""
    stored = np.rot90((noisy(photograph("astronaut", side), 0.02) * 255).astype(np.uint8), 1)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x0110] = CAMERA
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    Image.fromarray(stored).crop((0, 0, side, side * 4 // 5)).save(
        buffer, "JPEG", quality=92, exif=exif, icc_profile=profile, dpi=(300, 300)
    )
    return buffer.getvalue()


def upload(page, *files):
    """Drop files, each a name and its bytes, and wait for the page that asks what to do with them."""
    payload = [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in files]
    page.locator("input[type=file]").first.set_input_files(payload)
    page.get_by_text(files[0][0]).first.wait_for()


def restore(page):
    page.get_by_role("button", name="Restore", exact=True).click()


def restored(page):
    """Wait for the result, with its picture drawn and the page at rest."""
    failure = page.locator("[data-testid=stException], [data-testid=stAlertContentError]")
    page.locator(".viewer").or_(failure).first.wait_for(timeout=BUSY_MS)
    assert failure.all_inner_texts() == [], failure.all_inner_texts()
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('.after .base')?.naturalWidth)"
    )


def spread(page, frame, start, end):
    """Lay two fingers on a frame, `start` pixels from each other, and move them until they are `end` apart."""
    box = frame.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    def fingers(kind, apart):
        points = [{"x": x + side * apart / 2, "y": y, "id": number} for number, side in enumerate((-1, 1))]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points if kind != "touchEnd" else []})

    fingers("touchStart", start)
    for step in range(1, 5):
        fingers("touchMove", start + (end - start) * step / 4)
    fingers("touchEnd", end)


def download(page, button="Download"):
    """Press a download button; return the file's name and its bytes."""
    with page.expect_download(timeout=BUSY_MS) as caught:
        page.get_by_role("button", name=button, exact=True).click()
    return caught.value.suggested_filename, caught.value.path().read_bytes()


def opened(data):
    """The pixels of a file, uint8 RGB."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB"))
