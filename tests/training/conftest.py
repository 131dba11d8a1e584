"""Fixtures of all tests of training."""

from tests.models.conftest import one_thread

__all__ = ["one_thread"]
