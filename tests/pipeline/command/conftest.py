"""Photographs for all tests of the command line."""

import numpy as np
import pytest
from PIL import Image

from tests.photographs import photograph


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two small photographs, in a folder, and no downloaded models."""
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path / "models"))
    place = tmp_path / "in"
    (place / "sub").mkdir(parents=True)
    for name, path in (("coffee", place / "coffee.jpg"), ("chelsea", place / "sub" / "cat.png")):
        pixels = (photograph(name, 128) * 255).astype(np.uint8)
        Image.fromarray(pixels).save(path)
    return place
