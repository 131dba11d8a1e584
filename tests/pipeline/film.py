"""Synthetic scans of film with an infrared channel: known dust, a lamp that falls off, and grain."""

import io

import cv2
import numpy as np
import tifffile

from tests.photographs import photograph


def dusty(name="coffee", side=480, *, leak=0.06, weak=1.0, seed=0):
    """Return a clean picture, its scan with dust, the infrared channel, and the mask of the dust.

    Parameters
    ----------
    leak : float
        Share of the density of red that reaches the channel: 0.06 for dyes, 1 for silver; below 0 for a negative.
    weak : float
        How much of the dust's density the channel shows.
    """
    truth = photograph(name, side)
    height, width = truth.shape[:2]
    dice, cover = np.random.default_rng(seed), np.zeros(truth.shape[:2], np.uint8)
    for _ in range(40):
        x, y = dice.integers(12, width - 12), dice.integers(12, height - 12)
        cv2.circle(cover, (int(x), int(y)), int(dice.integers(1, 4)), 255, -1)
    bends = np.stack([np.linspace(0.2, 0.7, 9) * width, dice.uniform(0.3, 0.6, 9) * height], axis=-1)
    cv2.polylines(cover, [bends.astype(np.int32)], False, 255, 2)
    dust = cv2.GaussianBlur(cover / 255, (0, 0), 0.7).astype(np.float32)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    red = -np.log(np.maximum(truth[..., 0], 1 / 100))
    dye = leak * red if leak > 0 else -leak * (np.log(100) - red)
    lamp = 0.3 * (x - 0.5) ** 2 + 0.2 * y**2
    infrared = 0.8 * np.exp(-dye - 0.7 * weak * dust - lamp) + dice.normal(0, 0.004, cover.shape)
    scan = np.clip(truth * (1 - 0.6 * dust[..., None]), 0, 1)
    return truth, scan, np.clip(infrared, 0, 1).astype(np.float32), cover > 0


def deep(pixels):
    """Return pixels in [0, 1] as 16 bits."""
    return np.rint(pixels * 65535).astype(np.uint16)


def rgbi(scan, infrared, extra=0):
    """Return a TIFF of four channels, as VueScan writes it; without the tag that says what the fourth is where None."""
    file = io.BytesIO()
    tifffile.imwrite(file, deep(np.dstack([scan, infrared])), photometric="rgb", extrasamples=[extra or 0])
    data = bytearray(file.getvalue())
    if extra is None:
        with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
            at = tif.pages[0].tags["ExtraSamples"].offset
        data[at : at + 2] = (65000).to_bytes(2, "little")
    return bytes(data)


def pages(scan, infrared, *, kind=4, preview=False):
    """Return a TIFF with infrared on a page of its own, marked as a mask, as SilverFast writes it."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(deep(scan), photometric="rgb")
        if preview:
            writer.write(deep(scan[::4, ::4]), photometric="rgb")
        writer.write(deep(infrared), photometric="minisblack", subfiletype=1)
    data = bytearray(file.getvalue())
    with tifffile.TiffFile(io.BytesIO(bytes(data))) as tif:
        at = tif.pages[-1].tags["NewSubfileType"].valueoffset
    data[at : at + 4] = kind.to_bytes(4, "little")  # tifffile writes no mask of 16 bits
    return bytes(data)
