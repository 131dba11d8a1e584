"""Conversion between RGB and CIE Lab."""

import cv2
import numpy as np

from pipeline.arrays import Image

_WHITE = np.array([0.950456, 1.0, 1.088754], np.float32)  # D65 as OpenCV defines it


def to_lab(rgb: Image) -> Image:
    """Return CIE Lab (D65, L in [0, 100]) of RGB in [0, 1], both of shape (H, W, 3)."""
    curve = cv2.pow((rgb + 0.055) / 1.055, 2.4)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, curve)  # OpenCV's own sRGB conversion uses a coarse table
    return np.asarray(cv2.cvtColor(linear, cv2.COLOR_LRGB2LAB), np.float32)


def from_lab(lab: Image) -> Image:
    """Return RGB in [0, 1] of CIE Lab; colours outside that range lose chroma, not luminance.

    Parameters
    ----------
    lab : ndarray of float32, shape (H, W, 3)
        L in [0, 100].
    """
    linear, luminance = _to_linear(lab)
    red, green, blue = cv2.split(linear)  # NumPy is slow along an axis of 3
    lowest, highest = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    outside = (lowest < 0.0) | (highest > 1.0)
    if outside.any():
        linear[outside] = _with_less_chroma(linear[outside], luminance[outside])
    np.clip(linear, 0.0, 1.0, out=linear)
    encoded = cv2.pow(linear, 1 / 2.4)
    encoded *= 1.055
    encoded -= 0.055
    np.multiply(linear, 12.92, out=encoded, where=linear <= 0.0031308)
    return np.clip(encoded, 0.0, 1.0, out=encoded)


def _with_less_chroma(linear: Image, luminance: Image) -> Image:
    """Return linear RGB, shape (N, 3), moved towards the grey of its luminance, shape (N, 1), until it is in [0, 1]."""
    distance = linear - luminance
    room = np.where(distance > 0, 1.0 - luminance, luminance) / np.maximum(np.abs(distance), 1e-6)
    return luminance + np.clip(room.min(axis=1, keepdims=True), 0.0, 1.0) * distance


def _to_linear(lab: Image) -> tuple[Image, Image]:
    """Return linear RGB, not clipped to [0, 1], and the luminance of CIE XYZ, shape (H, W, 1)."""
    y = (lab[..., 0] + 16) / 116
    f = cv2.merge([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200])
    xyz = f * f * f
    dark = f <= 6 / 29
    xyz[dark] = 3 * (6 / 29) ** 2 * (f[dark] - 4 / 29)
    xyz *= _WHITE
    return np.asarray(cv2.cvtColor(xyz, cv2.COLOR_XYZ2RGB), np.float32), xyz[..., 1:2]
