"""Every cell of the README's round-trip table; outputs are read back by other decoders than ours."""

import io
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.photo import Output, encode_photo, read_photo
from tests.pipeline import photo_files as files

TABLE = Path(__file__).parents[1] / "data" / "roundtrip.md"
OUTPUTS = {"PNG": "png", "JPEG": "jpeg", "WebP": "webp", "TIFF": "tiff"}
KEPT = {"all": set(OUTPUTS), "not JPEG": {"PNG", "WebP", "TIFF"}, "PNG, TIFF": {"PNG", "TIFF"}}


def cells(feature):
    """Return the rows of the table for one feature: input, output, and whether it is kept."""
    rows = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in TABLE.read_text().splitlines()]
    column = rows[0].index(feature)
    claims = [(row[0], row[column]) for row in rows[2:] if row[column] != "·"]
    assert claims
    return [pytest.param(i, o, o in KEPT[claim], id=f"{i}-{o}") for i, claim in claims for o in OUTPUTS]


def form(name):
    return "WEBP" if name == "WebP" else name


def opened(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def pixels_of(data):
    return np.asarray(opened(data).convert("RGB"), np.float32) / 255


def trip(data, output, **options):
    photo = read_photo(data)
    return photo, encode_photo(photo.pixels, photo, Output(OUTPUTS[output], quality=98, **options))


def loaded(name, array, **options):
    return files.save(array, form(name), **files.LOSSLESS_ENOUGH.get(form(name), {}), **options)


@pytest.mark.parametrize(("source", "output", "kept"), cells("orientation"))
def test_orientation(source, output, kept):
    upright = files.scene()
    data = loaded(source, files.stored(upright, 6), exif=files.exif(6))
    photo, encoded = trip(data, output)
    assert kept
    assert photo.size == photo.original_size == (files.WIDTH, files.HEIGHT)
    np.testing.assert_allclose(pixels_of(encoded.data), upright / 255, atol=0.06)
    assert opened(encoded.data).getexif()[0x112] == 1


@pytest.mark.parametrize(("source", "output", "kept"), cells("ICC profile"))
def test_icc_profile(source, output, kept):
    data = loaded(source, files.scene(), icc_profile=files.ADOBE_RGB)
    photo, encoded = trip(data, output)
    assert kept
    assert [n.code for n in photo.notices] == ["profile-converted"]
    assert "Adobe RGB" in photo.notices[0].values["profile"]
    np.testing.assert_allclose(pixels_of(encoded.data), files.srgb_by_lcms(files.scene(), files.ADOBE_RGB), atol=0.06)
    assert b"s\0R\0G\0B" in opened(encoded.data).info["icc_profile"]


@pytest.mark.parametrize(("source", "output", "kept"), cells("EXIF"))
def test_exif(source, output, kept):
    _, encoded = trip(loaded(source, files.scene(), exif=files.exif()), output)
    assert kept
    block = opened(encoded.data).getexif()
    details = block.get_ifd(0x8769)
    assert (block[0x10F], details[0x9003], details[0x927C]) == ("Zeiss", "1938:06:01 12:00:00", files.MAKER_NOTE)
    assert block.get_ifd(0x8825)[2] == (48.0, 30.0, 30.0)


@pytest.mark.parametrize(("source", "output", "kept"), cells("XMP"))
def test_xmp(source, output, kept):
    packet = files.XMP.format(orientation=1).encode()
    if source == "GIF":
        data = files.gif_with_xmp(packet)
    elif source == "PNG":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode())
        data = loaded(source, files.scene(), pnginfo=text)
    elif source == "TIFF":
        data = files.save_tiff(files.scene(), extratags=[(700, 1, len(packet), packet, True)])
    else:
        data = loaded(source, files.scene(), xmp=packet)
    _, encoded = trip(data, output)
    assert kept
    assert "Grandmother at the lake · Бабушка" in opened(encoded.data).info["xmp"].decode()


@pytest.mark.parametrize(("source", "output", "kept"), cells("dpi"))
def test_dpi(source, output, kept):
    options = {"exif": files.exif()} if source in ("WebP", "AVIF", "HEIC") else {"dpi": files.DPI}
    _, encoded = trip(loaded(source, files.scene(), **options), output)
    assert kept
    picture = opened(encoded.data)
    block = picture.getexif()
    dpi = (block[0x11A], block[0x11B]) if output == "WebP" else picture.info["dpi"]
    assert dpi == pytest.approx(files.DPI, abs=0.1)


@pytest.mark.parametrize(("source", "output", "kept"), cells("alpha"))
def test_alpha(source, output, kept):
    data, rgba = files.with_alpha(form(source))
    _, encoded = trip(data, output)
    picture = opened(encoded.data)
    codes = [n.code for n in encoded.notices]
    if kept:
        np.testing.assert_array_equal(np.asarray(picture)[..., 3], rgba[..., 3])
        assert "alpha-flattened" not in codes
    else:
        assert "alpha-flattened" in codes
        opacity = rgba[..., 3:] / 255
        np.testing.assert_allclose(pixels_of(encoded.data), rgba[..., :3] / 255 * opacity + 1 - opacity, atol=0.1)


def deep(source):
    """Return a file of 16 bits a channel (AVIF and HEIC: 10) and its values."""
    codes = files.scene(dtype=np.uint16)
    if source == "PNG":
        return imagecodecs.png_encode(codes), codes
    if source == "TIFF":
        return files.save_tiff(codes, compression="lzw"), codes
    if source == "AVIF":
        return imagecodecs.avif_encode(codes >> 6, level=100, bitspersample=10), (codes >> 6) * 65535.0 / 1023
    file = io.BytesIO()
    heif = pillow_heif.from_bytes("RGB;16", (files.WIDTH, files.HEIGHT), codes.tobytes())
    heif.save(file, quality=-1, chroma=444)
    return file.getvalue(), codes >> 6 << 6


@pytest.mark.parametrize(("source", "output", "kept"), cells("16 bits"))
def test_sixteen_bits(source, output, kept):
    data, codes = deep(source)
    photo, encoded = trip(data, output)
    assert photo.depth == 16
    assert kept == ("depth-reduced" not in [n.code for n in encoded.notices])
    if kept:
        decode = imagecodecs.png_decode if output == "PNG" else lambda b: tifffile.imread(io.BytesIO(b))
        back = decode(encoded.data)
        assert back.dtype == np.uint16
        np.testing.assert_allclose(back.astype(float), codes, atol=200 if source == "HEIC" else 0.5)
    else:
        np.testing.assert_allclose(pixels_of(encoded.data), codes / 65535, atol=0.06)
