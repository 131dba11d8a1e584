"""The measurements of speed: what they count, print and refuse. No test depends on how fast the machine is."""

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file

from benchmarks.__main__ import main
from benchmarks.speed import ceiling, page, parts, processes, races, rivals
from benchmarks.speed.races import Request, growth
from models import catalog
from models.files import weights
from models.networks.srvgg import SRVGG
from pipeline.errors import StudioError
from tests.photographs import photograph


@pytest.fixture
def asked(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(np.rint(photograph("coffee", 64) * 255).astype(np.uint8)).save(path)
    return Request(path, None, (0.005,), (1.0,), 1)


def test_operations_are_those_of_the_layers():
    """SRVGG: 3x3 convolutions from 3 to 64 channels, 64 to 64, and 64 to 3 r^2."""
    network = catalog.get("fast-x4")
    shapes = [t.shape for t in weights.read_state(weights.find(network), network).values() if t.ndim == 4]
    assert ceiling.per_pixel(network) == sum(2 * np.prod(shape) for shape in shapes)


@pytest.mark.parametrize(
    ("kind", "expected"), [("matmul", 16 * 2 * 2048**3), ("convolution", 16 * 2 * 64 * 64 * 9 * 512**2)]
)
def test_the_ceilings_are_counted_by_hand(kind, expected):
    model = ceiling._matmuls("float32") if kind == "matmul" else ceiling._convolutions("float32")
    assert ceiling.count(model) == expected


def test_a_line_through_costs_is_printed_with_its_largest_deviation():
    assert growth("chain", (1, 2, 3), (2.5, 4.5, 6.5)).startswith("chain: 2.00 s a megapixel plus 0.50 s; no")
    assert "more than 0%" in growth("chain", (1, 2, 3), (2.5, 4.5, 6.5))
    assert "three sizes" in growth("chain", (1, 2), (1, 2))


def test_a_picture_has_the_size_that_is_asked_and_grain(asked):
    picture = asked.picture(0.01)
    assert picture.shape[0] * picture.shape[1] == pytest.approx(1e4, rel=0.02)
    assert not np.array_equal(picture[:, 1:], picture[:, :-1])


def test_a_rival_that_is_not_installed_has_its_row(asked, tmp_path, monkeypatch):
    save_file(SRVGG(num_feat=4, num_conv=1, scale=4).state_dict(), tmp_path / "small.safetensors")
    monkeypatch.setattr(rivals, "missing", lambda package: f"the package {package} is not installed")
    monkeypatch.setattr(ceiling, "reached", lambda kind, number, rounds: 1e9)
    told = list(races.upscaler(Request(asked.photograph, tmp_path / "small.safetensors", (0.005,), (1.0,), 1)))
    for name in ("realesrgan", "onnxruntime"):
        assert f"| 0.005 | {name} | not measured: the package {name} is not installed | | | | |" in told
    assert {line.split(" | ")[1] for line in told[2:]} >= {"eager torch", "studio float32"}


def test_without_a_browser_the_page_is_not_measured_for_that_reason(asked, monkeypatch):
    monkeypatch.setattr(rivals, "missing", lambda package: f"the package {package} is not installed")
    assert list(page.start(asked)) == ["Not measured: the package playwright is not installed."]


def test_the_peak_of_a_process_is_its_own_and_not_its_parents():
    held = np.ones(300_000_000, np.uint8)
    small = processes.measured(["-S", "-c", "pass"], {})
    large = processes.measured(["-S", "-c", "x = b'1' * 200_000_000"], {})
    assert small.megabytes < 100 < 200 < large.megabytes < held.nbytes / 1e6


def test_a_process_that_fails_is_an_error_with_its_text():
    with pytest.raises(StudioError, match="gone wrong"):
        processes.measured(["-c", "raise SystemExit('gone wrong')"], {})


def test_parts_are_tables(asked, monkeypatch):
    monkeypatch.setattr(parts, "_LARGE", 0.1)
    monkeypatch.setattr(page, "LARGE", 0.1)
    lines = list(parts.tables(["finish", "encoding"], asked))
    assert "### finish" in lines
    assert any(line.startswith("| studio, from float32 |") for line in lines)


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["speed", "photo.png", "--only", "nothing"])
    assert exit_.value.code == 2
    assert "unknown part nothing" in capsys.readouterr().err
