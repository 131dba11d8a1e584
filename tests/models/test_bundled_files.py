"""Bundled files are checked against their published digests before a network is made of them."""

import shutil
import subprocess

import pytest

from models import catalog
from models.errors import WeightsCorrupt, WeightsMissing
from models.files import bundled, weights
from models.runtime.engine import Engine

NAME = "fast-x2"


@pytest.fixture
def box(tmp_path, monkeypatch):
    """A copy of one bundled model, with the digests of all."""
    for path in [weights.BUNDLED / bundled.SUMS, *weights.BUNDLED.glob(f"{NAME}.*")]:
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(weights, "BUNDLED", tmp_path)
    return tmp_path


def test_every_bundled_file_is_the_published_one():
    files = [path for ending in ("xml", "bin", "safetensors") for path in weights.BUNDLED.glob(f"*.{ending}")]
    assert len(files) == 3 * sum(spec.bundled for spec in catalog.MODELS)
    assert all(bundled.check(path) == path for path in files)
    command = ["sha256sum", "--check", "--quiet", bundled.SUMS]
    assert subprocess.run(command, cwd=weights.BUNDLED, check=False).returncode == 0


def test_the_box_is_small():
    assert sum(path.stat().st_size for path in weights.BUNDLED.iterdir()) < 48_000_000


def test_the_published_files_run(box):
    assert Engine("cpu", "float32").network(catalog.get(NAME))


@pytest.mark.parametrize("ending", ["bin", "xml", "safetensors"])
def test_one_flipped_bit_is_found_and_the_file_named(box, ending):
    path = box / f"{NAME}.{ending}"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(WeightsCorrupt, match=rf"{NAME}\.{ending}.*Install the studio again"):
        Engine("cpu", "float32").network(catalog.get(NAME))


def test_tensors_are_checked_as_graphs_are(box):
    path = box / f"{NAME}.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsCorrupt, match="safetensors"):
        weights.read_state(path, catalog.get(NAME))


def test_a_cut_or_missing_file_is_an_error_in_words(box):
    (box / f"{NAME}.bin").write_bytes((box / f"{NAME}.bin").read_bytes()[:-1])
    with pytest.raises(WeightsCorrupt, match="damaged or was replaced"):
        weights.graph(catalog.get(NAME))
    (box / f"{NAME}.bin").unlink()
    with pytest.raises(WeightsMissing, match="Install the studio again"):
        weights.graph(catalog.get(NAME))


def test_without_digests_nothing_counts_as_published(box):
    (box / bundled.SUMS).unlink()
    with pytest.raises(WeightsCorrupt, match="unknown"):
        weights.graph(catalog.get(NAME))
