from dataclasses import replace

import numpy as np
import pytest
from safetensors.torch import save_file

from models import catalog
from models.networks import deblurgan
from models.networks.srvgg import SRVGG
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.errors import Cancelled, InferenceFailed, OptionError
from pipeline.methods.inference import infer, stack
from tests.models.seeded import read_keys, seeded_tensor
from tests.photographs import photograph
from tests.pipeline.fakes import FakeEngine

SPEC = replace(catalog.get("fast-x2"), context=2, tile=16, tiling="exact")


def enlarge(x, network=None):
    return np.repeat(np.repeat(x, 2, axis=2), 2, axis=3)


def context(function, **traits):
    return Context(FakeEngine(function, **traits))


def image(height=40, width=37):
    return np.random.default_rng(0).random((height, width, 3), np.float32)


def doubled(picture):
    return np.repeat(np.repeat(picture, 2, axis=0), 2, axis=1)


def test_a_network_that_works_is_used_as_it_is():
    ctx = context(enlarge)
    np.testing.assert_allclose(infer(SPEC, image(), ctx), doubled(image()), atol=1e-6)
    assert not ctx.notices


def test_a_tile_without_memory_is_tried_in_smaller_ones():
    spec = replace(SPEC, tile=96)

    def small_memory(x, network):
        if x.shape[2] * x.shape[3] > 70 * 70:
            raise MemoryError
        return enlarge(x)

    ctx = context(small_memory)
    picture = image(96, 96)
    np.testing.assert_allclose(infer(spec, picture, ctx), doubled(picture), atol=1e-6)
    assert (ctx.notices[0].code, ctx.notices[0].values["remedy"]) == ("tile-memory", "smaller tiles")


def test_values_that_are_not_numbers_are_computed_again_in_float32():
    def overflows(x, network):
        return enlarge(x) if network.precision == "float32" else np.full_like(enlarge(x), np.nan)

    ctx = context(overflows, precision="bfloat16")
    assert np.isfinite(infer(SPEC, image(), ctx)).all()
    assert ("tile-not-finite", "float32") in [(n.code, n.values["remedy"]) for n in ctx.notices]


def test_a_network_that_must_not_be_tiled_is_computed_again_whole():
    sizes = []

    def overflows(x, network):
        sizes.append(x.shape[2:])
        return enlarge(x) if network.precision == "float32" else np.full_like(enlarge(x), np.nan)

    infer(replace(SPEC, tiling="never"), image(200, 150), context(overflows, precision="bfloat16"))
    assert sizes == [(200, 150)] * 2


@pytest.mark.parametrize("takes", [("photo",), ("photo", "guess"), ("photo", "mask"), ("luminance",)])
def test_inputs_that_the_network_does_not_take_are_refused_by_name(takes):
    given = {"guess": image(), "mask": image()[..., 0] > 0.5}
    refusal = f"photo and guess and mask, got Upscaler x2, which takes {' and '.join(takes)}"
    with pytest.raises(OptionError, match=refusal):
        infer(replace(SPEC, takes=takes), image(), context(enlarge), **given)


def test_inputs_are_stacked_in_the_order_of_the_spec():
    photo, guess, mask = image(), 1 - image(), image()[..., 0] > 0.5
    x = stack(replace(SPEC, takes=("photo", "mask", "guess")), guess=guess, mask=mask, photo=photo)
    np.testing.assert_array_equal(x, np.concatenate([photo, mask[..., None], guess], axis=2))
    assert x.dtype == np.float32
    assert stack(SPEC, photo=photo, guess=None) is photo


def test_a_card_that_fails_hands_over_to_the_cpu():
    def broken_card(x, network):
        if network.device == "cuda":
            raise MemoryError
        return enlarge(x)

    ctx = context(broken_card, device="cuda", precision="float16")
    assert infer(SPEC, image(), ctx).shape == (80, 74, 3)
    assert ctx.notices[-1].values["remedy"] == "CPU"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_one_bad_value_that_stays_is_an_error_never_a_hole(bad):
    def poisoned(x, network):
        out = enlarge(x)
        out[0, 1, 3, 3] = bad
        return out

    with pytest.raises(InferenceFailed, match="not numbers in every attempt"):
        infer(SPEC, image(), context(poisoned))


