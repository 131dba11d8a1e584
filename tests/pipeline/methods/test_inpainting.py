import numpy as np
import openvino
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from openvino import opset13 as operations

from models import own
from models.errors import CheckpointMismatch, WeightsCorrupt, WeightsMissing
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import OptionError, PhotoError
from pipeline.methods.detection import grow
from pipeline.methods.inference import stack
from pipeline.methods.inpainting import AUTO, CLASSICAL, NARROW, NAVIER_STOKES, TELEA, fill, surroundings, wide_parts
from tests.photographs import photograph, psnr
from tests.pipeline.damaged import scratched
from tests.pipeline.fakes import FakeEngine

FILLERS = [AUTO, *CLASSICAL]
ENGINE = Engine("cpu")


def context(function=None):
    """What a filler may use: networks of the box, or one that computes `function`."""
    return Context(FakeEngine(function) if function else ENGINE)


def square(side, shape=(96, 128), top=20, left=30):
    mask = np.zeros(shape, bool)
    mask[top : top + side, left : left + side] = True
    return mask


@pytest.mark.parametrize("filler", FILLERS)
def test_holes_are_filled_nearly_as_the_photograph_was(filler):
    truth, image, mask = scratched()
    filled = fill(image, mask, filler, context())
    assert psnr(filled[mask], truth[mask]) > psnr(image[mask], truth[mask]) + 12


@settings(deadline=None, max_examples=12)
@given(filler=st.sampled_from(FILLERS), seed=st.integers(0, 999), share=st.floats(0.0, 0.3))
def test_outside_the_mask_no_bit_changes(filler, seed, share):
    image = photograph("astronaut", 96)
    before = image.copy()
    mask = np.random.default_rng(seed).random(image.shape[:2]) < share
    filled = fill(image, mask, filler, context())
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(filled[~mask], image[~mask])
    assert filled.dtype == np.float32
    assert 0 <= filled.min() <= filled.max() <= 1


def test_no_filler_sees_what_was_in_the_hole():
    _, image, mask = scratched()
    other = image.copy()
    other[mask] = 0.3
    for filler in FILLERS:
        np.testing.assert_array_equal(*(fill(x, mask, filler, context()) for x in (image, other)))


@pytest.mark.parametrize("filler", FILLERS)
def test_grey_is_filled_with_grey(filler):
    _, image, mask = scratched()
    grey = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2)
    assert np.ptp(fill(grey, mask, filler, context()), axis=2).max() == 0


def veiled(width, opacity, name="chelsea"):
    """A photograph, the same under a bright band that hides only part of it, and where."""
    truth = photograph(name, 192)
    mask = np.zeros(truth.shape[:2], bool)
    mask[:, 60 : 60 + width] = True
    image = truth.copy()
    image[mask] += np.float32(opacity) * (np.float32(0.95) - image[mask])
    return truth, image, grow(mask, 1)


@pytest.mark.parametrize("name", ["chelsea", "coffee", "astronaut"])
@pytest.mark.parametrize("width", [3, 9])
def test_what_shows_through_damage_is_used_where_that_is_allowed(width, name):
    truth, image, mask = veiled(width, 0.3, name)
    blind, seeing = (fill(image, mask, AUTO, context(), through=through) for through in (False, True))
    assert psnr(seeing[mask], truth[mask]) > psnr(blind[mask], truth[mask]) + 1.5
    assert psnr(seeing[mask], truth[mask]) > psnr(image[mask], truth[mask])
    np.testing.assert_array_equal(seeing[~mask], image[~mask])


def test_a_wrong_mark_costs_less_where_the_filler_may_look():
    truth, _, mask = veiled(5, 0)
    blind, seeing = (fill(truth, mask, AUTO, context(), through=through) for through in (False, True))
    assert psnr(seeing[mask], truth[mask]) > psnr(blind[mask], truth[mask]) + 1


@pytest.mark.parametrize("filler", CLASSICAL)
def test_drawn_fillers_never_look(filler):
    _, image, mask = veiled(5, 0.6)
    blind, seeing = (fill(image, mask, filler, context(), through=through) for through in (False, True))
    np.testing.assert_array_equal(blind, seeing)


@pytest.mark.parametrize("width", [4, 14, 36])
def test_the_network_in_the_box_is_nearer_to_the_truth_than_opencvs_fillers(width):
    rivals = (AUTO, TELEA, NAVIER_STOKES)
    errors = dict.fromkeys(rivals, 0.0)
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        truth, image, mask = veiled(width, 1, name)
        for filler in rivals:
            errors[filler] += np.mean((fill(image, mask, filler, context()) - truth)[mask] ** 2)
    assert errors[AUTO] == min(errors.values()), errors


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 999), share=st.floats(0.0, 0.98), height=st.integers(1, 40), width=st.integers(2, 40))
def test_surroundings_keep_what_is_known_and_stay_between_it(seed, share, height, width):
    rng = np.random.default_rng(seed)
    image, mask = rng.random((height, width, 3), np.float32), rng.random((height, width)) < share
    mask[0, 0] = False
    filled = surroundings(image, mask)
    np.testing.assert_allclose(filled[~mask], image[~mask], atol=1e-6)
    assert np.isfinite(filled).all()
    flat = surroundings(np.full_like(image, 0.3), mask)
    np.testing.assert_allclose(flat, 0.3, atol=1e-3)
    other = image.copy()
    other[mask] = 0.9
    np.testing.assert_array_equal(filled, surroundings(other, mask))


