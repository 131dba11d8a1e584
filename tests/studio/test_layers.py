"""The pictures after each stage, on disk: what is seen is what would be saved."""

import cv2
import numpy as np
import pytest

from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.finish import Finish
from pipeline.methods import strengths
from pipeline.plan import arrange
from pipeline.run import run
from pipeline.stages import Denoise, PostDenoise, Sharpen
from pipeline.stages.denoise import CLASSICAL
from studio.layers import Layers
from studio.view import View
from tests.photographs import noisy, photograph

SHOWN = 0.51 / 255


@pytest.fixture
def pictures():
    small = noisy(photograph("coffee", 400), 0.05)
    large = np.clip(cv2.resize(photograph("coffee", 400), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), 0, 1)
    return [("photo", small), ("denoise", photograph("coffee", 400)), ("upscale", large)]


@pytest.fixture
def layers(pictures, tmp_path):
    made = Layers(tmp_path / "layers")
    for name, image in pictures:
        made.add(name, image)
    made.seal()
    return made


def test_at_full_strength_the_result_is_the_last_picture(layers, pictures):
    weights = strengths.weights(["denoise", "upscale"], {})
    assert np.abs(layers.full(weights) - pictures[-1][1]).max() < 1 / 65535


def test_at_no_strength_the_result_is_the_photograph_enlarged(layers, pictures):
    weights = strengths.weights(["denoise", "upscale"], {"denoise": 0, "upscale": 0})
    enlarged = cv2.resize(pictures[0][1], layers.size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    assert np.abs(layers.full(weights) - enlarged).max() < 1e-4


def test_half_of_a_stage_lies_half_way(layers):
    none, half, whole = (layers.full(strengths.weights(["denoise", "upscale"], {"denoise": s})) for s in (0, 0.5, 1))
    inside = (np.minimum(none, whole).min(axis=2) > 0.001) & (np.maximum(none, whole).max(axis=2) < 0.999)
    assert np.abs(half - (none + whole) / 2)[inside].max() < 1e-4
    assert np.abs(none - whole).mean() > 0.01


@pytest.mark.parametrize("finish", [Finish(), Finish(blur=1.5), Finish(0.4, 1.2)], ids=str)
@pytest.mark.parametrize("corner", [(0, 0), (137, 81), (700, 433)])
def test_a_part_at_full_size_is_exactly_that_part_of_the_result(layers, pictures, finish, corner):
    x, y = corner
    seen = layers.look(View(x, y, 100, 100, 100, 100), layers.only(2), finish)
    whole = finish.apply(pictures[-1][1])
    assert np.abs(seen - whole[y : y + 100, x : x + 100]).max() < 1e-4


def test_a_part_of_a_smaller_picture_lies_where_it_belongs(layers, pictures):
    seen = layers.look(View(200, 100, 300, 200, 300, 200), layers.only(0), Finish())
    enlarged = cv2.resize(pictures[0][1], layers.size, interpolation=cv2.INTER_CUBIC).clip(0, 1)
    assert np.abs(seen - enlarged[100:300, 200:500]).max() < SHOWN


def test_a_reduced_view_shows_the_whole_without_shift(layers, pictures):
    width, height = layers.size
    seen = layers.look(View(0, 0, width, height, width // 3, height // 3), layers.only(2), Finish())
    reduced = cv2.resize(pictures[-1][1], (width // 3, height // 3), interpolation=cv2.INTER_AREA)
    assert np.abs(seen - reduced).mean() < 0.01


FILTERS = (PostDenoise(0.8), Sharpen(1.5, 1.3))


@pytest.fixture
def filtered(pictures, tmp_path):
    """Layers whose last two are filters, and what those made of the whole."""
    made, image = Layers(tmp_path / "filtered", FILTERS), pictures[-1][1]
    for name, picture in pictures:
        made.add(name, picture)
    wholes = []
    for each in FILTERS:
        image = each.run(image, Context(None))
        made.add(each.name, image)
        wholes.append(image)
    made.seal()
    return made, wholes


def test_what_a_filter_makes_takes_no_room_and_is_made_again(filtered, layers, tmp_path):
    made, wholes = filtered
    assert _nbytes(tmp_path / "filtered") == _nbytes(tmp_path / "layers")
    assert made.names == ("photo", "denoise", "upscale", "post-denoise", "sharpen")
    for index, whole in zip((3, 4), wholes, strict=True):
        assert np.abs(made.picture(index) - whole).max() < 4 / 65535


@pytest.mark.parametrize("finish", [Finish(), Finish(0.4, 1.2)], ids=str)
@pytest.mark.parametrize("corner", [(0, 0), (137, 81), (700, 433)])
def test_a_part_of_what_filters_make_is_exactly_that_part_of_the_whole(filtered, finish, corner):
    made, wholes = filtered
    x, y = corner
    for index, whole in zip((3, 4), wholes, strict=True):
        seen = made.look(View(x, y, 100, 100, 100, 100), made.only(index), finish)
        assert np.abs(seen - finish.apply(whole)[y : y + 100, x : x + 100]).max() < 2e-4
    mixed = made.look(View(x, y, 100, 100, 100, 100), made.mix({"post-denoise": 0.3, "sharpen": 0.6}), finish)
    whole = finish.apply(made.full(made.mix({"post-denoise": 0.3, "sharpen": 0.6})))
    assert np.abs(mixed - whole[y : y + 100, x : x + 100]).max() < 2e-4


def test_the_middle_of_what_filters_make_is_cut_with_its_neighbours(filtered):
    made, wholes = filtered
    height, width = wholes[-1].shape[:2]
    top, left = (height - 90) // 2, (width - 90) // 2
    assert np.abs(made.crop(4, 90) - wholes[-1][top : top + 90, left : left + 90]).max() < 4 / 65535
    assert made.crop(4, 10_000).shape == wholes[-1].shape


def test_a_reduced_view_of_what_filters_make_looks_like_it_reduced(filtered):
    made, wholes = filtered
    width, height = made.size
    for part in (2, 4):
        seen = made.look(View(0, 0, width, height, width // part, height // part), made.only(4), Finish())
        reduced = cv2.resize(wholes[-1], (width // part, height // part), interpolation=cv2.INTER_AREA)
        plain = made.look(View(0, 0, width, height, width // part, height // part), made.only(2), Finish())
        assert np.abs(seen - reduced).mean() < min(0.01, np.abs(plain - reduced).mean() + 1e-3)


def test_a_stage_that_changed_nothing_takes_no_room(tmp_path):
    image, layers = photograph("coffee", 300), Layers(tmp_path)
    layers.add("photo", image)
    files = list(tmp_path.iterdir())
    layers.repeat("deblur")
    assert list(tmp_path.iterdir()) == files
    assert layers.names == ("photo", "deblur")


def test_strengths_in_a_plan_give_what_the_layers_give(tmp_path):
    from pipeline.photo import Output, encode_photo, read_photo

    stages = [Denoise(2.0, model=CLASSICAL), PostDenoise(1.0), Sharpen(2.0)]
    shares = {"denoise": 0.3, "sharpen": 0.6}
    photo = read_photo(_png(noisy(photograph("chelsea", 200), 0.05)))
    layers = Layers(tmp_path)
    run(arrange(stages), photo, None, keep=layers)
    blended = run(arrange(stages, strengths=shares), photo, None)
    expected = layers.full(strengths.weights([stage.name for stage in stages], shares))
    assert np.abs(blended.pixels - expected).max() < 1e-4
    assert encode_photo(blended.pixels, photo, Output()).data


@pytest.mark.parametrize("strengths", [{"denoise": 1.1}, {"denoise": True}, {"paint": 0.5}])
def test_strengths_out_of_range_are_refused(strengths):
    with pytest.raises(OptionError, match="strengths"):
        arrange([Denoise()], strengths=strengths)


def _png(image):
    return cv2.imencode(".png", cv2.cvtColor((image * 255).astype(np.uint8), cv2.COLOR_RGB2BGR))[1].tobytes()


def _nbytes(folder):
    return sum(path.stat().st_size for path in folder.iterdir())
