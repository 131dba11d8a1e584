from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from examples.make import EXAMPLES, make
from models.runtime.engine import Engine

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[1] / "examples"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_examples_are_made_by_their_command(example, tmp_path):
    made = make(example, tmp_path, Engine("cpu"))
    kept = [FOLDER / path.name for path in made]
    with Image.open(made[0]) as new, Image.open(kept[0]) as old:
        assert new.size == old.size
        assert np.abs(np.asarray(new, float) - np.asarray(old, float)).mean() < 1
    with Image.open(made[1]) as new, Image.open(kept[1]) as old:
        assert new.size == old.size
        assert np.abs(np.asarray(new, float) - np.asarray(old, float)).mean() < 2
