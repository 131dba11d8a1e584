"""Find dust and scratches on film by the infrared channel of its scanner."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.arrays import Image, Mask, Plane
from pipeline.methods.detection import grow

_DARKEST, _BLACK = 1 / 1024, 1 / 64
"""Least values of the channel and of red whose logarithms are taken; below the latter there is no more dye."""
_COARSE, _SAMPLE = 8, 4
"""Factors by which pictures are reduced to estimate the film without dust, and the share of the dyes."""
_LEAST_SIDE = 64
_FITS, _OUTLIER = 4, 3.0
"""Rounds of the fit, and the distance in sigmas from which a pixel is dust for it."""
_NORMAL = 1.4826
"""Sigma of a normal distribution, relative to its median absolute deviation."""
_CLEAR, _FAINT = (0.03, 6.0), (0.015, 3.0)
"""Density of what is surely dust, and of its edges: at least this much, and this many sigmas of clean film."""
_UNSURE = 0.5
"""Part of a pixel's leak that the fit may be wrong by."""
_OPAQUE, _ALIKE = 0.25, 0.6
"""Share of the picture's density that reaches the channel, and correlation with it, from which the film is opaque."""
_DIM, _MOST = 0.25, 0.2
"""What is opaque, relative to the light parts of the channel, and the part of a picture that it or dust may cover."""
_LIGHT = 90
"""Percentile of the light parts."""
_FLAT = 1e-4
"""Standard deviation below which a channel holds nothing."""
_WIDER = 1
"""Pixels by which dust is widened: lenses focus infrared light a little differently."""


@dataclass(frozen=True, eq=False)
class Dust:
    """What an infrared channel shows."""

    mask: Mask | None
    """Shape (H, W), True on dust and scratches; None where the channel cannot be used."""

    leak: float
    """Share of the picture's density that reaches the channel: about 0.05 for dyes, 1 for silver."""

    likeness: float
    """Correlation of the channel with the picture, in [0, 1]."""

    @property
    def is_opaque(self) -> bool:
        """Whether the channel shows the picture itself, as with silver-based film and Kodachrome."""
        return self.likeness > _ALIKE and self.leak > _OPAQUE


def find(image: Image, infrared: Plane) -> Dust:
    """Return the dust and scratches on film.

    The dyes of colour film let infrared light pass, dust and scratches do not [1]_. Densities are compared with those
    of the surroundings, since the lamp is uneven; the part of the red density that leaks into the channel through the
    cyan dye is fitted and subtracted [2]_; what remains is dust from a threshold above the noise of clean film [3]_.
    Silver and the dyes of Kodachrome are opaque: there the channel shows the picture, and is not used.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1], of a positive or a negative.
    infrared : ndarray of float32, shape (H, W)
        In [0, 1]; dust is dark.

    References
    ----------
    .. [1] A. D. Edgar, "System and method for image recovery", US patent 5,266,805, 1993.
    .. [2] M. Rickmann, "sanei_ir", in SANE, 2012: the red overlap is fitted where there is no dust.
    .. [3] R. Bergman et al., "Comprehensive solutions for removal of dust and scratches from images", Journal of
       Electronic Imaging 17(1), 2008.
    """
    dark, red = _local(infrared, _DARKEST), _local(image[..., 0], _BLACK)
    leak, likeness = _fit(dark, red)
    found = Dust(None, abs(leak), likeness)
    if found.is_opaque or not _is_film(infrared):
        return found
    leaked = np.float32(leak) * red
    rest = dark - leaked
    sigma = _NORMAL * float(np.median(np.abs(rest)))
    mask = grow(_above(rest - _UNSURE * np.abs(leaked), sigma), _WIDER)
    return Dust(mask if mask.mean() < _MOST else None, abs(leak), likeness)


def _is_film(infrared: Plane) -> bool:
    """Return whether a channel is light nearly everywhere, as film is, and not the same everywhere."""
    dim = infrared < _DIM * np.percentile(infrared, _LIGHT)
    return bool(infrared.std() > _FLAT and dim.mean() < _MOST)


def _local(plane: Plane, darkest: float) -> Plane:
    """Return the density of each pixel relative to the film around it, in natural logarithms."""
    density = -np.log(np.maximum(plane, np.float32(darkest)))
    height, width = density.shape
    factor = max(1, min(_COARSE, min(height, width) // _LEAST_SIDE))
    small = cv2.resize(density, (max(width // factor, 1), max(height // factor, 1)), interpolation=cv2.INTER_AREA)
    around = cv2.medianBlur(small, 5)
    return np.asarray(density - cv2.resize(around, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _fit(dark: Plane, red: Plane) -> tuple[float, float]:
    """Return the share of one density that is in the other, and their correlation, both without dust."""
    y, x = (_sampled(plane).ravel().astype(np.float64) for plane in (dark, red))
    slope, kept = 0.0, np.ones(x.shape, bool)
    for _ in range(_FITS):
        power = np.square(x[kept]).sum()
        slope = float((x[kept] * y[kept]).sum() / power) if power else 0.0
        rest = np.abs(y - slope * x)
        kept = rest <= _OUTLIER * _NORMAL * np.median(rest)
    spread = np.sqrt(np.square(x[kept]).sum() * np.square(y[kept]).sum())
    return slope, float(abs((x[kept] * y[kept]).sum()) / spread) if spread else 0.0


def _sampled(plane: Plane) -> Plane:
    height, width = plane.shape
    size = max(width // _SAMPLE, 1), max(height // _SAMPLE, 1)
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), np.float32)


def _above(rest: Plane, sigma: float) -> Mask:
    """Return the regions of faint marks that hold a clear one."""
    clear, faint = (rest > max(least, sigmas * sigma) for least, sigmas in (_CLEAR, _FAINT))
    _, regions = cv2.connectedComponents(faint.astype(np.uint8), connectivity=8)
    return np.isin(regions, np.unique(regions[clear]))
