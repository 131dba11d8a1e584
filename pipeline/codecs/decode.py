"""Open a file by its content, and turn whatever decoders raise into errors of ours."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from PIL.Image import DecompressionBombError

from pipeline.codecs.decode_pillow import open_by_pillow
from pipeline.codecs.decode_tiff import open_tiff
from pipeline.codecs.kinds import recognise
from pipeline.codecs.raster import Opened
from pipeline.errors import PhotoTooLarge, PhotoUnreadable, StudioError

_UNSUPPORTED = re.compile(r"not supported|unsupported|cannot handle|not implemented|not built with", re.IGNORECASE)
"""How libraries say that a file is sound, but of a kind that they do not read."""

_NO_MEMORY = re.compile(r"insufficient memory|out of memory|cannot allocate", re.IGNORECASE)
"""How libraries say that there is no memory, where they do not raise a MemoryError."""


def open_image(data: bytes, page: int | None = None) -> Opened:
    """Return the header of a file; its `load` decodes the pixels.

    Parameters
    ----------
    data : bytes
        The whole file.
    page : int, optional
        Which page of a TIFF file, from 1; by default the first one that is not a small preview.

    Returns
    -------
    Opened

    Raises
    ------
    PhotoUnreadable
        If the file is not of a supported format, or damaged, or has no such page.
    PhotoTooLarge
        If the header states more pixels than the decoder accepts.
    """
    name = recognise(data)
    with guarded(name):
        opened = open_tiff(data, page) if name == "TIFF" else open_by_pillow(data, name)
    if page is not None and page > opened.pages:
        msg = f"Expected page 1, which is all that a {name} file has, got {page}. Omit the page."
        raise PhotoUnreadable(msg)
    return opened


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Raise an error of ours for whatever a decoder raises.

    Raises
    ------
    PhotoUnreadable
        If the file is truncated or damaged, or stored in a way that the libraries do not read.
    PhotoTooLarge
        If it states more pixels than can be decoded, or does not fit into memory.
    """
    try:
        yield
    except StudioError:
        raise
    except Exception as error:  # decoders raise anything, from IndexError to AssertionError
        if isinstance(error, DecompressionBombError | MemoryError) or _NO_MEMORY.search(str(error)):
            msg = f"The {name} file states more pixels than can be decoded. Reduce it first."
            raise PhotoTooLarge(msg) from error
        raise PhotoUnreadable(_why(name, error)) from error


def _why(name: str, error: Exception) -> str:
    if not isinstance(error, TypeError) and (isinstance(error, NotImplementedError) or _UNSUPPORTED.search(str(error))):
        return (
            f"The {name} file is stored in a way that is not supported. "
            "Open it in an image editor and save it as PNG or TIFF."
        )
    return f"The {name} file is damaged or incomplete. Copy it again from its source."
