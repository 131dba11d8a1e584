"""Convert samples of any ICC profile to sRGB in float, by Little CMS."""

import io
from functools import cache

import imagecodecs
import numpy as np
from PIL import ImageCms

from pipeline.arrays import Image
from pipeline.codecs import cicp
from pipeline.codecs.cicp import Cicp
from pipeline.codecs.raster import Space
from pipeline.notices import Notice

BAND_ROWS = 256
SIGNATURES: dict[bytes, Space] = {b"GRAY": "GRAY", b"RGB ": "RGB", b"CMYK": "CMYK"}
INVISIBLE = 0.5 / 255


@cache
def srgb_profile() -> bytes:
    """Return an sRGB profile with a fixed creation date, so that it is the same in every process."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes.fromhex("07ce000200090006001f0000")  # 9 February 1998, the date in HP's sRGB profile
    return bytes(profile)


@cache
def adobe_rgb_profile() -> bytes:
    """Return the Adobe RGB profile, for cameras that state Adobe RGB in EXIF and embed no profile."""
    return bytes(imagecodecs.cms_profile("adobergb"))


def to_srgb(
    samples: Image, space: Space, icc: bytes | None, stated: Cicp | None = None
) -> tuple[Image, tuple[Notice, ...]]:
    """Return samples converted to sRGB, and notices about the conversion.

    Parameters
    ----------
    samples : ndarray of float32, shape (H, W, C)
        In [0, 1]; C is 1 for grey, 3 for RGB, 4 for CMYK.
    space : {'GRAY', 'RGB', 'CMYK'}
    icc : bytes or None
        The embedded profile. Without one, grey and RGB are taken as sRGB, and CMYK as ideal inks.
    stated : Cicp or None
        Colours stated by code points, used where there is no profile.

    Returns
    -------
    pixels : ndarray of float32, shape (H, W, 3)
        In [0, 1]; unchanged if the profile is equivalent to sRGB.
    notices : tuple of Notice
        What was converted, or why a profile was not used.
    """
    if icc is None:
        return _by_code_points(samples, space, stated)
    try:
        name = ImageCms.getProfileDescription(io.BytesIO(icc)).strip() or "a profile without a name"
        meant = SIGNATURES.get(icc[16:20])
        if meant == "RGB" and space == "GRAY":  # grey pictures with an RGB profile are common
            samples, space = np.repeat(samples, 3, axis=2), "RGB"
        if meant != space:
            described = icc[16:20].decode("ascii", "replace").strip()
            return _ignored(samples, space, Notice("profile-mismatch", profile=name, space=described))
        if _is_srgb(space, icc):
            return _assumed(samples, space)
        pixels = _by_bands(samples, space, icc)
    except (imagecodecs.CmsError, ImageCms.PyCMSError, OSError, ValueError):
        return _ignored(samples, space, Notice("profile-damaged"))
    notice = Notice("profile-converted", profile=name)
    return pixels, (notice,)


def _by_code_points(samples: Image, space: Space, stated: Cicp | None) -> tuple[Image, tuple[Notice, ...]]:
    """Return samples converted by code points of H.273; CMYK and those of sRGB are not."""
    pixels, notices = _assumed(samples, space)
    if stated is None or space == "CMYK" or cicp.is_srgb(stated):
        return pixels, notices
    if not cicp.is_known(stated):
        return pixels, (Notice("colours-not-converted", primaries=stated.primaries, transfer=stated.transfer),)
    return cicp.convert(pixels, stated), (Notice("profile-converted", profile=cicp.name(stated)),)


def _assumed(samples: Image, space: Space) -> tuple[Image, tuple[Notice, ...]]:
    """Return samples taken as sRGB, or CMYK as ideal inks."""
    if space != "CMYK":
        return np.repeat(samples, 3, axis=2) if space == "GRAY" else samples, ()
    notice = Notice("profile-assumed")
    return (1 - samples[..., :3]) * (1 - samples[..., 3:]), (notice,)


def _ignored(samples: Image, space: Space, notice: Notice) -> tuple[Image, tuple[Notice, ...]]:
    pixels, notices = _assumed(samples, space)
    return pixels, (notice, *notices)


def _is_srgb(space: Space, icc: bytes) -> bool:
    """Return whether a profile converts like sRGB; its name is not reliable."""
    if space == "CMYK":
        return False
    steps = np.linspace(0, 1, 9, dtype=np.float32)
    axes = np.meshgrid(*[steps] * (3 if space == "RGB" else 1), indexing="ij")
    probe = np.stack(axes, axis=-1).reshape(1, -1, len(axes))
    return bool(np.abs(_by_bands(probe, space, icc) - probe).max() < INVISIBLE)


def _by_bands(samples: Image, space: Space, icc: bytes) -> Image:
    """Return samples converted band by band, relative colorimetric with black point compensation."""
    pixels = np.empty((*samples.shape[:2], 3), np.float32)
    for top in range(0, len(samples), BAND_ROWS):
        band = np.ascontiguousarray(samples[top : top + BAND_ROWS])
        if space == "CMYK":  # as floats, Little CMS expects inks from 0 to 100; 16 bits are precise enough
            band = np.rint(band * 65535).astype(np.uint16)
        converted = imagecodecs.cms_transform(
            band[..., 0] if space == "GRAY" else band,
            icc,
            srgb_profile(),
            colorspace=space.lower(),
            outcolorspace="rgb",
            outdtype=np.float32,
            intent=imagecodecs.CMS.INTENT.RELATIVE_COLORIMETRIC,
            flags=imagecodecs.CMS.FLAGS.BLACKPOINTCOMPENSATION,
        )
        pixels[top : top + BAND_ROWS] = np.clip(converted, 0, 1)
    return pixels
