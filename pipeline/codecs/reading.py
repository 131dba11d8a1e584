"""Read a file as a photograph: what a worker does for `pipeline.photo`."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.arrays import Image, Plane
from pipeline.codecs import colour, decode, geometry
from pipeline.codecs.limits import check_header
from pipeline.codecs.metadata import Metadata, find
from pipeline.codecs.names import safe_stem
from pipeline.codecs.raster import SPACES, Opened
from pipeline.errors import PhotoTooLarge, PhotoUnreadable
from pipeline.notices import Notice


@dataclass(frozen=True)
class Photo:
    """A decoded photograph with the metadata of its file."""

    pixels: Image
    """Shape (H, W, 3), RGB, sRGB-encoded, [0, 1], upright."""

    alpha: Plane | None
    """Shape (H, W), straight, [0, 1]."""

    depth: int
    """Bits a channel in the file, 8 or 16, by dtype."""

    name: str
    """A file stem that is valid on every system."""

    format: str
    """Format of the file, such as ``"JPEG"`` or ``"WebP"``."""

    original_size: tuple[int, int]
    """Width and height, upright, before reduction to the cap."""

    metadata: Metadata
    notices: tuple[Notice, ...]
    infrared: Plane | None = None
    """Shape (H, W), [0, 1]: what the scanner's infrared light, which the dyes of film let pass, showed."""

    pages: int = 1
    """Number of pages of the file that can be asked for; more than 1 only for TIFF."""

    page: int = 1
    """Which of them this is."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of `pixels`."""
        return self.pixels.shape[1], self.pixels.shape[0]


def read(source: bytes | Path, name: str, max_pixels: int, strict: bool, page: int | None) -> Photo:
    """Return a decoded photograph; see `pipeline.photo.read_photo`."""
    opened = decode.open_image(_bytes_of(source), page)
    with decode.guarded(opened.format):
        return _decoded(opened, name, max_pixels, strict)


def pages(source: Path) -> int:
    """Return how many pages of a file can be asked for."""
    return decode.open_image(_bytes_of(source)).pages


def _bytes_of(source: bytes | Path) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()


def _decoded(opened: Opened, name: str, max_pixels: int, strict: bool) -> Photo:
    """Return the photograph of an opened file."""
    check_header(opened)
    found = find(opened)
    size = geometry.fit(opened.size, max_pixels)
    reduced = _reduction(_turned(opened.size, found.orientation), _turned(size, found.orientation), strict)
    samples, alpha, depth = geometry.shrink(opened.load(), opened.size, size)
    space = SPACES[samples.shape[2]]
    icc = opened.icc or (colour.adobe_rgb_profile() if found.adobe_rgb and space == "RGB" else None)
    pixels, converted = colour.to_srgb(samples, space, icc, opened.cicp)
    pixels = geometry.turn_upright(pixels, found.orientation)
    if alpha is not None:
        alpha = geometry.turn_upright(alpha, found.orientation)
        pixels = geometry.fill_hidden(pixels, alpha)
    infrared, damaged = _infrared(opened, size, found.orientation)
    return Photo(
        pixels=pixels,
        alpha=alpha,
        depth=depth,
        name=safe_stem(name),
        format=opened.format,
        original_size=_turned(opened.size, found.orientation),
        metadata=found.metadata,
        notices=(*opened.notices, *found.notices, *converted, *reduced, *damaged),
        infrared=infrared,
        pages=opened.pages,
        page=opened.page,
    )


def _infrared(opened: Opened, size: tuple[int, int], orientation: int) -> tuple[Plane | None, tuple[Notice, ...]]:
    """Return the scanner's infrared channel at the size of the photograph; a notice where it is damaged."""
    if opened.infrared is None:
        return None, ()
    try:
        with decode.guarded(opened.format):
            samples, _, _ = geometry.shrink(opened.infrared(), opened.size, size)
    except (PhotoTooLarge, PhotoUnreadable):
        return None, (Notice("infrared-damaged"),)
    return geometry.turn_upright(samples[..., 0], orientation), ()


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return (size[1], size[0]) if orientation >= 5 else size


def _reduction(original: tuple[int, int], size: tuple[int, int], strict: bool) -> tuple[Notice, ...]:
    """Say that a picture is reduced, or refuse to."""
    if original == size:
        return ()
    (w0, h0), (w1, h1) = original, size
    if strict:
        msg = (
            f"The photograph has {w0} x {h0} pixels; the cap allows {w1} x {h1}. "
            "Raise max_pixels, or omit strict to reduce it."
        )
        raise PhotoTooLarge(msg)
    return (Notice("reduced", w0=w0, h0=h0, w1=w1, h1=h1),)
