import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models import catalog
from models.errors import Cancelled, ModelError, WeightsMissing
from models.files.weights import BUNDLED
from models.networks.srvgg import SRVGG
from models.runtime.engine import AT_WORK, MAX_LOADED, Engine, _computes_bfloat16, _has_cuda
from tests.photographs import photograph


@pytest.fixture
def own(tmp_path):
    """A small network of random weights, as a spec and as a torch module."""
    torch.manual_seed(7)
    module = SRVGG(num_feat=16, num_conv=6, scale=2)
    save_file(module.state_dict(), tmp_path / "own.safetensors")
    spec = replace(catalog.get("fast-x2"), id="own", tier="own", ranges=False, file=str(tmp_path / "own.safetensors"))
    return spec, module.eval()


def picture(height=40, width=56):
    return np.random.default_rng(0).random((1, 3, height, width), np.float32)


def expected(module, x):
    with torch.inference_mode():
        return module(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("size", [(40, 56), (64, 64), (17, 91)])
def test_the_cpu_computes_what_torch_computes(own, size):
    spec, module = own
    x = picture(*size)
    out = Engine("cpu", "float32").network(spec).run(x)
    np.testing.assert_allclose(out, expected(module, x), atol=2e-5)


def test_a_picture_comes_pixel_by_pixel(own):
    out = Engine("cpu", "float32").network(own[0]).run(picture())
    assert out.transpose(0, 2, 3, 1).flags.c_contiguous


def test_no_thread_writes_over_what_another_was_given(own):
    network = Engine("cpu", "float32").network(own[0])
    first = network.run(picture())
    kept = first.copy()
    with ThreadPoolExecutor(1) as other:
        other.submit(network.run, 1 - picture()).result()
    assert np.array_equal(first, kept)


@pytest.mark.skipif(not _computes_bfloat16(), reason="this processor has no bfloat16")
def test_bfloat16_stays_close_to_float32(own):
    spec, module = own
    out = Engine("cpu", "bfloat16").network(spec).run(picture())
    error = np.mean((out - expected(module, picture())) ** 2)
    assert -10 * np.log10(error) > 45


@pytest.mark.gpu
@pytest.mark.skipif(not _has_cuda(), reason="no CUDA card here")
@pytest.mark.parametrize(("precision", "decibels"), [("float32", 60), ("float16", 45)])
def test_a_card_computes_what_the_cpu_computes(own, precision, decibels):
    spec, module = own
    out = Engine("cuda", precision).network(spec).run(picture())
    assert -10 * np.log10(np.mean((out - expected(module, picture())) ** 2)) > decibels


@pytest.mark.slow
def test_a_network_is_loaded_once_and_the_oldest_makes_room(own):
    spec, _ = own
    engine = Engine("cpu")
    first = engine.network(spec)
    assert engine.network(spec) is first
    for number in range(MAX_LOADED):
        engine.network(replace(spec, id=f"other-{number}"))
    assert engine.network(spec) is not first


def test_a_network_that_rested_computes_the_same(own):
    spec, _ = own
    engine = Engine("cpu")
    network = engine.network(spec)
    before = network.run(picture()).copy()
    assert hasattr(network._of_thread, "request")
    for number in range(AT_WORK):
        engine.network(replace(spec, id=f"other-{number}"))
    assert not hasattr(network._of_thread, "request")
    assert engine.network(spec) is network
    np.testing.assert_array_equal(network.run(picture()), before)


@pytest.mark.parametrize("name", ["fast-x2", "fast-x4"])
def test_a_bundled_graph_computes_what_its_tensors_do(name):
    spec, engine = catalog.get(name), Engine("cpu", "float32")
    source = replace(spec, tier="own", file=str(BUNDLED / spec.file))
    np.testing.assert_allclose(engine.network(spec).run(picture()), engine.network(source).run(picture()), atol=1e-5)


def test_cancel_stops_while_a_network_loads_and_the_loading_serves_the_next_call(own):
    spec, _ = own
    engine = Engine("cpu")
    with pytest.raises(Cancelled):
        engine.network(spec, cancelled=lambda: True)
    assert engine.network(spec).run(picture()).shape == (1, 3, 80, 112)


def test_a_file_that_comes_later_is_found(own, tmp_path):
    spec, _ = own
    late = replace(spec, file=str(tmp_path / "late.safetensors"))
    engine = Engine("cpu")
    with pytest.raises(WeightsMissing):
        engine.network(late)
    (tmp_path / "own.safetensors").rename(tmp_path / "late.safetensors")
    assert engine.network(late).run(picture()).shape == (1, 3, 80, 112)


def test_cancel_stops_within_a_network(own):
    spec, _ = own
    asked = []

    def cancelled():
        asked.append(time.perf_counter())
        return len(asked) > 1

    network = Engine("cpu", "float32").network(spec)
    with pytest.raises(Cancelled):
        network.run(picture(1500, 1500), cancelled)
    np.testing.assert_array_equal(network.run(picture()).shape, (1, 3, 80, 112))  # and it still works


@pytest.mark.parametrize(
    ("device", "precision", "says"), [("cpu", "float16", "CUDA cards"), ("cuda", "auto", "finds none")]
)
def test_what_the_machine_cannot_compute_is_refused(device, precision, says):
    if device == "cuda" and _has_cuda():
        pytest.skip("this machine has a CUDA card")
    with pytest.raises(ModelError, match=says):
        Engine(device, precision)


@pytest.mark.slow
def test_the_engine_sends_no_telemetry(own, tmp_path):
    """OpenVINO's telemetry package would write an id into the home directory, then send events."""
    spec, _ = own
    home = tmp_path / "home"
    home.mkdir()
    program = f"""
from models.runtime.engine import Engine
from models.spec import ModelSpec
Engine("cpu").network({spec!r})
"""
    surroundings = {name: value for name, value in os.environ.items() if name != "CI"}
    surroundings |= {"HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(home)}
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120, env=surroundings)
    assert not [path for path in home.rglob("*") if "openvino" in path.name or path.name in ("intel", "stats")]


@pytest.mark.skipif(not _computes_bfloat16(), reason="this processor has no bfloat16")
@pytest.mark.parametrize("spec", [spec for spec in catalog.MODELS if spec.bundled and spec.half], ids=lambda s: s.id)
def test_auto_chooses_fewer_bits_only_where_they_keep_the_quality(spec):
    photo = photograph("coffee", 192)[:128, :192]
    x = np.ascontiguousarray(np.concatenate([photo] * (spec.channels // 3), axis=2).transpose(2, 0, 1)[None])
    chosen, exact = (Engine("cpu", precision).network(spec) for precision in ("auto", "float32"))
    assert chosen.precision == ("int8" if spec.ranges else "bfloat16")
    assert chosen.precision in Engine("cpu").precision
    assert Engine("cpu", "float32").precision == exact.precision == "float32"
    expected = exact.run(x).copy()
    error = (chosen.run(x) - expected) / max(1.0, float(np.ptp(expected)))  # a finder answers in pixels
    assert -10 * np.log10(np.mean(error**2)) > (45 if spec.ranges else 50)
