"""The catalog is complete, and importing it is cheap; a person's own files are recognised."""

import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest
import safetensors.torch
import torch

from models import catalog, own
from models.errors import CheckpointMismatch, ModelError
from models.runtime.engine import Engine
from tests.models.restorers import random_unet
from tests.models.seeded import read_keys

OFFICIAL = [spec for spec in catalog.MODELS if spec.tier == "official"]


BUILT = [spec for spec in catalog.MODELS if spec.format != "onnx"]
"""An ONNX file has its definition with it."""


@pytest.mark.parametrize("spec", BUILT, ids=lambda spec: spec.id)
def test_every_builder_is_there(spec):
    module, _, function = spec.builder.partition(":")
    assert callable(getattr(import_module(module), function))


@pytest.mark.parametrize("spec", OFFICIAL, ids=lambda spec: spec.id)
def test_every_download_is_pinned(spec):
    assert spec.page.startswith("https://")
    assert spec.licence.startswith(("BSD", "Apache-2.0", "MIT"))
    assert all(source.startswith("https://") for source in spec.sources)
    assert spec.sources
    if spec.id != "deblurgan-inception":  # published without digest or size
        algorithm, _, digest = spec.digest.partition(":")
        assert (algorithm, len(bytes.fromhex(digest))) == ("sha256", 32)
        assert spec.size > 200_000
    if spec.wheel:
        for pin in (spec.wheel.digest, spec.wheel.tensors):
            assert len(bytes.fromhex(pin.removeprefix("sha256:"))) == 32


def test_ids_and_files_are_unique():
    wheels = [spec.wheel.file for spec in catalog.MODELS if spec.wheel]
    for values in ([spec.id for spec in catalog.MODELS], [spec.file for spec in catalog.MODELS] + wheels):
        assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("model", "keys"), [("realesr-general-x4v3", "realesr_general_x4v3"), ("realesr-animevideov3",) * 2]
)
def test_exact_context_is_one_pixel_a_convolution(model, keys):
    convolutions = sum(shape[2:] == (3, 3) for shape in read_keys(keys.replace("-", "_")).values())
    assert catalog.get(model).context == convolutions


def test_partners_exist():
    partners = {catalog.get(spec.partner).id for spec in catalog.MODELS if spec.partner}
    assert partners == {"realesr-general-wdn-x4v3", "fast-x4-faithful"}


def test_an_unknown_id_names_its_neighbours():
    with pytest.raises(ModelError, match=r"'siggraph'.*siggraph17"):
        catalog.get("siggraph")
    with pytest.raises(ModelError, match="fast-x4"):
        own.find("?")


def test_tasks_list_bundled_models_first():
    assert [spec.id for spec in catalog.for_task("upscale")][:3] == ["fast-x4", "fast-x4-faithful", "fast-x2"]
    deblurrers = [spec.id for spec in catalog.for_task("deblur")]
    assert deblurrers == ["fast-deblur", "deblurgan-mobilenet", "deblurgan-inception"]
    assert [spec.id for spec in catalog.for_task("colorize")] == ["fast-colorize", "siggraph17", "eccv16"]
    assert [spec.id for spec in catalog.for_task("faces")] == [
        "fast-faces",
        "gfpgan-1.4",
        "gfpgan-1.3",
        "restoreformer",
    ]


def test_a_file_that_no_kind_of_network_recognises_is_refused(tmp_path):
    torch.save({"some": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointMismatch, match=r"got tensors of none \(some"):
        own.find(str(tmp_path / "other.pth"))
    with pytest.raises(CheckpointMismatch, match="up to 3 pictures, got one of 4"):
        own.find(str(restorer(tmp_path, 4, (4, 8))[0]))


def test_the_format_follows_from_the_file(tmp_path):
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "model_index.json").write_text("{}")
    found = [own.find(str(tmp_path / name)) for name in ("filler.ONNX", "pipeline")]
    specs = [catalog.get("fast-x4"), catalog.get("siggraph17"), *found]
    assert [spec.format for spec in specs] == ["openvino", "tensors", "onnx", "diffusers"]
    assert [spec.title for spec in found] == ["filler", "pipeline"]
    assert all(spec.takes == ("photo", "mask") for spec in found)


def test_reading_the_catalog_does_not_import_torch():
    lines = [
        "import sys",
        "from models import catalog\nfrom models.files import weights",
        "weights.status(catalog.get('fast-x4'))",
        "sys.exit('torch' in sys.modules)",
    ]
    assert subprocess.run([sys.executable, "-c", "\n".join(lines)], check=False).returncode == 0


def restorer(folder, pictures, widths):
    """The file of a U-Net, and the network."""
    path = folder / "mine.safetensors"
    network = random_unet(widths=widths, blocks=(1,) * len(widths), fold=2, pictures=pictures)
    safetensors.torch.save_file(network.state_dict(), path)
    return path, network


@pytest.mark.parametrize(
    ("widths", "task", "takes"),
    [
        ((4, 8), "denoise", ("photo",)),
        ((4, 8, 16), "denoise", ("photo", "guess")),
        ((4, 8), "fill", ("photo", "mask", "mask", "mask", "guess")),
    ],
)
def test_a_restorer_of_ones_own_training_is_known_by_its_tensors(tmp_path, widths, task, takes):
    path, network = restorer(tmp_path, len(set(takes)), widths)
    spec = own.find(str(path))
    assert (spec.tier, spec.task, spec.scale, spec.takes) == ("own", task, 1, takes)
    assert (spec.channels, spec.multiple) == (3 * len(set(takes)), 2 ** len(widths))
    x = np.random.default_rng(0).random((1, spec.channels, 32, 48), np.float32)
    with torch.inference_mode():
        expected = network(torch.from_numpy(x)).numpy()
    assert np.abs(Engine("cpu", "float32").network(spec).run(x) - expected).max() < 1e-3
