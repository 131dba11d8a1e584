"""Compiled networks on disk: found again, never stale, never incomplete, whichever process writes them."""

import hashlib
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import openvino
import pytest
import torch
from safetensors.torch import save_file

from models import catalog
from models.errors import WeightsMissing
from models.networks.srvgg import SRVGG
from models.runtime import compiled, graphs
from models.runtime.engine import Engine

X = np.random.default_rng(0).random((1, 3, 24, 32), np.float32)


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def own(tmp_path):
    """A small network that torch must trace; each call gives it other weights."""

    def make(seed=0):
        torch.manual_seed(seed)
        save_file(SRVGG(num_feat=4, num_conv=1, scale=2).state_dict(), tmp_path / "own.safetensors")
        return replace(
            catalog.get("fast-x2"), id="own", tier="own", ranges=False, file=str(tmp_path / "own.safetensors")
        )

    return make


def run(spec):
    return Engine("cpu", "float32").network(spec).run(X)


def entries():
    return sorted(compiled.folder().glob("*.blob"))


@pytest.fixture
def no_tracing(monkeypatch):
    def refuse(*_):
        pytest.fail("the network was made anew")

    monkeypatch.setattr(graphs, "convert", refuse)


def test_the_second_start_makes_nothing_and_computes_the_same(own, request):
    spec = own()
    first = run(spec)
    assert len(entries()) == 1
    request.getfixturevalue("no_tracing")
    np.testing.assert_array_equal(run(spec), first)


def test_the_second_process_does_not_import_torch(own):
    spec = own()
    run(spec)
    program = f"""
import sys
from models.runtime.engine import Engine
from models.spec import ModelSpec
Engine("cpu", "float32").network({spec!r})
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def change_version(monkeypatch):
    monkeypatch.setattr(openvino, "get_version", lambda: "another")


def change_processor(monkeypatch):
    monkeypatch.setattr(compiled, "_processor", lambda: "another")


def change_code(monkeypatch):
    monkeypatch.setattr(compiled, "_code", lambda: "another")


@pytest.mark.parametrize("change", [change_version, change_processor, change_code])
def test_another_engine_processor_or_code_makes_another_entry(own, change, monkeypatch):
    spec = own()
    run(spec)
    before = entries()
    change(monkeypatch)
    run(spec)
    assert len(entries()) == 2
    assert before[0] in entries()


def test_another_file_of_the_same_name_makes_another_entry(own):
    first = run(own(0))
    assert not np.array_equal(run(own(1)), first)
    assert len(entries()) == 2


@pytest.mark.parametrize("mix", [0.0, 0.5])
def test_a_mixed_network_is_another(mix):
    engine, spec = Engine("cpu", "float32"), catalog.get("fast-x4")
    assert not np.array_equal(engine.network(spec).run(X), engine.network(spec, mix=mix).run(X))
    assert len(entries()) == 2


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [halve, flip, empty])
def test_a_broken_entry_is_replaced_with_a_warning(own, damage, caplog):
    spec = own()
    first = run(spec)
    (entry,) = entries()
    whole = entry.read_bytes()
    damage(entry)
    with caplog.at_level(logging.WARNING):
        np.testing.assert_array_equal(run(spec), first)
    assert str(entry) in caplog.text
    assert "unusable" in caplog.text
    assert entry.stat().st_size == len(whole)


def test_an_entry_that_the_engine_refuses_is_replaced_too(own, caplog):
    spec = own()
    first = run(spec)
    (entry,) = entries()
    compiled._write(entry, b"no network at all")
    np.testing.assert_array_equal(run(spec), first)
    assert "unusable" in caplog.text


def test_two_processes_at_once_leave_one_whole_entry():
    spec = catalog.get("fast-x2")  # a bundled one, since importing torch twice takes seconds
    program = f"""
from models.runtime.engine import Engine
from models.spec import ModelSpec
Engine("cpu", "float32").network({spec!r})
"""
    both = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(2)]
    told = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert not any(told)  # no warning
    (entry,) = entries()
    assert [path.name for path in entry.parent.iterdir()] == [entry.name]  # nothing temporary is left
    run(spec)
    assert entries() == [entry]


def test_a_reader_never_meets_a_half_written_entry(tmp_path):
    path, blob = tmp_path / "entry.blob", bytes(5_000_000)
    compiled._write(path, blob)
    with ThreadPoolExecutor(1) as writer:
        writing = writer.submit(lambda: [compiled._write(path, blob) for _ in range(20)])
        while not writing.done():
            content = path.read_bytes()
            assert content[:32] == hashlib.sha256(content[32:]).digest()


def test_a_folder_that_cannot_be_written_costs_a_warning_only(own, models, caplog):
    models.write_text("a file stands where the folder should be")
    assert run(own()).shape == (1, 3, 48, 64)
    assert "cannot be written" in caplog.text


def test_the_least_recently_used_entry_makes_room(own, monkeypatch):
    first = own(0)
    run(first)
    (old,) = entries()
    monkeypatch.setattr(compiled, "MOST_BYTES", 3 * old.stat().st_size // 2)  # room for one
    run(own(1))
    (new,) = entries()
    assert new != old


def test_a_missing_file_is_missing_though_it_was_compiled_once(own, tmp_path):
    spec = own()
    run(spec)
    (tmp_path / "own.safetensors").unlink()
    with pytest.raises(WeightsMissing):
        run(spec)
