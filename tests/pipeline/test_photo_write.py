"""Files hold the pixels exactly, with notices about what a format cannot hold."""

import io
import zlib
from dataclasses import replace

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.codecs import canvas
from pipeline.codecs.colour import srgb_profile
from pipeline.codecs.encode import for_screen
from pipeline.codecs.encode_png import joined_adler32
from pipeline.errors import OptionError, PhotoUnwritable
from pipeline.photo import Output, encode_photo, read_photo, restored_name
from tests.pipeline import photo_files as files

PHOTO = read_photo(files.save(files.scene(), "PNG"), name="Фото 1938.jpg")
DEEP = replace(PHOTO, depth=16)


def back(data, form):
    return imagecodecs.png_decode(data) if form == "png" else tifffile.imread(io.BytesIO(data))


@given(
    st.integers(1, 40), st.integers(1, 60), st.sampled_from(["png", "tiff"]), st.sampled_from([8, 16]), st.booleans(),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_png_and_tiff_are_lossless_in_any_number_of_bands(height, width, form, depth, has_alpha, seed):
    rng = np.random.default_rng(seed)
    white = 2**depth - 1
    codes = rng.integers(0, white + 1, (height, width, 4 if has_alpha else 3))
    floats = (codes / white).astype(np.float32)
    photo = replace(PHOTO, depth=depth, alpha=floats[..., 3] if has_alpha else None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canvas, "BAND_PIXELS", 200)
        data = encode_photo(floats[..., :3], photo, Output(form)).data
    decoded = back(data, form)
    assert decoded.dtype == (np.uint8 if depth == 8 else np.uint16)
    assert (decoded.reshape(codes.shape) == codes).all()


def test_tiff_has_the_byte_order_of_its_exif_block():
    block = Image.Exif()
    block.endian = ">"
    block[0x10F] = "Zeiss"
    raw = block.tobytes().removeprefix(b"Exif\0\0")
    assert raw[:2] == b"MM"
    codes = files.scene(dtype=np.uint16)
    photo = replace(DEEP, metadata=replace(PHOTO.metadata, exif=raw))
    data = encode_photo((codes / 65535).astype(np.float32), photo, Output("tiff")).data
    assert (back(data, "tiff") == codes).all()
    assert Image.open(io.BytesIO(data)).getexif()[0x10F] == "Zeiss"


def test_eight_bits_are_rounded_and_clipped():
    pixels = np.full((8, 8, 3), 0.5, np.float32)
    pixels[0, 0], pixels[0, 1], pixels[0, 2] = -0.2, 1.2, 0.4999 / 255
    codes = back(encode_photo(pixels, PHOTO, Output()).data, "png")
    assert codes[0, :4, 0].tolist() == [0, 255, 0, 128]


@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_a_reduced_depth_gives_a_notice(form):
    assert [n.code for n in encode_photo(PHOTO.pixels, DEEP, Output(form)).notices] == ["depth-reduced"]
    assert encode_photo(PHOTO.pixels, PHOTO, Output(form)).notices == ()


def test_dropping_opaque_alpha_gives_no_notice():
    photo = replace(PHOTO, alpha=np.ones((files.HEIGHT, files.WIDTH), np.float32))
    assert encode_photo(PHOTO.pixels, photo, Output("jpeg")).notices == ()


@pytest.mark.parametrize("factor", [4, 0.5])
def test_alpha_is_resized_with_the_colours(factor):
    alpha = np.zeros((files.HEIGHT, files.WIDTH), np.float32)
    alpha[8:24, 12:36] = 1
    photo = replace(PHOTO, alpha=alpha)
    pixels = cv2.resize(PHOTO.pixels, None, fx=factor, fy=factor)
    codes = back(encode_photo(pixels, photo, Output()).data, "png")
    assert codes.shape == (*pixels.shape[:2], 4)
    truth = cv2.resize(alpha, pixels.shape[1::-1], interpolation=cv2.INTER_NEAREST) * 255
    assert np.abs(codes[..., 3] - truth).mean() < 6


def test_transparent_edges_get_no_dark_fringe():
    rgba = np.zeros((40, 40, 4), np.uint8)
    rgba[10:30, 10:30] = (250, 240, 230, 255)
    photo = read_photo(files.save(rgba, "PNG"))
    big = cv2.resize(photo.pixels, (160, 160), interpolation=cv2.INTER_CUBIC)
    codes = back(encode_photo(big, photo, Output()).data, "png")
    assert np.abs(codes[..., :3].astype(int) - (250, 240, 230)).max() <= 1


def test_quality_changes_size_and_subsampling():
    sizes = [len(encode_photo(PHOTO.pixels, PHOTO, Output("jpeg", quality=q)).data) for q in (20, 92, 100)]
    assert sizes == sorted(sizes)
    sharp = Image.open(io.BytesIO(encode_photo(PHOTO.pixels, PHOTO, Output("jpeg")).data))
    assert all(layer[1:3] == (1, 1) for layer in sharp.layer)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
def test_the_same_picture_gives_the_same_bytes(form):
    first = encode_photo(PHOTO.pixels, PHOTO, Output(form)).data
    assert first == encode_photo(PHOTO.pixels, PHOTO, Output(form)).data


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
def test_every_output_embeds_an_srgb_profile(form):
    data = encode_photo(PHOTO.pixels, PHOTO, Output(form, metadata="strip")).data
    assert Image.open(io.BytesIO(data)).info["icc_profile"] == srgb_profile()


@pytest.mark.parametrize(("form", "width"), [("jpeg", 65_501), ("webp", 16_384)])
def test_a_side_too_long_for_the_format_is_refused(form, width):
    with pytest.raises(PhotoUnwritable, match=f"pixels a side.*{width} x 8.*PNG or TIFF"):
        encode_photo(np.zeros((8, width, 3), np.float32), PHOTO, Output(form))


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(form, value):
    pixels = PHOTO.pixels.copy()
    pixels[3, 4, 1] = value
    with pytest.raises(PhotoUnwritable, match="not finite numbers"):
        encode_photo(pixels, PHOTO, Output(form))


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(PhotoUnwritable, match=r"\(H, W, 3\), got \(8, 8\)"):
        encode_photo(np.zeros((8, 8), np.float32), PHOTO, Output())


@pytest.mark.parametrize("options", [{"format": "bmp"}, {"quality": 0}, {"quality": 101}, {"metadata": "some"}])
def test_options_are_checked(options):
    with pytest.raises(OptionError, match=next(iter(options))):
        Output(**options)


def test_names_of_restored_files():
    assert restored_name(PHOTO.name, Output()) == "Фото 1938_restored.png"
    assert restored_name(PHOTO.name, Output("jpeg")) == "Фото 1938_restored.jpg"


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_checksums_of_bands_combine_to_that_of_the_whole(first, second):
    whole = joined_adler32(zlib.adler32(first), zlib.adler32(second), len(second))
    assert whole == zlib.adler32(first + second)


def test_a_picture_for_the_screen_is_rounded_to_8_bits():
    pixels = np.random.default_rng(3).random((37, 53, 3), np.float32)
    np.testing.assert_array_equal(back(for_screen(pixels), "png"), np.rint(pixels * 255).astype(np.uint8))
