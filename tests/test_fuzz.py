"""The search for files that do harm finds them."""

import random

import pytest

from pipeline.codecs.worker import WorkerLost
from pipeline.errors import PhotoUnreadable
from tests.fuzz import __main__ as fuzz
from tests.fuzz.mutants import changed, seeds


def test_every_seed_is_a_sound_file():
    for name, data in seeds().items():
        assert fuzz.outcome(data, random.Random(0)) == "read", name


def test_the_same_seed_makes_the_same_files():
    data = seeds()["PNG"]
    first, second, other = ([changed(data, random.Random(seed)) for _ in range(5)] for seed in (1, 1, 2))
    assert first == second != other


@pytest.mark.parametrize(
    ("error", "what"),
    [(KeyError("x"), "FOREIGN KeyError"), (PhotoUnreadable("x"), "refused"), (AssertionError(), "FOREIGN Assertion")],
)
def test_errors_that_are_not_of_the_studio_are_found(monkeypatch, error, what):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(fuzz, "read_photo", broken)
    assert fuzz.outcome(b"", random.Random(0)).startswith(what)


def test_a_worker_that_ended_is_told_apart(monkeypatch):
    def broken(*_, **__):
        raise PhotoUnreadable("x") from WorkerLost("y")

    monkeypatch.setattr(fuzz, "read_photo", broken)
    assert fuzz.outcome(b"", random.Random(0)) == "ended a worker"


def test_a_file_that_takes_too_much_is_a_fault(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(fuzz, "MEMORY", 1)
    monkeypatch.setattr("sys.argv", ["fuzz", "--minutes", "0.005", "--keep", str(tmp_path)])
    assert fuzz.main() == 1
    assert "LARGE" in capsys.readouterr().out
    assert list(tmp_path.iterdir())
