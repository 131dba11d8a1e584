"""How large pictures are printed."""

import io

import numpy as np
import pytest
from PIL import Image

from pipeline.codecs import paper
from pipeline.photo import Output, encode_photo, read_photo


def file(dpi=(300, 300), size=(400, 600)):
    exif = Image.Exif()
    exif[0x11A], exif[0x11B], exif[0x128] = dpi[0], dpi[1], 2
    buffer = io.BytesIO()
    Image.fromarray(np.full((*size[::-1], 3), 128, np.uint8)).save(buffer, "JPEG", dpi=dpi, exif=exif)
    return buffer.getvalue()


def written(pixels, output, **options):
    data = encode_photo(pixels, read_photo(file(**options)), output).data
    with Image.open(io.BytesIO(data)) as image:
        return image.size, image.info.get("dpi"), image.getexif().get(0x11A)


@pytest.mark.parametrize("form", ["jpeg", "png", "tiff"])
@pytest.mark.parametrize("factor", [0.5, 1, 4])
def test_a_print_is_as_large_as_the_original(form, factor):
    pixels = np.full((round(600 * factor), round(400 * factor), 3), 0.5, np.float32)
    _, dpi, exif = written(pixels, Output(form))
    assert dpi == pytest.approx((300 * factor, 300 * factor), abs=0.1)
    assert exif == pytest.approx(300 * factor)


def test_a_large_picture_is_reduced_to_300_dpi_of_the_paper():
    size, dpi, exif = written(np.full((6000, 4000, 3), 0.5, np.float32), Output("jpeg", paper="10x15"))
    assert size == (1181, 1772)
    assert dpi == pytest.approx((300, 300))
    assert exif == pytest.approx(300)


@pytest.mark.parametrize("turned", [False, True])
def test_a_small_picture_keeps_its_pixels_and_fills_the_paper(turned):
    pixels = np.full((600, 400, 3), 0.5, np.float32)
    size, dpi, _ = written(pixels.transpose(1, 0, 2) if turned else pixels, Output("png", paper="10x15"))
    assert size == ((600, 400) if turned else (400, 600))
    width, height = (side / dots * 2.54 for side, dots in zip(size, dpi, strict=True))
    assert (min(width, height), max(width, height)) == pytest.approx((10, 15), abs=0.05)


def test_a_narrow_picture_lies_inside_the_paper():
    fitted, dots = paper.fitted(np.zeros((3000, 300, 3), np.float32), "10x15")
    assert fitted.shape[0] / dots * 2.54 == pytest.approx(15, abs=0.01)
