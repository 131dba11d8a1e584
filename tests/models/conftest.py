"""Fixtures for all tests of models."""

import pytest
import torch


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Let torch use one thread: small inputs gain nothing from more, and lose much on a busy processor."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
