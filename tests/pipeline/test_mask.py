"""A mask that somebody drew marks damage by light strokes, or by strokes of any colour on a transparent layer."""

import numpy as np
import pytest

from pipeline.errors import PhotoError
from pipeline.mask import read_mask
from pipeline.photo import read_photo
from tests.pipeline import photo_files as files

HEIGHT, WIDTH = 40, 60
STROKE = np.zeros((HEIGHT, WIDTH), bool)
STROKE[10:20, 5:50] = True


def saved(path, picture):
    path.write_bytes(files.save(picture, "PNG"))
    return path


def photo(height=HEIGHT, width=WIDTH, **options):
    return read_photo(files.save(np.zeros((height, width, 3), np.uint8), "PNG"), **options)


def layer(colour, opacity):
    drawn = np.empty((HEIGHT, WIDTH, 4), np.uint8)
    drawn[..., :3], drawn[..., 3] = colour, opacity
    return drawn


def test_light_strokes_mark_damage(tmp_path):
    mask, notices = read_mask(saved(tmp_path / "mask.png", np.uint8(STROKE * 255)), photo())
    assert (mask == STROKE).all()
    assert notices == ()


@pytest.mark.parametrize("opacity", [255, 100], ids=["opaque", "soft"])
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 0, 0), (255, 255, 255)], ids=["black", "red", "white"])
def test_strokes_on_a_transparent_layer_mark_damage(tmp_path, colour, opacity):
    mask, _ = read_mask(saved(tmp_path / "mask.png", layer(colour, STROKE * opacity)), photo())
    assert (mask == STROKE).all()


@pytest.mark.parametrize("opacity", [255, 0])
def test_an_opacity_that_does_not_vary_marks_nothing(tmp_path, opacity):
    drawn = layer((0, 0, 0), opacity)
    drawn[..., :3] = np.uint8(STROKE * 255)[..., None]
    mask, _ = read_mask(saved(tmp_path / "mask.png", drawn), photo())
    assert (mask == STROKE).all() if opacity else mask.shape == STROKE.shape


def test_a_mask_of_another_shape_is_refused(tmp_path):
    path = saved(tmp_path / "mask.png", np.uint8(STROKE * 255))
    with pytest.raises(PhotoError, match=r"60x80, got 60x40 .*Choose the mask that belongs to it"):
        read_mask(path, photo(80, 60))


def test_a_mask_of_another_size_is_resized_with_a_notice(tmp_path):
    path = saved(tmp_path / "mask.png", np.uint8(STROKE * 255))
    mask, (notice,) = read_mask(path, photo(80, 120))
    assert (mask == STROKE.repeat(2, axis=0).repeat(2, axis=1)).mean() > 0.95
    assert (notice.code, dict(notice.values)) == ("mask-resized", {"w0": 60, "h0": 40, "w1": 120, "h1": 80})


def test_a_mask_of_the_size_of_a_file_that_is_reduced_belongs_to_it(tmp_path):
    drawn = np.uint8(STROKE.repeat(10, axis=0).repeat(10, axis=1) * 255)
    mask, notices = read_mask(saved(tmp_path / "mask.png", drawn), photo(400, 600, max_pixels=60_000))
    assert mask.shape == (200, 300)
    assert notices == ()


def test_a_mask_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PhotoError, match=r"The mask none\.png cannot be used\..*No such file"):
        read_mask(tmp_path / "none.png", photo())


def test_a_text_file_is_told_what_it_is(tmp_path):
    for name, text in (("notes.txt", "a scratch at the left edge"), ("bmw.txt", "BMW at the left edge")):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(PhotoError, match=rf"The mask {name} cannot be used\. .*got a text file"):
            read_mask(path, photo())
        with pytest.raises(PhotoError, match=r"The mask cannot be used\. .*got a text file"):
            read_mask(path, photo(), name="")
