"""The arrays that pass between stages and methods, named once."""

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""RGB, shape (H, W, 3), in [0, 1], sRGB-encoded."""

Image8 = NDArray[np.uint8]
"""RGB, shape (H, W, 3), from 0 to 255, sRGB-encoded."""

Plane = NDArray[np.float32]
"""One channel, shape (H, W), in [0, 1] unless stated otherwise."""

Mask = NDArray[np.bool_]
"""True where a picture is damaged, shape (H, W)."""
