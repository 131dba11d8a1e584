"""Measures of how near a restored picture is to the truth, as restoration papers use them.

References
----------
.. [1] Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004 (SSIM);
   "Multiscale structural similarity for image quality assessment", 2003 (MS-SSIM).
.. [2] R. Reisenhofer et al., "A Haar Wavelet-Based Perceptual Similarity Index for Image Quality Assessment", 2018.
.. [3] H. Z. Nafchi et al., "Mean Deviation Similarity Index", 2016.
.. [4] G. Sharma et al., "The CIEDE2000 Color-Difference Formula", 2005.
.. [5] D. Hasler and S. Suesstrunk, "Measuring Colourfulness in Natural Images", 2003.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000, rgb2lab

from benchmarks.quality.perceived import st_lpips
from pipeline.arrays import Image, Plane
from pipeline.methods import measures
from pipeline.methods.filters import luma

_MOST_DECIBELS = 100.0
_TOO_SMALL_FOR_SCALES = 161
"""Side up to which MS-SSIM, which halves a picture four times and uses a window of 11 pixels, cannot be computed."""


def psnr(result: Image, truth: Image) -> float:
    """Return the PSNR of the luma in dB; 100 at most, so that one perfect result does not decide a mean."""
    return min(measures.psnr(luma(result), luma(truth)), _MOST_DECIBELS)


def ms_ssim(result: Image, truth: Image) -> float:
    """Return MS-SSIM [1]_, or SSIM for small pictures; needs piq."""
    import piq

    small = min(truth.shape[:2]) <= _TOO_SMALL_FOR_SCALES
    return _by_piq(piq.ssim if small else piq.multi_scale_ssim, result, truth)


def haarpsi(result: Image, truth: Image) -> float:
    """Return HaarPSI [2]_; needs piq."""
    import piq

    return _by_piq(piq.haarpsi, result, truth)


def mdsi(result: Image, truth: Image) -> float:
    """Return MDSI [3]_, where lower is better; needs piq."""
    import piq

    return _by_piq(piq.mdsi, result, truth)


def detail(result: Image, truth: Image) -> float:
    """Return the energy of the gradient relative to the truth's: 1 is as crisp, noise lies above."""
    return gradient_energy(luma(result)) / max(gradient_energy(luma(truth)), 1e-9)


def colour_difference(result: Image, truth: Image) -> float:
    """Return the mean CIEDE2000 [4]_; a difference of about 1 is just visible."""
    return float(deltaE_ciede2000(rgb2lab(result), rgb2lab(truth)).mean())


def colour_share(result: Image, truth: Image) -> float:
    """Return the colourfulness relative to the truth's."""
    return colourfulness(result) / max(colourfulness(truth), 1e-6)


MEASURES: Mapping[str, Callable[[Image, Image], float]] = MappingProxyType(
    {
        "psnr": psnr,
        "ssim": measures.ssim,
        "msssim": ms_ssim,
        "haarpsi": haarpsi,
        "mdsi": mdsi,
        "detail": detail,
        "de00": colour_difference,
        "color": colour_share,
        "stlpips": st_lpips,
    }
)
"""All measures, in the order of the tables; each takes result and truth, RGB in [0, 1], shape (H, W, 3)."""

NAMES = tuple(MEASURES)


def score(result: Image, truth: Image, names: Sequence[str] = NAMES) -> dict[str, float]:
    """Return measures of a result by name.

    Parameters
    ----------
    result, truth : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    names : sequence of str
        Keys of `MEASURES`.
    """
    return {name: MEASURES[name](result, truth) for name in names}


def gradient_energy(plane: Plane) -> float:
    """Return the mean energy of the gradient."""
    across, down = cv2.Sobel(plane, cv2.CV_32F, 1, 0), cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    return float(np.mean(across**2 + down**2))


def colourfulness(image: Image) -> float:
    """Return the colourfulness of a picture [5]_; 0 for a grey one."""
    red_green = image[..., 0] - image[..., 1]
    yellow_blue = (image[..., 0] + image[..., 1]) / 2 - image[..., 2]
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))


def _by_piq(measure: Callable[..., Any], result: Image, truth: Image) -> float:
    return float(measure(_tensor(np.clip(result, 0, 1)), _tensor(truth), data_range=1.0))


def _tensor(image: Image) -> Any:
    """Return (H, W, 3) as (1, 3, H, W)."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))
