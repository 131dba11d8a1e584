"""Files of models: found, checked, read without running code, and deleted."""

import hashlib
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from models import catalog
from models.errors import CheckpointMismatch, ModelError, WeightsCorrupt, WeightsMissing
from models.files import weights


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    return tmp_path


def unpinned(model="siggraph17"):
    return replace(catalog.get(model), size=None, digest=None)


def pinned(path):
    data = path.read_bytes()
    return replace(unpinned(), file=path.name, size=len(data), digest=f"sha256:{hashlib.sha256(data).hexdigest()}")


def test_a_missing_file_names_four_ways_out(folder):
    spec = catalog.get("siggraph17")
    with pytest.raises(WeightsMissing) as missing:
        weights.find(spec)
    ways = ("python -m pipeline models download siggraph17", spec.file, str(folder), "STUDIO_MODELS", "bundled model")
    for way in ways:
        assert way in str(missing.value)
    assert weights.status(spec) == "missing"


def test_a_file_in_the_folder_is_ready(folder):
    spec = unpinned()
    (folder / spec.file).write_bytes(b"some")
    assert weights.find(spec) == folder / spec.file
    assert weights.status(spec) == "ready"


def test_the_cache_is_used_unless_a_folder_is_set(monkeypatch):
    monkeypatch.delenv("STUDIO_MODELS")
    assert weights.folder().name == "restoration-studio"


@pytest.mark.parametrize("change", [b"other", b"longer than it was"])
def test_a_tampered_file_is_refused_and_left_alone(change, folder):
    path = folder / "model.pth"
    path.write_bytes(b"right")
    spec = pinned(path)
    assert weights.verify(spec, path) == spec.digest
    path.write_bytes(change)
    with pytest.raises(WeightsCorrupt, match=r"expected .* got .* models download siggraph17") as refusal:
        weights.read_state(path, spec)
    assert (spec.digest if len(change) == 5 else "5 bytes") in str(refusal.value)
    assert path.read_bytes() == change


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_files_are_refused(suffix, folder):
    path = folder / f"model{suffix}"
    for content in (b"", b"<html>No</html>", b"PK\x03\x04 and then nothing", b"\x80\x02}q\x00."):
        path.write_bytes(content)
        with pytest.raises((WeightsCorrupt, CheckpointMismatch), match="Expected"):
            weights.read_state(path, unpinned())


class Payload:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return open, (str(self.target), "w")


def test_code_in_a_file_is_refused_and_not_run(folder):
    path, traces = folder / "model.pth", folder / "traces"
    torch.save({"params": {"weight": torch.zeros(1)}, "more": Payload(traces)}, path)
    with pytest.raises(WeightsCorrupt, match="never run"):
        weights.read_state(path, unpinned())
    assert not traces.exists()


@pytest.mark.parametrize("content", [{}, torch.zeros(2), {"params": 3}, {"params": {"a": torch.zeros(1), "b": "c"}}])
def test_other_content_is_refused(content, folder):
    path = folder / "model.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointMismatch, match="Expected named tensors"):
        weights.read_state(path, replace(unpinned(), wrappers=("params",)))


DIALECTS = {
    "both": ("realesrgan-x4plus", {"params": {"a.weight": 1.0}, "params_ema": {"a.weight": 2.0}}, {"a.weight": 2.0}),
    "params": ("realesr-general-x4v3", {"params": {"a.weight": 1.0}}, {"a.weight": 1.0}),
    "deblurgan": (
        "deblurgan-mobilenet",
        {"model": {"module.a.weight": 1.0, "module.a.running_mean": 3.0, "module.fpn.features.0.weight": 4.0}},
        {"a.weight": 1.0},
    ),
    "bare": (
        "siggraph17",
        {"a.weight": 1.0, "model_class.0.bias": 2.0, "b.num_batches_tracked": 3.0},
        {"a.weight": 1.0},
    ),
}


def tensors(values):
    return {key: tensors(value) if isinstance(value, dict) else torch.tensor(value) for key, value in values.items()}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_is_read(dialect, legacy, folder):
    model, content, expected = DIALECTS[dialect]
    path = folder / "model.pth"
    torch.save(tensors(content), path, _use_new_zipfile_serialization=not legacy)
    assert weights.read_state(path, unpinned(model)) == tensors(expected)


def test_safetensors_are_read(folder):
    path = folder / "model.safetensors"
    save_file({"a": torch.arange(3.0)}, path)
    torch.testing.assert_close(weights.read_state(path, unpinned()), {"a": torch.arange(3.0)})


def test_only_downloaded_files_are_deleted(folder):
    spec = unpinned()
    (folder / spec.file).write_bytes(b"some")
    weights.remove(spec)
    assert weights.status(spec) == "missing"
    with pytest.raises(WeightsMissing):
        weights.remove(spec)
    with pytest.raises(ModelError, match="Nothing was deleted"):
        weights.remove(catalog.get("fast-x4"))
