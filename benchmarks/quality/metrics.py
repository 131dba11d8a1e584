"""How near a restored picture is to the truth, in the measures that restoration papers use.

References
----------
.. [1] Z. Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004 (SSIM);
   "Multiscale structural similarity for image quality assessment", 2003 (MS-SSIM).
.. [2] R. Reisenhofer et al., "A Haar Wavelet-Based Perceptual Similarity Index for Image Quality Assessment", 2018.
.. [3] H. Z. Nafchi et al., "Mean Deviation Similarity Index", 2016.
.. [4] G. Sharma et al., "The CIEDE2000 Color-Difference Formula", 2005.
.. [5] D. Hasler and S. Suesstrunk, "Measuring Colourfulness in Natural Images", 2003.
"""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from skimage.metrics import structural_similarity

from benchmarks.quality.damage import LUMA

Image = NDArray[np.float32]

NAMES = ("psnr", "ssim", "msssim", "haarpsi", "mdsi", "detail", "de00", "color")
"""The measures, in the order of the tables."""

_TOO_SMALL_FOR_SCALES = 161  # MS-SSIM halves a picture four times and then lays an 11x11 window over it


def score(result: Image, truth: Image) -> dict[str, float]:
    """Return every measure of `NAMES`; needs piq.

    Parameters
    ----------
    result, truth : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    luma, true_luma = result @ LUMA, truth @ LUMA
    return {
        "psnr": psnr(luma, true_luma),
        "ssim": float(structural_similarity(luma, true_luma, data_range=1)),
        **perceptual(result, truth),
        "detail": detail(luma) / max(detail(true_luma), 1e-9),
        "de00": colour_difference(result, truth),
        "color": colourfulness(result) / max(colourfulness(truth), 1e-6),
    }


def psnr(luma: Image, truth: Image) -> float:
    """Return the peak signal-to-noise ratio in dB; 100 at most."""
    return float(-10 * np.log10(max(np.mean((luma - truth) ** 2), 1e-10)))


def perceptual(result: Image, truth: Image) -> dict[str, float]:
    """Return MS-SSIM (SSIM for small pictures) and HaarPSI, higher is better, and MDSI, lower is better."""
    import piq  # comes with the peers, not with the studio

    x, y = _tensor(np.clip(result, 0, 1)), _tensor(truth)
    structure = piq.ssim if min(truth.shape[:2]) <= _TOO_SMALL_FOR_SCALES else piq.multi_scale_ssim
    measures = {"msssim": structure, "haarpsi": piq.haarpsi, "mdsi": piq.mdsi}
    return {name: float(measure(x, y, data_range=1.0)) for name, measure in measures.items()}


def detail(luma: Image) -> float:
    """Return the mean energy of the gradient; set against the truth's, 1 is as crisp, and noise lies above."""
    across, down = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    return float(np.mean(across**2 + down**2))


def colour_difference(result: Image, truth: Image) -> float:
    """Return the mean CIEDE2000; about 1 can just be seen."""
    return float(deltaE_ciede2000(rgb2lab(result), rgb2lab(truth)).mean())


def colourfulness(image: Image) -> float:
    """Return how colourful a picture is; 0 for a grey one."""
    red_green = image[..., 0] - image[..., 1]
    yellow_blue = (image[..., 0] + image[..., 1]) / 2 - image[..., 2]
    spread = np.hypot(red_green.std(), yellow_blue.std())
    return float(spread + 0.3 * np.hypot(red_green.mean(), yellow_blue.mean()))


def _tensor(image: Image) -> Any:
    """(H, W, 3) to (1, 3, H, W)."""
    import torch

    return torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None]))
