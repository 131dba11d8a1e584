"""Colours are converted to sRGB by the embedded profile, with a notice about the conversion."""

import imagecodecs
import numpy as np
import pytest

from pipeline.codecs import tags
from pipeline.photo import read_photo
from tests.pipeline import photo_files as files

SCENE = files.scene()


def codes(photo):
    return [notice.code for notice in photo.notices]


def test_cmyk_without_a_profile_gives_a_notice():
    cmyk = files.scene(channels=4)
    for data in (files.save_cmyk(cmyk, "TIFF"), files.save_cmyk(cmyk, "JPEG", quality=100)):
        photo = read_photo(data)
        assert codes(photo) == ["profile-assumed"]
        ink = cmyk / 255
        np.testing.assert_allclose(photo.pixels, (1 - ink[..., :3]) * (1 - ink[..., 3:]), atol=0.03)


def test_cmyk_is_converted_by_its_profile():
    cmyk = files.scene(channels=4)
    profile = files.cmyk_profile()
    for form in ("TIFF", "JPEG"):
        options = {"quality": 100} if form == "JPEG" else {}
        photo = read_photo(files.save_cmyk(cmyk, form, icc_profile=profile, **options))
        assert codes(photo) == ["profile-converted"]
        assert "Test press" in photo.notices[0].values["profile"]
        np.testing.assert_allclose(photo.pixels, files.srgb_by_lcms(cmyk, profile), atol=0.04)


def test_an_srgb_profile_changes_no_bit_and_gives_no_notice():
    deep = files.scene(dtype=np.uint16)
    srgb = imagecodecs.cms_profile("srgb")
    photo = read_photo(files.save_tiff(deep, iccprofile=srgb))
    assert codes(photo) == []
    assert (np.rint(photo.pixels * 65535) == deep).all()


def test_profiles_are_applied_in_float():
    deep = files.scene(dtype=np.uint16)
    photo = read_photo(files.save_tiff(deep, iccprofile=files.ADOBE_RGB))
    eight = files.srgb_by_lcms(files.scene(), files.ADOBE_RGB)
    np.testing.assert_allclose(photo.pixels, eight, atol=0.03)
    assert len(np.unique(photo.pixels)) > 1000


def test_grey_is_converted_by_a_grey_profile():
    grey = files.scene(channels=1)
    photo = read_photo(files.save(grey, "PNG", icc_profile=files.GREY_18))
    linear = (grey[..., 0] / 255) ** 1.8
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(photo.pixels[..., 0], expected, atol=2e-3)
    assert codes(photo) == ["profile-converted"]


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        (b"junk" * 100, "profile-damaged"),
        (files.ADOBE_RGB[:400], "profile-damaged"),
        (files.GREY_18, "profile-mismatch"),
    ],
    ids=["junk", "cut", "grey"],
)
def test_an_unusable_profile_is_ignored_with_a_notice(profile, code):
    photo = read_photo(files.save(SCENE, "PNG", icc_profile=profile))
    assert codes(photo) == [code]
    assert (np.rint(photo.pixels * 255) == SCENE).all()


def test_adobe_rgb_in_exif_is_converted_without_a_profile():
    interop = tags.Field(tags.LONG, {1: tags.Field(2, b"R03\0")})
    details = tags.Field(tags.LONG, {tags.INTEROP_IFD: interop})
    block = tags.header("<") + tags.write_table({tags.EXIF_IFD: details}, "<", 8)
    photo = read_photo(files.save(SCENE, "PNG", exif=block))
    np.testing.assert_allclose(photo.pixels, files.srgb_by_lcms(SCENE, files.ADOBE_RGB), atol=0.01)
