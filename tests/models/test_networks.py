"""Our definitions load the official files and compute what the authors' definitions compute."""

import warnings
from dataclasses import replace
from importlib import import_module

import numpy as np
import openvino
import pytest
import torch

from models import catalog
from models.errors import CheckpointMismatch
from models.files import weights
from models.networks import colorizers, damage_detector, deblurgan, lama, realesrgan, scratch_unet, unet
from models.networks.srvgg import SRVGG
from tests.models.seeded import DATA, hollow, seeded_tensor

pytestmark = pytest.mark.slow

CHECKPOINTS = {
    "realesrgan-x4plus": "realesrgan_x4plus",
    "realesrgan-x2plus": "realesrgan_x2plus",
    "realesrgan-x4plus-anime-6b": "realesrgan_x4plus_anime_6B",
    "realesr-general-x4v3": "realesr_general_x4v3",
    "realesr-general-wdn-x4v3": "realesr_general_x4v3",
    "realesr-animevideov3": "realesr_animevideov3",
    "deblurgan-mobilenet": "deblurgan_fpn_mobilenet",
    "deblurgan-inception": "deblurgan_fpn_inception",
    "eccv16": "colorizer_eccv16",
    "siggraph17": "colorizer_siggraph17",
}
CPU = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
VECTORS = [
    model for model, name in CHECKPOINTS.items() if (DATA / "parity" / f"{name}.npz").exists() and "wdn" not in model
]


def read_official(model, folder):
    """The state dict of a file with the official wrapper, prefix and keys."""
    spec = replace(catalog.get(model), size=None, digest=None)
    state = hollow(CHECKPOINTS[model])
    path = folder / spec.file
    torch.save({spec.wrappers[0]: state} if spec.wrappers else state, path)
    return weights.read_state(path, spec)


def build(model, state):
    module, _, function = catalog.get(model).builder.partition(":")
    return getattr(import_module(module), function)(state)


@pytest.fixture(scope="module", params=VECTORS)
def vector(request, tmp_path_factory):
    """A network with the weights of its parity vector, the input, and the output there should be."""
    shapes = read_official(request.param, tmp_path_factory.mktemp("official"))
    network = build(request.param, {key: seeded_tensor(key, tuple(t.shape)) for key, t in shapes.items()})
    source, target = np.load(DATA / "parity" / f"{CHECKPOINTS[request.param]}.npz").values()
    if request.param.startswith("deblurgan"):
        target = target / 2 + 0.5
    if request.param == "siggraph17":
        source = np.pad(source, ((0, 0), (0, 0), (0, 3)))  # no hints
    return (
        request.param,
        network,
        np.ascontiguousarray(source.transpose(2, 0, 1)[None]),
        target.transpose(2, 0, 1)[None],
    )


@torch.inference_mode()
def run(network, x):
    return network(torch.from_numpy(x)).numpy()


def distance(a, b):
    """The largest difference, as a part of b's range."""
    assert a.shape == b.shape
    return np.abs(a - b).max() / np.ptp(b)


@pytest.mark.parametrize("model", CHECKPOINTS)
def test_an_official_file_fits(model, tmp_path):
    state = read_official(model, tmp_path)
    network = build(model, state)
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert sum(p.numel() for p in network.parameters()) == sum(
        tensor.numel() for key, tensor in state.items() if ".running_" not in key
    )


def test_output_is_that_of_the_authors(vector):
    _, network, x, expected = vector
    assert distance(run(network, x), expected) < 1e-4


def test_openvino_agrees_at_a_size_that_was_not_traced(vector):
    model, network, x, expected = vector
    side = max(catalog.get(model).minimum, 16)
    example = torch.rand(1, x.shape[1], side, side)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer warns that it is deprecated
        converted = openvino.convert_model(torch.jit.trace(network, example, check_trace=False), example_input=example)
    converted.reshape([1, x.shape[1], -1, -1])
    compiled = openvino.Core().compile_model(converted, "CPU", CPU)
    assert x.shape[2:] != (side, side)
    assert distance(compiled(x)[0], expected) < 2e-4


@pytest.fixture(scope="module")
def mobilenet():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return deblurgan.DeblurGAN(deblurgan.mobilenet_generator()).eval()


OWN = [
    (unet, unet.UNet(widths=(4, 8), fold=2, blocks=(1, 1), pictures=3).state_dict(), {"pictures": 3, "multiple": 4}),
    (damage_detector, damage_detector.DamageClassifier(widths=(4, 8), blocks=(1, 1)).state_dict(), {"multiple": 4}),
    (scratch_unet, scratch_unet.ScratchUNet(width=4, depth=3).state_dict(), {"multiple": 8}),
    (lama, {"generator.model.1.bn_l.running_mean": torch.zeros(1)}, {"multiple": 8, "minimum": 16}),
    (realesrgan, SRVGG(num_feat=4, num_conv=2, scale=2).state_dict(), {"scale": 2, "context": 4, "tiling": "exact"}),
]


@pytest.mark.parametrize(("network", "state", "traits"), OWN, ids=[network.__name__ for network, *_ in OWN])
def test_a_persons_own_file_is_recognised_and_its_traits_follow_from_it(network, state, traits):
    assert next(other for other, *_ in OWN if other.detect(state)) is network  # spandrel knows LaMa too, and is last
    assert traits.items() <= network.traits(state).items()


def test_deblurring_keeps_no_state_and_pictures_of_a_batch_apart(mobilenet):
    x = np.random.default_rng(0).random((2, 3, 64, 96), np.float32)
    together = run(mobilenet, x)
    alone = np.concatenate([run(mobilenet, x[:1]), run(mobilenet, x[1:])])
    np.testing.assert_allclose(together, alone, atol=1e-4)
    np.testing.assert_array_equal(together, run(mobilenet.train(), x))
    assert not list(mobilenet.buffers())


def test_deblurring_adds_to_the_picture_within_its_range(mobilenet):
    x = np.random.default_rng(1).random((1, 3, 64, 64), np.float32)
    y = run(mobilenet, x)
    assert y.min() >= 0
    assert y.max() <= 1
    torch.nn.init.zeros_(mobilenet.generator.final.weight)
    torch.nn.init.zeros_(mobilenet.generator.final.bias)
    np.testing.assert_allclose(run(mobilenet, x), x, atol=1e-6)


def test_hints_steer_the_colours():
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        network = colorizers.SIGGRAPH17().eval()
        x = torch.cat([100 * torch.rand(1, 1, 32, 40), torch.zeros(1, 3, 32, 40)], dim=1)
        plain = network(x)
        x[:, 1:, 8:12, 8:12] = torch.tensor([60.0, -60.0, 1.0]).view(1, 3, 1, 1)
        assert (network(x) - plain).abs().max() > 0


def test_tensors_that_do_not_fit_are_named():
    state = hollow("colorizer_eccv16")
    state["model1.0.weight"] = torch.zeros(64, 3, 3, 3)
    state["surplus"] = state.pop("model_out.weight")
    with pytest.raises(CheckpointMismatch) as refusal:
        colorizers.build_eccv16(state)
    text = str(refusal.value)
    assert "missing: model_out.weight" in text
    assert "unexpected: surplus" in text
    assert "model1.0.weight (64, 3, 3, 3) instead of (64, 1, 3, 3)" in text
