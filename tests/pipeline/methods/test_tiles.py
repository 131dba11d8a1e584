import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.methods.tiles import run_tiled, spans


@st.composite
def layouts(draw):
    margin = draw(st.integers(0, 9))
    ramp = draw(st.integers(0, 12))
    tile = draw(st.integers(2 * margin + ramp + 1, 60))
    return draw(st.integers(1, 200)), tile, margin, ramp


@given(layouts(), st.sampled_from([1, 2, 4]))
def test_weights_sum_to_one_everywhere(layout, scale):
    side, tile, margin, ramp = layout
    total = np.zeros(side * scale)
    for span in spans(side, tile, margin, ramp, scale=scale):
        total[span.start * scale : span.stop * scale] += span.weight
    np.testing.assert_allclose(total, 1.0, atol=1e-6)


@given(layouts())
def test_the_margin_at_inner_borders_has_no_weight(layout):
    side, tile, margin, ramp = layout
    for span in spans(side, tile, margin, ramp):
        if span.start > 0:
            assert not span.weight[:margin].any()
        if span.stop < side and margin:
            assert not span.weight[-margin:].any()


@given(st.integers(1, 12), st.integers(1, 5), st.integers(0, 1))
def test_starts_are_multiples(blocks, size, margin):
    multiple = 4
    for span in spans(blocks * multiple, (size + 2) * multiple, margin * multiple, 0, multiple=multiple):
        assert span.start % multiple == 0


@given(layouts())
def test_tiles_are_no_larger_than_needed(layout):
    side, tile, margin, ramp = layout
    made = spans(side, tile, margin, ramp)
    size = made[0].stop - made[0].start
    assert {span.stop - span.start for span in made} == {size}
    assert size <= tile or len(made) == 1
    assert len(made) * (size - 2 * margin - ramp) < side + len(made)


def box_blur(image):
    """Return the picture under a filter with a radius of exactly 2 pixels."""
    padded = np.pad(image, ((2, 2), (2, 2), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5), axis=(0, 1))
    return windows.mean(axis=(-1, -2)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 70), st.integers(5, 70), st.integers(6, 40), st.integers(0, 8))
def test_tiles_equal_the_whole_with_a_sufficient_margin(height, width, tile, ramp):
    image = np.random.default_rng(height * 71 + width).random((height, width, 3), np.float32)
    rows, columns = (spans(side, tile, 2, ramp) for side in (height, width))
    *_, (done, count, output) = run_tiled(box_blur, image, rows, columns)
    assert done == count == len(rows) * len(columns)
    inside = np.s_[2 : height - 2, 2 : width - 2]
    np.testing.assert_allclose(output[inside], box_blur(image)[inside], atol=1e-6)


@pytest.mark.parametrize("tile", [16, 64])
def test_a_function_may_reuse_the_memory_of_its_result(tile):
    answer = np.empty((64, 64, 3), np.float32)

    def run(part):
        answer[: part.shape[0], : part.shape[1]] = box_blur(part)
        return answer[: part.shape[0], : part.shape[1]]

    image = np.random.default_rng(2).random((64, 64, 3), np.float32)
    rows = columns = spans(64, tile, 2, 0)
    *_, (_, _, output) = run_tiled(run, image, rows, columns)
    answer[:] = 9
    np.testing.assert_allclose(output[2:-2, 2:-2], box_blur(image)[2:-2, 2:-2], atol=1e-6)


def test_an_insufficient_margin_changes_the_result():
    image = np.random.default_rng(0).random((64, 64, 3), np.float32)
    rows = columns = spans(64, 24, 0, 0)
    *_, (_, _, output) = run_tiled(box_blur, image, rows, columns)
    assert np.abs(output - box_blur(image))[4:-4, 4:-4].max() > 0.05


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_output_grows_by_the_scale(scale):
    image = np.random.default_rng(1).random((30, 41, 3), np.float32)
    rows, columns = (spans(side, 16, 2, 4, scale=scale) for side in image.shape[:2])
    enlarge = lambda t: np.repeat(np.repeat(t, scale, 0), scale, 1)  # noqa: E731
    *_, (_, _, output) = run_tiled(enlarge, image, rows, columns, scale=scale)
    np.testing.assert_allclose(output, enlarge(image), atol=1e-6)
