"""Every kind of file is decoded to upright float RGB, with notices about deviations."""

import io

import imagecodecs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from pipeline.errors import OptionError, PhotoTooLarge
from pipeline.photo import MAX_PIXELS, read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIC")


def codes(photo):
    return [notice.code for notice in photo.notices]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_recognised_by_content(form, tmp_path):
    data = files.save(SCENE, form, **files.LOSSLESS_ENOUGH.get(form, {}))
    path = tmp_path / "Фото 1938.docx"
    path.write_bytes(data)
    photo = read_photo(path)
    assert photo.format.upper() == form
    assert (photo.size, photo.depth, photo.alpha, photo.notices) == ((files.WIDTH, files.HEIGHT), 8, None, ())
    assert photo.pixels.dtype == np.float32
    assert photo.name == "Фото 1938"
    np.testing.assert_allclose(photo.pixels, SCENE / 255, atol=0.1 if form == "GIF" else 0.04)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_every_orientation_is_rotated_upright(form, orientation):
    options = files.LOSSLESS_ENOUGH.get(form, {})
    data = files.save(files.stored(SCENE, orientation), form, exif=files.exif(orientation), **options)
    photo = read_photo(data)
    np.testing.assert_allclose(photo.pixels, SCENE / 255, atol=0.04)
    turned = orientation >= 5 and form != "HEIC"  # the HEIC decoder rotates by itself
    assert photo.metadata.dpi == pytest.approx((150, 300) if turned else (300, 150), abs=0.1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_rotates_16_bits_and_alpha(orientation):
    deep = files.scene(dtype=np.uint16, channels=4)
    data = files.save_tiff(
        files.stored(deep, orientation), extrasamples=[2], extratags=[(274, 3, 1, orientation, True)]
    )
    photo = read_photo(data)
    assert (np.rint(photo.pixels * 65535) == deep[..., :3]).all()
    assert (np.rint(photo.alpha * 65535) == deep[..., 3]).all()


@given(st.binary(min_size=2 * 8 * 9 * 3, max_size=2 * 8 * 9 * 3))
def test_sixteen_bits_are_exact_in_float(raw):
    deep = np.frombuffer(raw, np.uint16).reshape(8, 9, 3)
    photo = read_photo(imagecodecs.png_encode(deep))
    assert (np.rint(photo.pixels.astype(np.float64) * 65535) == deep).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_dark_scan_of_16_bits_has_a_depth_of_16(channels):
    dark = np.squeeze(files.scene(dtype=np.uint16, channels=channels) // 300)
    assert dark.max() < 256
    tiff = {"photometric": "rgb" if channels > 2 else "minisblack", "extrasamples": [2] if channels in (2, 4) else None}
    for data in (imagecodecs.png_encode(dark), files.save_tiff(dark, **tiff)):
        photo = read_photo(data)
        assert photo.depth == 16
        assert photo.pixels.max() < 0.004


def test_grey_one_bit_and_palette_are_read():
    grey = SCENE[..., :1]
    assert (np.rint(read_photo(files.save(grey, "PNG")).pixels * 255) == grey).all()
    bits = Image.fromarray(SCENE).convert("1")
    expected = np.asarray(bits.convert("RGB")) / 255
    for form in ("PNG", "TIFF", "BMP", "GIF"):
        file = io.BytesIO()
        bits.save(file, form)
        assert (read_photo(file.getvalue()).pixels == expected).all(), form
    palette = Image.fromarray(SCENE).quantize(32)
    for form in ("PNG", "TIFF", "BMP", "GIF"):
        file = io.BytesIO()
        palette.save(file, form)
        assert (np.rint(read_photo(file.getvalue()).pixels * 255) == np.asarray(palette.convert("RGB"))).all(), form


def test_a_transparent_palette_colour_becomes_alpha():
    palette = Image.fromarray(SCENE).quantize(32)
    file = io.BytesIO()
    palette.save(file, "PNG", transparency=3)
    photo = read_photo(file.getvalue())
    assert ((photo.alpha == 0) == (np.asarray(palette) == 3)).all()


@pytest.mark.parametrize("compression", ["group4", "packbits", "tiff_lzw", "tiff_adobe_deflate"])
def test_one_bit_scans_are_read(compression):
    bits = Image.fromarray(SCENE).convert("1")
    file = io.BytesIO()
    bits.save(file, "TIFF", compression=compression)
    assert (read_photo(file.getvalue()).pixels == np.asarray(bits.convert("RGB")) / 255).all()


@pytest.mark.parametrize(
    "options",
    [
        {"tile": (16, 16)},
        {"planarconfig": "separate"},
        {"byteorder": ">"},
        {"compression": "lzw", "predictor": 2},
        {"bigtiff": True},
    ],
    ids=str,
)
def test_every_layout_of_tiff_is_read(options):
    deep = files.scene(dtype=np.uint16)
    stored = np.moveaxis(deep, -1, 0) if "planarconfig" in options else deep
    photo = read_photo(files.save_tiff(stored, photometric="rgb", **options))
    assert (np.rint(photo.pixels * 65535) == deep).all()
    assert codes(photo) == []


def test_tiff_with_white_as_zero_is_inverted():
    grey = files.scene(dtype=np.uint16, channels=1)[..., 0]
    photo = read_photo(files.save_tiff(grey, photometric="miniswhite"))
    assert (np.rint(photo.pixels[..., 0] * 65535) == 65535 - grey).all()


def test_tiff_with_premultiplied_colours_becomes_straight():
    rgba = files.scene(dtype=np.uint16, channels=4)
    stored = rgba.copy()
    stored[..., :3] = np.rint(rgba[..., :3] * (rgba[..., 3:] / 65535))
    photo = read_photo(files.save_tiff(stored, photometric="rgb", extrasamples=[1]))
    np.testing.assert_allclose(photo.pixels, rgba[..., :3] / 65535, atol=1e-4)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "AVIF", "MPO"])
