"""Colours stated by code points instead of a profile are converted to sRGB, or a notice says that they are not."""

import struct

import imagecodecs
import numpy as np
import pytest

from pipeline.codecs import cicp
from pipeline.photo import read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()


def codes(photo):
    return [notice.code for notice in photo.notices]


def png_with(*chunks):
    """Return a PNG file with chunks of colour in front of the pixels."""
    data = files.save(SCENE, "PNG")
    return data[:33] + b"".join(files.chunk(kind, body) for kind, body in chunks) + data[33:]


def heic(primaries, transfer):
    options = {"color_primaries": primaries, "transfer_characteristics": transfer, "matrix_coefficients": 1}
    return files.save(SCENE, "HEIC", chroma=444, full_range_flag=1, **options)


def avif(primaries, transfer):
    return imagecodecs.avif_encode(SCENE, level=100, primaries=primaries, transfer=transfer)


def png(primaries, transfer):
    return png_with((b"cICP", bytes([primaries, transfer, 0, 1])))


def srgb(light):
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def light(codes):
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


P3_TO_SRGB = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]])
BT2020_TO_SRGB = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""Matrices as published in ITU-R BT.2087 and by Apple."""


@pytest.mark.parametrize(("matrix", "primaries"), [(P3_TO_SRGB, 12), (BT2020_TO_SRGB, 9)])
@pytest.mark.parametrize("write", [png, avif, heic])
def test_wide_colours_are_converted(write, matrix, primaries):
    photo = read_photo(write(primaries, 13))
    assert codes(photo) == ["profile-converted"]
    expected = srgb(light(SCENE / 255) @ matrix.T)
    np.testing.assert_allclose(photo.pixels, expected, atol=0.001 if write is png else 0.06)


@pytest.mark.parametrize("write", [png, avif, heic])
@pytest.mark.parametrize(("primaries", "transfer"), [(1, 13), (1, 1), (2, 2), (1, 6)])
def test_ordinary_colours_change_no_bit(write, primaries, transfer):
    photo = read_photo(write(primaries, transfer))
    assert codes(photo) == []
    if write is png:
        assert (np.rint(photo.pixels * 255) == SCENE).all()


@pytest.mark.parametrize("write", [png, avif, heic])
def test_an_unknown_statement_gives_a_notice(write):
    photo = read_photo(write(1, 10))
    assert codes(photo) == ["colours-not-converted"]
    np.testing.assert_allclose(photo.pixels, SCENE / 255, atol=0.04)


def test_a_narrow_range_in_png_gives_a_notice():
    assert codes(read_photo(png_with((b"cICP", bytes([1, 13, 0, 0]))))) == ["colours-not-converted"]


def test_pq_up_to_white_is_converted_exactly():
    """BT.2100: the code 0.5807 is 203 cd/m2, the white of BT.2408, and 0.5081 is 100 cd/m2."""
    grey = np.full((8, 8, 3), 0.580689, np.float32)
    grey[:4] = 0.508078
    pixels = cicp.convert(grey, cicp.Cicp(1, cicp.PQ))
    np.testing.assert_allclose(pixels[7], 1, atol=1e-3)
    np.testing.assert_allclose(pixels[0], srgb(100 / 203), atol=2e-3)


def test_highlights_are_compressed_and_keep_their_order():
    ramp = np.linspace(0, 0.75, 400, dtype=np.float32)[None, :, None].repeat(3, axis=2).repeat(8, axis=0)
    for transfer in (cicp.PQ, cicp.HLG):
        pixels = cicp.convert(ramp / 0.75 if transfer == cicp.HLG else ramp, cicp.Cicp(9, transfer))
        steps = np.diff(pixels[0, :, 0])
        assert (steps >= -1e-6).all()
        assert pixels.max() == pytest.approx(1, abs=2e-3)
        assert (pixels[0, :, 0] < 0.995).mean() > 0.9


def test_hlg_white_is_white():
    """BT.2408: three quarters of HLG are 203 cd/m2 on a display of 1,000."""
    pixels = cicp.convert(np.full((8, 8, 3), 0.75, np.float32), cicp.Cicp(1, cicp.HLG))
    np.testing.assert_allclose(pixels, 1, atol=0.01)


def test_a_profile_precedes_code_points():
    data = files.save(SCENE, "AVIF", icc_profile=files.ADOBE_RGB)
    assert [notice.values["profile"] for notice in read_photo(data).notices] == ["Adobe RGB (compatible)"]


def test_gamma_and_chromaticities_of_png_are_used():
    linear = (b"gAMA", struct.pack(">I", 100_000))
    photo = read_photo(png_with(linear))
    assert codes(photo) == ["profile-converted"]
    np.testing.assert_allclose(photo.pixels, srgb(SCENE / 255), atol=1e-3)
    corners = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
    photo = read_photo(png_with((b"cHRM", struct.pack(">8I", *corners))))
    np.testing.assert_allclose(photo.pixels, srgb(light(SCENE / 255) @ P3_TO_SRGB.T), atol=1e-3)


@pytest.mark.parametrize(
    "chunks",
    [
        [(b"gAMA", struct.pack(">I", 45_455))],
        [(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))],
        [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))],
    ],
    ids=["gamma", "chromaticities", "sRGB"],
)
def test_what_common_writers_state_of_srgb_changes_no_bit(chunks):
    photo = read_photo(png_with(*chunks))
    assert codes(photo) == []
    assert (np.rint(photo.pixels * 255) == SCENE).all()
