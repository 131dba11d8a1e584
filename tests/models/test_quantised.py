import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models import catalog
from models.errors import WeightsCorrupt
from models.files import weights
from models.networks.srvgg import SRVGG
from models.runtime import graphs, quantised
from tests.models.test_graphs import exported
from tests.photographs import photograph
from tests.training.scenes import write_photographs
from training.calibrate import calibrate
from training.damage.recipes import photographed

CALIBRATED = [spec for spec in catalog.MODELS if spec.ranges]


def upscaler(folder, seed=0):
    """The graph's file of a small upscaler of random weights."""
    folder.mkdir(exist_ok=True)
    torch.manual_seed(seed)
    return exported(SRVGG(num_feat=8, num_conv=2, scale=2), folder)[1]


@pytest.fixture
def calibrated(tmp_path):
    """Graphs of two such, measured on scenes."""
    data = write_photographs(tmp_path / "photographs", 3, size=96)
    paths = [upscaler(tmp_path / str(seed), seed) for seed in range(2)]
    for path in paths:
        calibrate(path, data, lambda image, rng: photographed(image, rng, 2), patch=64, patches=6)
    return paths


def run(graph, x, precision="f32"):
    return graphs.core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": precision})(x)[0]


def test_a_calibrated_graph_computes_in_8_bits_and_nearly_the_same(calibrated):
    photo = photograph("coffee", 96)[:48, :64]
    x = np.ascontiguousarray(photo.transpose(2, 0, 1)[None])
    exact = run(graphs.read(calibrated[0]), x)
    made = quantised.quantise(graphs.read(calibrated[0]))
    compiled = graphs.core().compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    infos = [node.get_rt_info() for node in compiled.get_runtime_model().get_ordered_ops()]
    kinds = [info["primitiveType"].value for info in infos if info["layerType"].value == "Convolution"]
    assert len(kinds) == len(quantised.convolutions(graphs.read(calibrated[0])))
    assert all(kind.endswith("I8") for kind in kinds)
    rough = compiled(x)[0]
    assert not np.array_equal(rough, exact)
    assert -10 * np.log10(np.mean((rough - exact) ** 2)) > 35


def test_calibrating_changes_no_weight(tmp_path, calibrated):
    (tmp_path / "again").mkdir()
    plain, x = upscaler(tmp_path / "again"), np.random.default_rng(0).random((1, 3, 16, 24), np.float32)
    assert not quantised.has_ranges(graphs.read(plain))
    np.testing.assert_array_equal(run(graphs.read(plain), x), run(graphs.read(calibrated[0]), x))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_mixed_networks_have_mixed_ranges(calibrated, share):
    first, second = (quantised.ranges_of(graphs.read(path)) for path in calibrated)
    assert not np.array_equal(first, second)
    mixed = quantised.ranges_of(graphs.read(*calibrated, share))
    np.testing.assert_allclose(mixed, share * first + (1 - share) * second, rtol=1e-4, atol=1e-6)


def test_a_graph_that_was_not_measured_is_refused(tmp_path):
    with pytest.raises(WeightsCorrupt, match="calibrate"):
        quantised.quantise(graphs.read(upscaler(tmp_path / "plain")))


@given(low=st.floats(-100, 0), high=st.floats(0, 100))
def test_nothing_is_one_of_the_steps(low, high):
    """Borders are padded with 0: if it were rounded, every border would be off."""
    bottom, top = quantised._with_exact_zero(low, high)
    step = (float(top) - float(bottom)) / 255
    assert abs(round(-float(bottom) / step) * step + float(bottom)) < 1e-5 * max(1, top - bottom)
    assert bottom <= low + step
    assert top >= high - step


@pytest.mark.parametrize("spec", CALIBRATED, ids=lambda spec: spec.id)
def test_bundled_graphs_keep_their_ranges(spec):
    ranges = quantised.ranges_of(graphs.read(weights.graph(spec)))
    assert (ranges[:, 0] < ranges[:, 1]).all()
    np.testing.assert_allclose(ranges[0], (0, 1), atol=0.01)  # what goes into the first one is the picture
