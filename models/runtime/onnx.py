"""Networks that fill holes, in ONNX: MI-GAN's pipeline and LaMa, run by OpenVINO as their authors publish them.

References
----------
.. [1] A. Sargsyan et al., "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices", ICCV 2023: 8-bit pictures
   of any size, and a mask that is 255 where the picture is known.
.. [2] R. Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions" (LaMa), WACV 2022: in
   ONNX, pictures of 512 x 512 in [0, 1], a mask that is 1 in the hole, and an answer in [0, 255].
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import openvino
from numpy.typing import NDArray

from models.errors import CheckpointMismatch, WeightsCorrupt, WeightsMissing
from models.runtime import graphs

Array = NDArray[np.float32]


def fill(path: Path, image: Array, mask: NDArray[np.bool_]) -> Array:
    """Fill the holes of a picture.

    Parameters
    ----------
    path : Path
        An ``.onnx`` file with two inputs, picture and mask.
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    mask : ndarray of bool, shape (H, W)
        True in the holes.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        RGB in [0, 1]; outside the holes it is not the picture exactly.

    Raises
    ------
    WeightsMissing, WeightsCorrupt, CheckpointMismatch
        If there is no file, it is no ONNX, or it is another network.
    """
    if not path.is_file():
        msg = f"Expected an ONNX file that fills holes at {path}, got nothing there. Check the path."
        raise WeightsMissing(msg)
    network = _load(path, path.stat().st_mtime_ns)
    picture, hole = image.transpose(2, 0, 1)[None], mask[None, None]
    if network.input(0).get_element_type() == openvino.Type.u8:
        known = np.where(hole, 0, 255).astype(np.uint8)
        answer = _run(network, (np.ascontiguousarray(picture) * 255 + 0.5).astype(np.uint8), known)
    else:
        sides = [dimension.get_length() for dimension in network.input(0).get_partial_shape()][2:]
        answer = _run(network, _resized(picture, *sides), (_resized(hole, *sides) > 0).astype(np.float32))
    filled = _resized(answer.astype(np.float32), *image.shape[:2])[0].transpose(1, 2, 0)
    return np.clip(filled / 255, 0.0, 1.0)


def _run(network: Any, picture: NDArray[Any], mask: NDArray[Any]) -> NDArray[Any]:
    answer: NDArray[Any] = network([picture, mask])[0]
    return answer


def _resized(x: NDArray[Any], height: int, width: int) -> Array:
    """Bring (1, C, h, w) to a size."""
    plane = np.ascontiguousarray(x[0].transpose(1, 2, 0), np.float32)
    kind = cv2.INTER_AREA if height < plane.shape[0] else cv2.INTER_LINEAR
    small = cv2.resize(plane, (width, height), interpolation=kind).reshape(height, width, -1)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None])


@lru_cache(maxsize=1)
def _load(path: Path, _changed: int) -> Any:
    try:
        graph = graphs.core().read_model(path)
        network = graphs.core().compile_model(graph, "CPU", {"PERFORMANCE_HINT": "LATENCY"})
    except RuntimeError as error:
        reason = next(iter(str(error).splitlines()), "")
        msg = f"Expected an ONNX network in {path}, got a file that OpenVINO cannot read ({reason}). Choose another."
        raise WeightsCorrupt(msg) from error
    shapes = [given.get_partial_shape() for given in network.inputs]
    fits = len(shapes) == 2 and all(shape.rank == 4 for shape in shapes)
    fits = fits and (network.input(0).get_element_type() == openvino.Type.u8 or shapes[0].is_static)
    if not fits:
        told = ", ".join(str(shape) for shape in shapes)
        msg = f"Expected MI-GAN's pipeline or LaMa in {path}, which take a picture and a mask, got inputs of {told}."
        raise CheckpointMismatch(msg)
    return network
