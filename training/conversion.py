"""Networks of torch as models of OpenVINO."""

import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn

from models.networks.blur_estimator import SIDE, BlurEstimator
from models.networks.face_embedding import SIDE as FACE_SIDE
from models.networks.face_embedding import FaceEmbedding
from models.networks.fast_colorizer import FastColorizer
from models.networks.unet import UNet

if TYPE_CHECKING:  # training on a CUDA card works without OpenVINO
    import openvino

EXAMPLE = (32, 64)
"""Height and width of the input with which the conversion traces the network."""


def to_openvino(network: nn.Module) -> "openvino.Model":
    """Return a network as an OpenVINO model for any batch size and, for any picture, any height and width."""
    import openvino

    if isinstance(network, BlurEstimator):
        example, shape = torch.zeros(1, 1, SIDE, SIDE), [-1, 1, SIDE, SIDE]
    elif isinstance(network, FaceEmbedding):
        example, shape = torch.zeros(1, 3, FACE_SIDE, FACE_SIDE), [-1, 3, FACE_SIDE, FACE_SIDE]
    else:
        channels = _channels(network)
        example, shape = torch.zeros(1, channels, *EXAMPLE), [-1, channels, -1, -1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns at every call that it is deprecated
        return openvino.convert_model(network, example_input=example, input=[("x", openvino.PartialShape(shape))])


def _channels(network: nn.Module) -> int:
    """Return the number of channels of a network's input pictures."""
    if isinstance(network, FastColorizer):
        return 1
    return 3 * network.pictures if isinstance(network, UNet) else 3
