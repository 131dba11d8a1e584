"""A mask that somebody drew marks damage by light strokes, or by strokes of any colour on a transparent layer."""

import numpy as np
import pytest

from pipeline.errors import PhotoError
from pipeline.mask import read_mask
from tests.pipeline import photo_files as files

HEIGHT, WIDTH = 40, 60
STROKE = np.zeros((HEIGHT, WIDTH), bool)
STROKE[10:20, 5:50] = True


def saved(path, picture):
    path.write_bytes(files.save(picture, "PNG"))
    return path


def test_light_strokes_mark_damage(tmp_path):
    mask = read_mask(saved(tmp_path / "mask.png", np.uint8(STROKE * 255)), HEIGHT, WIDTH)
    assert (mask == STROKE).all()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 0, 0), (255, 255, 255)], ids=["black", "red", "white"])
def test_strokes_on_a_transparent_layer_mark_damage(tmp_path, colour):
    layer = np.empty((HEIGHT, WIDTH, 4), np.uint8)
    layer[..., :3], layer[..., 3] = colour, STROKE * 255
    assert (read_mask(saved(tmp_path / "mask.png", layer), HEIGHT, WIDTH) == STROKE).all()


@pytest.mark.parametrize("opacity", [255, 0])
def test_an_opacity_that_does_not_vary_marks_nothing(tmp_path, opacity):
    layer = np.repeat(np.uint8(STROKE * 255)[..., None], 4, axis=2)
    layer[..., 3] = opacity
    mask = read_mask(saved(tmp_path / "mask.png", layer), HEIGHT, WIDTH)
    assert (mask == STROKE).all() if opacity else mask.shape == STROKE.shape


def test_a_mask_of_another_shape_is_refused(tmp_path):
    path = saved(tmp_path / "mask.png", np.uint8(STROKE * 255))
    with pytest.raises(PhotoError, match=r"60x80, got 60x40 .*Choose the mask that belongs to it"):
        read_mask(path, 80, 60)
    assert read_mask(path, 80, 120).shape == (80, 120)


def test_a_text_file_is_told_what_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("a scratch at the left edge")
    with pytest.raises(PhotoError, match=r"The mask notes\.txt cannot be used\. .*got a text file"):
        read_mask(path, HEIGHT, WIDTH)
