"""Encode restored pixels in any output format, with notices about what the format cannot hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image, Plane
from pipeline.codecs.canvas import Canvas, flattened, quantised, resized_alpha
from pipeline.codecs.encode_lossy import encode_jpeg, encode_webp
from pipeline.codecs.encode_png import encode_png
from pipeline.codecs.encode_tiff import encode_tiff
from pipeline.codecs.metadata import Metadata, updated
from pipeline.errors import PhotoUnwritable, StudioError
from pipeline.notices import Notice

LOSSY = ("jpeg", "webp")


def lay_out(pixels: Image, alpha: Plane | None, depth: int, form: str) -> tuple[Canvas, tuple[Notice, ...]]:
    """Return the picture with the depth and alpha that a format can hold, and notices about what it cannot.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    alpha : ndarray of float32, shape (h, w), or None
        Alpha of the photograph; resized to the size of `pixels`.
    depth : int
        Bits a channel of the photograph, 8 or 16.
    form : {'png', 'jpeg', 'webp', 'tiff'}
    """
    notices: list[Notice] = []
    if depth > 8 and form in LOSSY:
        depth = 8
        notices.append(Notice("depth-reduced", format=form.upper()))
    if alpha is not None:
        alpha = resized_alpha(alpha, (pixels.shape[1], pixels.shape[0]))
    if alpha is not None and form == "jpeg":
        if alpha.min() < 1:
            notices.append(Notice("alpha-flattened"))
            pixels = flattened(pixels, alpha)
        alpha = None
    return quantised(pixels, alpha, depth), tuple(notices)


def for_screen(pixels: Image) -> bytes:
    """Return a PNG file of 8 bits a channel, without profile or metadata, for display in a browser.

    Parameters
    ----------
    pixels : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    return encode_png(quantised(pixels, None, 8), Metadata(), tagged=False)


@dataclass(frozen=True)
class Notes:
    """What is written beside the pixels; see `pipeline.codecs.metadata.updated`."""

    metadata: Metadata
    policy: str
    software: str
    history: str
    guessed: bool
    instance: str = ""


def write(canvas: Canvas, notes: Notes, form: str, quality: int) -> tuple[NDArray[np.uint8], tuple[Notice, ...]]:
    """Return the bytes of a file, and notices about what it cannot hold; `quality` applies to JPEG and WebP.

    Raises
    ------
    PhotoUnwritable
        If the format cannot hold the picture.
    """
    with guarded(form):
        metadata, notices = updated(
            notes.metadata,
            canvas.size,
            notes.policy,
            form,
            software=notes.software,
            history=notes.history,
            guessed=notes.guessed,
            instance=notes.instance,
        )
        if metadata.iptc and form in ("png", "webp"):
            notices = (*notices, Notice("metadata-no-place", part="IPTC", format=form.upper()))
        match form:
            case "jpeg":
                data, losses = encode_jpeg(canvas, metadata, quality)
            case "webp":
                data, losses = encode_webp(canvas, metadata, quality)
            case "tiff":
                data, losses = encode_tiff(canvas, metadata), ()
            case _:
                data, losses = encode_png(canvas, metadata), ()
    return np.frombuffer(data, np.uint8), (*notices, *losses)


@contextmanager
def guarded(form: str) -> Iterator[None]:
    """Raise an error of ours for whatever an encoder raises.

    Raises
    ------
    PhotoUnwritable
        If the picture cannot be saved, or does not fit into memory.
    """
    try:
        yield
    except StudioError:
        raise
    except MemoryError as error:
        msg = f"The {form.upper()} file does not fit into memory. Lower --scale or --max-pixels."
        raise PhotoUnwritable(msg) from error
    except Exception as error:  # encoders raise anything, from struct.error to IndexError
        msg = f"The photograph cannot be saved as {form.upper()}. Save it in another format, or with --metadata strip."
        raise PhotoUnwritable(msg) from error
