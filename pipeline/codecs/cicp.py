"""Convert colours that a file states by code points instead of an ICC profile (ITU-T H.273) to sRGB.

PQ and HLG are those of ITU-R BT.2100. Their highlights are brighter than white on an ordinary screen: 203 cd/m2 is
white (BT.2408), and what is brighter is compressed by the curve of BT.2390, 5.4.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image

Point = tuple[float, float]
Curve = Callable[[Image], Image]
Matrix = NDArray[np.float64]
UNSPECIFIED = 2
WHITE_NITS, PQ_NITS, HLG_NITS = 203.0, 10_000.0, 1_000.0
BAND_ROWS = 128


@dataclass(frozen=True)
class Primaries:
    """Chromaticities of red, green, blue and white."""

    red: Point
    green: Point
    blue: Point
    white: Point


@dataclass(frozen=True)
class Cicp:
    """The code points of H.273 for primaries and transfer, or explicit values in their place."""

    primaries: int
    transfer: int
    gamma: float | None = None
    """Exponent from code to light."""

    corners: Primaries | None = None


UNKNOWN = Cicp(255, 255)
"""A statement that is not understood."""

D65, C, DCI = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351)
SRGB = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)
PRIMARIES = {
    1: SRGB,
    4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), C),
    5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65),
    6: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    7: Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65),
    8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), C),
    9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65),
    10: Primaries((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),
    11: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), DCI),
    12: Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65),
    22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65),
}
LIKE_SRGB = (1, UNSPECIFIED, 6, 11, 13, 14, 15)
"""Transfers that viewers of photographs show like sRGB: BT.601, BT.709 and BT.2020 among them."""

GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
SMPTE_240M, PQ, SMPTE_428, HLG = 7, 16, 17, 18
NAMES = {9: "BT.2020", 11: "DCI-P3", 12: "Display P3"}
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def gamma_curve(stored: float) -> float | None:
    """Return the exponent from code to light for PNG's gAMA; None if missing, senseless, or near that of sRGB."""
    return 1 / stored if 0.1 <= stored <= 10 and abs(stored * 2.2 - 1) > 0.05 else None


def near_srgb(corners: Primaries) -> bool:
    """Return whether chromaticities are those of sRGB, as rounded by common writers."""
    stated = [*corners.red, *corners.green, *corners.blue, *corners.white]
    return bool(np.allclose(stated, [*SRGB.red, *SRGB.green, *SRGB.blue, *SRGB.white], atol=0.005))


def is_srgb(cicp: Cicp) -> bool:
    """Return whether the stated colours are shown like sRGB."""
    return cicp.corners is None and cicp.gamma is None and cicp.primaries in (1, UNSPECIFIED) and (
        cicp.transfer in LIKE_SRGB
    )  # fmt: skip


def is_known(cicp: Cicp) -> bool:
    """Return whether `convert` knows the code points, and the chromaticities make up a space of colours."""
    transfers = {*LIKE_SRGB, *GAMMAS, SMPTE_240M, PQ, SMPTE_428, HLG}
    if cicp.transfer not in transfers or cicp.primaries not in {*PRIMARIES, UNSPECIFIED}:
        return False
    try:
        return bool(np.isfinite(_matrix(_corners(cicp))).all())
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return False


def name(cicp: Cicp) -> str:
    """Return what a person calls the stated colours."""
    transfer = {PQ: "PQ", HLG: "HLG"}.get(cicp.transfer, "")
    primaries = "gAMA, cHRM" if cicp.corners or cicp.gamma else NAMES.get(cicp.primaries, f"H.273 {cicp.primaries}")
    return f"{primaries} {transfer}".strip()


def convert(samples: Image, cicp: Cicp) -> Image:
    """Return RGB samples converted to sRGB; colours outside it are clipped.

    Parameters
    ----------
    samples : ndarray of float32, shape (H, W, 3)
        In [0, 1], as stored.
    cicp : Cicp
        Of which `is_known` is true.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        In [0, 1].
    """
    matrix = _matrix(_corners(cicp)).astype(np.float32)
    curve = _curve(cicp)
    starts = range(0, len(samples), BAND_ROWS)
    peak = 1.0
    if cicp.transfer in (PQ, HLG):
        peak = max(float(curve(samples[y : y + BAND_ROWS]).max()) for y in starts)
    pixels = np.empty_like(samples)
    for y in starts:
        light = curve(samples[y : y + BAND_ROWS])
        if peak > 1:
            light = _compressed(light, peak)
        pixels[y : y + BAND_ROWS] = encode(np.clip(light @ matrix.T, 0, 1))
    return pixels


