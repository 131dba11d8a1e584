"""Pictures on disk as 16-bit samples."""

import errno
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image

_FULL = np.float32(65535)
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
_STRIP_ROWS = 256


def write(path: Path, image: Image) -> None:
    """Write a picture as 16-bit samples, strip by strip; not through memory, where a full disk kills the process."""
    with path.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.uint16)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(file, {**header, "shape": image.shape})
        for top in range(0, image.shape[0], _STRIP_ROWS):
            strip = image[top : top + _STRIP_ROWS] * _FULL + np.float32(0.5)
            file.write(strip.astype(np.uint16).data)


def link(source: Path, target: Path) -> None:
    """Give a file a second name; where the file system has no hard links, copy it."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def read(data: NDArray[np.uint16]) -> Image:
    """Return stored samples as a picture in [0, 1]."""
    return np.multiply(data, 1 / _FULL, dtype=np.float32)