def test_a_line_across_a_blot_stays_narrow():
    mask = square(40, (120, 200), 40, 80)
    mask[58:61] = True
    wide = wide_parts(mask)
    assert wide[45:75, 85:115].all()
    assert not wide[:, :70].any()
    assert not wide_parts(square(NARROW)).any()
    assert wide_parts(square(NARROW + 4)).any()


def test_all_of_a_photograph_cannot_be_filled():
    with pytest.raises(PhotoError, match="covers all"):
        fill(photograph("coffee"), np.ones(photograph("coffee").shape[:2], bool), TELEA, context())


# Networks


def test_a_network_fills_from_picture_and_mask(tmp_path):
    _, image, mask = scratched(side=160)
    path = tmp_path / "lama.safetensors"
    keys = {"model.model.1.bn_l.running_mean": torch.zeros(1)}
    safetensors.torch.save_file(keys, path)
    given = []

    def network(x, _):
        given.append(x)
        return np.full_like(x[:, :3], 0.25)

    filled = fill(image, mask, str(path), context(network))
    assert given[0].shape[1] == 4
    assert set(np.unique(given[0][:, 3])) == {0.0, 1.0}
    assert (filled[mask] == 0.25).all()
    np.testing.assert_array_equal(filled[~mask], image[~mask])


@pytest.mark.slow
def test_lama_by_spandrel_runs_on_a_cpu(tmp_path):
    from spandrel.architectures.LaMa import LaMa

    torch.manual_seed(0)
    network = LaMa(in_nc=4, out_nc=3).eval()
    path = tmp_path / "lama.safetensors"
    safetensors.torch.save_file(network.state_dict(), path)
    image, mask = np.ascontiguousarray(photograph("coffee", 64)[:40, :48]), square(5, (40, 48), 12, 16)
    filled = fill(image, mask, str(path), Context(Engine("cpu", "float32")))
    with torch.inference_mode():
        tensors = (
            torch.from_numpy(np.ascontiguousarray(x)) for x in (image.transpose(2, 0, 1)[None], mask[None, None])
        )
        expected = network(next(tensors), next(tensors).float())[0].numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(filled[mask], np.clip(expected[mask], 0, 1), atol=1e-3)
    np.testing.assert_array_equal(filled[~mask], image[~mask])


def save(path, graph):
    """Save a graph in OpenVINO's own format, which it reads under any name."""
    openvino.save_model(graph, path.with_suffix(".xml"), compress_to_fp16=False)
    path.with_suffix(".xml").rename(path)
    return path


def filler(path, kind, shape, answer):
    """A network that computes `answer` of picture and mask."""
    picture = operations.parameter([1, 3, *shape], kind, name="image")
    mask = operations.parameter([1, 1, *shape], kind, name="mask")
    return save(path, openvino.Model([answer(picture, mask)], [picture, mask]))


def run(path, image, mask):
    """What the network in a file makes of all of a picture."""
    spec = own.find(str(path))
    x = stack(spec, photo=image, mask=mask).transpose(2, 0, 1)[None]
    return Engine("cpu", "float32").network(spec).run(x)[0].transpose(1, 2, 0)


def test_migans_pipeline_gets_bytes_and_a_mask_of_what_is_known(tmp_path):
    """A stand-in that answers the mask itself, in all channels: 0 in the holes and 255 elsewhere."""
    kind = openvino.Type.u8
    path = filler(
        tmp_path / "migan.onnx",
        kind,
        [-1, -1],
        lambda picture, mask: operations.maximum(operations.minimum(picture, operations.constant(0, kind)), mask),
    )
    image, mask = photograph("coffee", 96), square(10, photograph("coffee", 96).shape[:2])
    filled = run(path, image, mask)
    assert filled.shape == image.shape
    assert (filled[mask] == 0).all()
    assert (filled[~mask] == 1).all()
    assert (fill(image, mask, str(path), context())[mask] == 0).all()


def test_lama_in_onnx_gets_a_square_and_answers_in_bytes(tmp_path):
    """A stand-in that answers the picture, darkened in the hole."""
    kind = openvino.Type.f32

    def answer(picture, mask):
        known = operations.subtract(operations.constant(1.0, kind), mask)
        return operations.multiply(operations.multiply(picture, operations.constant(255.0, kind)), known)

    path = filler(tmp_path / "lama.onnx", kind, [64, 64], answer)
    image, mask = photograph("coffee", 96), square(10, photograph("coffee", 96).shape[:2])
    filled = run(path, image, mask)
    assert filled[24:26, 34:36].max() == 0
    assert psnr(filled[50:, 60:], image[50:, 60:]) > 22


def test_files_that_fill_nothing_are_refused(tmp_path):
    image, mask = photograph("coffee", 96), square(10, photograph("coffee", 96).shape[:2])
    with pytest.raises(WeightsMissing, match="Check the path"):
        fill(image, mask, str(tmp_path / "none.onnx"), context())
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    with pytest.raises(WeightsCorrupt, match="damaged or of another kind"):
        fill(image, mask, str(broken), context())
    single = operations.parameter([1, 3, 8, 8], openvino.Type.f32)
    one = save(tmp_path / "one.onnx", openvino.Model([operations.relu(single)], [single]))
    with pytest.raises(CheckpointMismatch, match="a picture and a mask"):
        fill(image, mask, str(one), context())
    with pytest.raises(OptionError, match="task is denoise"):
        fill(image, mask, "fast-denoise", context())
