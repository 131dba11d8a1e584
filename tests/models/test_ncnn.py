"""Weights for ncnn, read and stored."""

import numpy as np
import pytest
import torch

from models import catalog
from models.errors import WeightsCorrupt
from models.files import ncnn, weights, wheel
from tests.models.seeded import read_keys
from tests.models.tiny_ncnn import BIN, HALF, NAMES, PARAM, STATE


def test_convolutions_of_both_precisions_are_read_in_their_order():
    state = ncnn.read(PARAM, BIN, NAMES)
    assert list(state) == list(STATE)
    for name, tensor in state.items():
        assert tensor.dtype == np.float32
        np.testing.assert_array_equal(tensor, STATE[name], strict=True)


FAULTS = {
    "another format": ("7767517\n", "7767518\n", None),
    "no text at all": (PARAM, "", None),
    "an unknown kind of weights": (HALF, b"\x4b\x4b\x0d\x00", None),
    "fewer weights than stated": ("6=27", "6=28", None),
    "weights of another shape": ("1=3 ", "1=2 ", None),
    "no bias": ("5=1 6=3", "6=3", None),
    "one convolution more": (PARAM, PARAM + PARAM.splitlines()[-1] + "\n", None),
    "one convolution less": (PARAM.splitlines()[-1], "", None),
    "the end is cut off": (BIN, BIN[:-1], None),
    "bytes are left over": (BIN, BIN + bytes(4), "4 bytes more"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_other_files_for_ncnn_are_refused(fault):
    old, new, match = FAULTS[fault]
    param, data = (PARAM.replace(old, new), BIN) if isinstance(old, str) else (PARAM, BIN.replace(old, new))
    assert (param, data) != (PARAM, BIN)
    with pytest.raises(WeightsCorrupt, match=match or "2 convolutions of a network for ncnn"):
        ncnn.read(param, data, NAMES)


def test_an_encoded_state_is_a_safetensors_file_that_names_shapes_and_values_alone_decide(tmp_path):
    (tmp_path / "some.safetensors").write_bytes(wheel.encode(STATE))
    read = weights.checkpoint.read(tmp_path / "some.safetensors")
    assert read.keys() == STATE.keys()
    for name, tensor in STATE.items():
        torch.testing.assert_close(read[name], torch.from_numpy(tensor), rtol=0, atol=0)
    changes = {"name": ("a", STATE["last.bias"]), "shape": ("last.bias", STATE["last.bias"].reshape(1, 1))}
    changes["value"] = ("last.bias", np.nextafter(STATE["last.bias"], 0))
    for name, tensor in changes.values():
        other = {key: value for key, value in STATE.items() if key != "last.bias"} | {name: tensor}
        assert wheel.encode(other) != wheel.encode(STATE)


@pytest.mark.parametrize("model", ["realesrgan-x4plus", "realesrgan-x4plus-anime-6b"])
def test_layers_of_the_catalog_are_those_of_the_official_files(model):
    spec = catalog.get(model)
    keys = read_keys(spec.file.removesuffix(".pth").replace("RealESRGAN", "realesrgan"))
    assert [f"{layer}.{part}" for layer in spec.wheel.layers for part in ("weight", "bias")] == list(keys)
