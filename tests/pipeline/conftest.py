"""What tests of photographs share."""

import pytest

from pipeline.codecs.worker import workers


@pytest.fixture
def in_this_process(monkeypatch):
    """Read and write files without a worker, so that a test sees the memory that it takes, or puts a fault into it."""
    monkeypatch.setattr(workers, "call", lambda function, *arguments, bounds: function(*arguments))