@pytest.mark.parametrize(("height", "width", "tiles"), [(16, 16, 1), (8, 32, 1), (8, 33, 3), (17, 16, 2)])
def test_a_picture_of_no_more_pixels_than_a_tile_goes_through_whole(height, width, tiles):
    seen = []
    picture = image(height, width)
    infer(SPEC, picture, context(lambda x, network: [seen.append(x.shape), enlarge(x)][1]))
    assert len(seen) == tiles


def test_cancel_stops_at_the_next_tile():
    tiles = []

    def count(x, network):
        tiles.append(x.shape)
        return enlarge(x)

    ctx = context(count)
    ctx.cancelled = lambda: len(tiles) >= 2
    with pytest.raises(Cancelled):
        infer(SPEC, image(), ctx)
    assert len(tiles) == 2


def test_progress_rises_to_the_end():
    seen = []
    ctx = context(enlarge)
    ctx.progress = seen.append
    infer(SPEC, image(), ctx)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert len(seen) > 4


def test_black_and_white_stays_so():
    grey = np.repeat(image()[..., :1], 3, axis=2)

    def tint(x, network):
        return enlarge(x) * np.array([1, 0.9, 0.8], np.float32)[None, :, None, None]

    out = infer(SPEC, grey, context(tint))
    np.testing.assert_array_equal(out[..., 0], out[..., 2])


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (65, 31)])
def test_any_size_is_padded_for_the_network_and_cropped_back(size):
    spec = replace(SPEC, multiple=8, minimum=32, tile=32)

    def strict(x, network):
        assert x.shape[2] % 8 == x.shape[3] % 8 == 0
        assert min(x.shape[2:]) >= 32
        return enlarge(x)

    picture = image(*size)
    out = infer(spec, picture, context(strict))
    np.testing.assert_allclose(out[::2, ::2], picture, atol=1e-6)


def own(tmp_path, spec, shapes):
    """The spec with seeded weights in a file of its own."""
    path = tmp_path / "own.safetensors"
    save_file({key: seeded_tensor(key, shape).contiguous() for key, shape in shapes.items()}, path)
    return replace(spec, tier="own", file=str(path), size=None, digest=None, prefix="", ignored=(), wrappers=())


def shapes_of(module):
    return {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()}


def test_tiles_of_srvgg_equal_the_whole(tmp_path):
    module = SRVGG(num_feat=8, num_conv=4, scale=2)
    spec = own(tmp_path, replace(catalog.get("fast-x2"), context=6, tile=40), shapes_of(module))
    ctx = Context(Engine("cpu", "float32"))
    whole = infer(replace(spec, tile=1000), photograph("astronaut", 150), ctx)
    tiled = infer(spec, photograph("astronaut", 150), ctx)
    np.testing.assert_allclose(tiled, whole, atol=1e-5)


def seam(tiled, whole, columns, scale):
    """How much the tiles' deviation from the whole jumps at these columns, beside what it and the picture do anyway."""
    jumps = np.abs(np.diff(tiled - whole, axis=1)).mean(axis=(0, 2))
    usual = np.median(jumps) + 0.1 * np.abs(np.diff(whole, axis=1)).mean()
    return max(jumps[column * scale - 1] for column in columns) / usual


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "shapes", "tile", "side"),
    [
        ("realesrgan-x4plus-anime-6b", read_keys("realesrgan_x4plus_anime_6B"), 48, 64),
        ("deblurgan-mobilenet", shapes_of(deblurgan.mobilenet_generator()), 256, 448),
    ],
    ids=["rrdb", "deblurgan"],
)
def test_no_seam_shows_where_tiles_are_not_exact(model, shapes, tile, side, tmp_path):
    spec = replace(own(tmp_path, catalog.get(model), shapes), tile=tile)
    ctx = Context(Engine("cpu", "float32"))
    image = photograph("astronaut", side)
    whole = infer(replace(spec, tile=4096), image, ctx)
    tiled = infer(spec, image, ctx)
    cut = infer(replace(spec, context=0), image, ctx)  # tiles that meet in the middle without any overlap
    blended, hard = seam(tiled, whole, (tile, side - tile), spec.scale), seam(cut, whole, (side // 2,), spec.scale)
    assert blended < 1.2
    assert hard > 1.2
