"""Damaged files for ever; see `tests.fuzz.__main__`."""