def test_the_first_of_several_pictures_is_read_with_a_notice(form):
    options = files.LOSSLESS_ENOUGH.get("JPEG" if form == "MPO" else form, {})
    other = Image.fromarray(255 - SCENE)
    photo = read_photo(files.save(SCENE, form, save_all=True, append_images=[other], **options))
    assert codes(photo) == ["first-frame"]
    np.testing.assert_allclose(photo.pixels, SCENE / 255, atol=0.1 if form == "GIF" else 0.04)


@given(
    st.integers(8, 120), st.integers(8, 120), st.integers(3200, 9000), st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([3, 4]),
)  # fmt: skip
def test_the_cap_is_never_exceeded_and_the_aspect_ratio_is_kept(width, height, cap, dtype, channels):
    picture = files.scene(width, height, dtype, channels)
    if channels == 4:
        picture[..., 3] = np.iinfo(dtype).max
    photo = read_photo(imagecodecs.png_encode(picture), max_pixels=cap)
    w, h = photo.size
    assert photo.original_size == (width, height)
    if width * height <= cap:
        assert (w, h) == (width, height)
        assert photo.notices == ()
        return
    assert cap - 2 * (w + h) <= w * h <= cap
    long, short = (w, h) if width >= height else (h, w)
    assert abs(short - long * min(width, height) / max(width, height)) <= 1
    assert codes(photo) == ["reduced"]
    assert photo.notices[0].values == {"w0": width, "h0": height, "w1": w, "h1": h}
    white = np.iinfo(dtype).max
    np.testing.assert_allclose(photo.pixels.mean((0, 1)), (picture[..., :3] / white).mean((0, 1)), atol=1e-4)


def test_reduction_averages_areas():
    fine = np.random.default_rng(0).integers(0, 256, (160, 240, 3)).astype(np.uint8)
    photo = read_photo(files.save(fine, "PNG"), max_pixels=80 * 120)
    blocks = fine.reshape(80, 2, 120, 2, 3).mean((1, 3)) / 255
    np.testing.assert_allclose(photo.pixels, blocks, atol=1e-5)


def test_a_rotated_photograph_is_reduced_upright():
    data = files.save(files.stored(files.scene(120, 60), 6), "PNG", exif=files.exif(6))
    photo = read_photo(data, max_pixels=3200)
    assert (photo.original_size, photo.size) == ((120, 60), (80, 40))


def test_strict_refuses_and_names_both_sizes():
    data = files.save(files.scene(120, 60), "PNG")
    with pytest.raises(PhotoTooLarge, match=r"120 x 60 .* 80 x 40.*max_pixels"):
        read_photo(data, max_pixels=3200, strict=True)
    assert read_photo(data, max_pixels=7200, strict=True).size == (120, 60)
    assert MAX_PIXELS == 2_000_000


def test_too_low_a_cap_is_refused():
    with pytest.raises(OptionError, match="max_pixels must lie between 3200 and 250000000, not 10"):
        read_photo(files.save(SCENE, "PNG"), max_pixels=10)


@given(st.integers(0, 255), st.integers(1, 254), st.integers(0, 2**32 - 1))
@example(4, 1, 130)  # hardly anything is visible
def test_alpha_leaves_no_dark_fringe(grey, visible, seed):
    """A picture of one visible colour, under any alpha and any hidden colour, is read as that colour."""
    rng = np.random.default_rng(seed)
    rgba = np.full((100, 90, 4), grey, np.uint8)
    rgba[..., 3] = np.where(rng.random((100, 90)) < 0.5, visible, 0)
    rgba[rgba[..., 3] == 0, :3] = 255 - grey
    for cap in (9000, 3200):
        photo = read_photo(imagecodecs.png_encode(rgba), max_pixels=cap)
        np.testing.assert_allclose(photo.pixels, grey / 255, atol=2e-3)


def test_hidden_pixels_take_the_nearest_visible_colour():
    rgba = files.scene(channels=4)
    rgba[..., 3] = 0
    rgba[:, 10, 3] = 255
    photo = read_photo(files.save(rgba, "PNG"))
    np.testing.assert_allclose(photo.pixels[:, 30], rgba[:, 10, :3] / 255, atol=0.02)
    nothing = files.save(np.zeros((20, 20, 4), np.uint8), "PNG")
    assert read_photo(nothing).pixels.max() == 0