def encode(light: Image) -> Image:
    """Return light in [0, 1] encoded by sRGB's curve (IEC 61966-2-1)."""
    curved = np.float32(1.055) * np.power(light, np.float32(1 / 2.4)) - np.float32(0.055)
    return np.where(light <= 0.0031308, light * np.float32(12.92), curved).astype(np.float32)


def _decode(codes: Image) -> Image:
    curved = np.power((codes + np.float32(0.055)) / np.float32(1.055), np.float32(2.4))
    return np.where(codes <= 0.04045, codes / np.float32(12.92), curved)


def _corners(cicp: Cicp) -> Primaries:
    return cicp.corners or PRIMARIES.get(cicp.primaries, SRGB)


def _matrix(corners: Primaries) -> Matrix:
    """Return the matrix from linear RGB of these chromaticities to that of sRGB (SMPTE RP 177; Bradford adaptation)."""
    adapt = _adaptation(corners.white)
    return np.linalg.inv(_to_xyz(SRGB)) @ adapt @ _to_xyz(corners)


def _xyz(point: Point) -> NDArray[np.float64]:
    x, y = point
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_xyz(corners: Primaries) -> Matrix:
    columns = np.array([[x, y, 1 - x - y] for x, y in (corners.red, corners.green, corners.blue)]).T
    return columns * np.linalg.solve(columns, _xyz(corners.white))


def _adaptation(white: Point) -> Matrix:
    gains = (BRADFORD @ _xyz(D65)) / (BRADFORD @ _xyz(white))
    return np.linalg.inv(BRADFORD) @ (gains[:, None] * BRADFORD)


def _curve(cicp: Cicp) -> Curve:
    """Return the function from codes to light, of which 1 is white."""
    gamma = cicp.gamma or GAMMAS.get(cicp.transfer)
    if gamma is not None:
        return lambda codes: np.power(codes, np.float32(gamma))
    special: dict[int, Curve] = {
        PQ: lambda codes: _from_pq(codes) * np.float32(PQ_NITS / WHITE_NITS),
        HLG: _from_hlg,
        SMPTE_240M: lambda c: np.where(c < 0.0913, c / 4, np.power((c + 0.1115) / 1.1115, 1 / 0.45)).astype(np.float32),
        SMPTE_428: lambda codes: np.minimum(np.power(codes, np.float32(2.6)) * np.float32(52.37 / 48), 1),
    }
    return special.get(cicp.transfer, _decode)


M1, M2, C1, C2, C3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _from_pq(codes: Image) -> Image:
    """Return light as a share of 10,000 cd/m2 (BT.2100, table 4)."""
    root = np.power(codes, np.float32(1 / M2))
    return np.power(np.maximum(root - np.float32(C1), 0) / (np.float32(C2) - np.float32(C3) * root), np.float32(1 / M1))


def _to_pq(light: Image) -> Image:
    powered = np.power(light, np.float32(M1))
    ratio = (np.float32(C1) + np.float32(C2) * powered) / (1 + np.float32(C3) * powered)
    return np.power(ratio, np.float32(M2))


def _from_hlg(codes: Image) -> Image:
    """Return light of a display of 1,000 cd/m2, of which 1 is white (BT.2100, table 5, with a system gamma of 1.2)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12).astype(np.float32)
    luminance = scene @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    gain = np.power(np.maximum(luminance, 1e-6), np.float32(0.2)) * np.float32(HLG_NITS / WHITE_NITS)
    return scene * gain[..., None]


def _compressed(light: Image, peak: float) -> Image:
    """Return light whose highlights up to `peak` fit under white, with unchanged ratios of the colours.

    BT.2390, 5.4: a Hermite spline above a knee, in the perceptual scale of PQ; below the knee nothing changes.
    """
    scale = np.float32(WHITE_NITS / PQ_NITS)
    top, white = (float(_to_pq(np.full(1, level, np.float32))[0]) for level in (peak * scale, scale))
    most = white / top
    knee = 1.5 * most - 0.5
    brightest = light.max(axis=2)
    level = _to_pq(np.maximum(brightest, 0) * scale) / np.float32(top)
    t = np.clip((level - knee) / (1 - knee), 0, 1)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    lowered = _from_pq((np.where(level < knee, level, spline) * top).astype(np.float32)) / scale
    gain = np.where(level < knee, 1, lowered / np.maximum(brightest, 1e-9)).astype(np.float32)
    return light * gain[..., None]
