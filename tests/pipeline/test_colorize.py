import cv2
import numpy as np
import pytest

from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.filters import luma
from pipeline.methods.guided import guided_upsample
from pipeline.methods.lab import to_lab
from pipeline.stages import Colorize
from tests.photographs import noisy, photograph
from tests.pipeline.fakes import FakeEngine

ANSWER = (20.0, -30.0)


def grey(name, side=256):
    return np.repeat(luma(photograph(name, side))[..., None], 3, axis=2)


def answering(*channels):
    """An engine whose networks answer every picture with these values at a quarter of its size; keeps the inputs."""
    seen = []

    def answer(x, network):
        seen.append(x)
        height, width = (side // 4 for side in x.shape[2:])
        return np.broadcast_to(np.array(channels, np.float32).reshape(1, -1, 1, 1), (1, len(channels), height, width))

    return Context(FakeEngine(answer)), seen


def middle_ab(picture):
    """Mean a and b where the luminance leaves room for colour."""
    lab = to_lab(picture)
    return lab[(lab[..., 0] > 40) & (lab[..., 0] < 70)][:, 1:].mean(axis=0)


def test_colour_is_left_alone_with_the_reason():
    context, seen = answering(*ANSWER)
    assert Colorize().run(photograph("coffee"), context) is photograph("coffee")
    assert context.notices[0].code == "colorize-skipped"
    assert not seen


@pytest.mark.parametrize("model", ["eccv16", "siggraph17"])
@pytest.mark.parametrize("tone", [(1, 1, 1), (1.0, 0.9, 0.7)], ids=["grey", "sepia"])
def test_chroma_is_the_networks_and_luminance_the_photographs(tone, model):
    old = grey("chelsea") * np.array(tone, np.float32)
    out = Colorize(model=model).run(old, answering(*ANSWER)[0])
    assert np.abs(to_lab(out)[..., 0] - to_lab(old)[..., 0]).max() < 1.0
    np.testing.assert_allclose(middle_ab(out), ANSWER, atol=1.5)


def test_without_saturation_it_is_black_and_white():
    out = Colorize(saturation=0, always=True).run(photograph("coffee"), answering(*ANSWER)[0])
    assert np.abs(to_lab(out)[..., 1:]).max() < 0.5


def test_saturation_is_a_factor():
    half = Colorize(saturation=0.5).run(grey("chelsea"), answering(*ANSWER)[0])
    np.testing.assert_allclose(middle_ab(half), np.array(ANSWER) / 2, atol=1)


@pytest.mark.parametrize(("damping", "part"), [(0, 1), (0.5, 0.6), (1, 0.2)])
def test_damping_draws_unsure_colours_to_grey(damping, part):
    unsure = Colorize(damping=damping).run(grey("chelsea"), answering(*ANSWER, 0.2)[0])
    np.testing.assert_allclose(middle_ab(unsure), part * np.array(ANSWER), atol=1)


def test_damping_leaves_sure_colours():
    sure = Colorize(damping=1).run(grey("chelsea"), answering(*ANSWER, 1.0)[0])
    np.testing.assert_allclose(middle_ab(sure), ANSWER, atol=1.5)


def test_warmth_goes_to_orange_and_leaves_white_and_black():
    steps = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[None, :, None], 64, axis=0).repeat(3, axis=2)
    warm, cool = (Colorize(warmth=w).run(steps, answering(0, 0)[0]) for w in (1, -1))
    assert (middle_ab(warm) > 2).all()
    assert (middle_ab(cool) < -2).all()
    for picture in (warm, cool):
        assert np.abs(to_lab(picture)[:, [0, -1], 1:]).max() < 0.5


def test_the_network_sees_the_whole_picture_at_its_working_size():
    context, seen = answering(*ANSWER)
    Colorize(model="siggraph17").run(grey("coffee", 400), context)
    assert seen[0].shape == (1, 4, 208, 312)
    np.testing.assert_allclose(seen[0][0, 0].mean(), to_lab(grey("coffee", 400))[..., 0].mean(), atol=0.2)
    assert not seen[0][0, 1:].any()


def test_hints_reach_the_network_where_they_were_put():
    context, seen = answering(*ANSWER)
    Colorize(model="siggraph17", hints="0,1,#ff0000 0.5,0.25,#0000ff").run(grey("coffee"), context)
    a, b, mask = seen[0][0, 1:]
    height, width = mask.shape
    assert mask.sum() == 2 * 2 + 3 * 3  # the first lies in a corner
    np.testing.assert_allclose([a[-1, 0], b[-1, 0]], [80.1, 67.2], atol=0.3)
    row, column = round((height - 1) / 4), round((width - 1) / 2)
    np.testing.assert_allclose([a[row, column], b[row, column]], [79.2, -107.9], atol=0.3)
    assert not a[mask == 0].any()


@pytest.mark.parametrize("hints", ["0.5,0.5", "0.5,1.5,#ffffff", "0.5,0.5,#fff", "0,0,#ffffff;1,1,#ffffff", "here", 3])
def test_hints_of_another_form_are_refused(hints):
    with pytest.raises(OptionError, match="X,Y,#RRGGBB"):
        Colorize(model="siggraph17", hints=hints)


@pytest.mark.parametrize("channels", [ANSWER, (*ANSWER, 1.0)], ids=["eccv16", "bundled"])
def test_a_hint_colours_what_it_lies_on_up_to_the_next_edge(channels):
    halves = np.full((240, 240, 3), 0.35, np.float32)
    halves[:, 120:] = 0.6
    model = {} if len(channels) == 3 else {"model": "eccv16"}
    ab = to_lab(Colorize(hints="0.25,0.5,#b03030", **model).run(halves, answering(*channels)[0]))[..., 1:]
    red = to_lab(np.float32([[[0xB0, 0x30, 0x30]]]) / 255)[0, 0, 1:]
    np.testing.assert_allclose(ab[100:140, 40:80].mean(axis=(0, 1)), red, atol=3)
    np.testing.assert_allclose(ab[100:140, 140:].mean(axis=(0, 1)), ANSWER, atol=3)


def test_between_two_hints_the_nearer_one_counts_more():
    flat = np.full((240, 240, 3), 0.45, np.float32)
    ab = to_lab(Colorize(hints="0.4,0.5,#b03030 0.6,0.5,#3050b0").run(flat, answering(0, 0, 1)[0]))[..., 1:]
    assert ab[120, 80, 0] > ab[120, 160, 0]
    assert ab[120, 80, 1] > 0 > ab[120, 160, 1]


TONES = {
    "colorize-suggested": 1.0,
    "colorize-suggested-sepia": (1.0, 0.9, 0.7),
    "colorize-suggested-toned": (0.85, 0.95, 1.1),
}


@pytest.mark.parametrize("code", TONES)
def test_it_is_suggested_with_the_reason_where_colours_are_reliable(code):
    toned = np.clip(grey("coffee") * np.float32(TONES[code]), 0, 1).astype(np.float32)
    suggestion = Colorize().examine(toned, answering(*ANSWER, 0.9)[0]).suggestion
    assert suggestion.code == code
    assert suggestion.values["share"] == 100
    assert suggestion.values["colour"] <= suggestion.values["limit"]


def test_it_is_not_suggested_where_colours_are_uncertain():
    assert Colorize().examine(grey("coffee"), answering(*ANSWER, 0.3)[0]).suggestion is None


def test_an_answer_that_changes_when_the_picture_is_mirrored_is_uncertain():
    def answer(x, network):
        half = x.shape[3] // 8
        left = np.broadcast_to(np.float32([[[40]], [[0]], [[0.9]]]), (3, x.shape[2] // 4, half))
        return np.concatenate([left, left * np.float32([[[-1]], [[1]], [[1]]])], axis=2)[None]

    finding = Colorize(damping=1).examine(grey("coffee"), Context(FakeEngine(answer)))
    assert finding.suggestion is None
    assert np.abs(finding.ab).max() < 1


def two_halves(side):
    """A guide with an edge in the middle, and ab that change there."""
    guide = np.full((side, side), 30, np.float32)
    guide[:, side // 2 :] = 70
    ab = np.where(guide[..., None] > 50, np.float32([30, 40]), np.float32([-20, -10]))
    return guide, ab.astype(np.float32)


def bilinear(values, guide):
    return cv2.resize(values, guide.shape[::-1], interpolation=cv2.INTER_LINEAR)


def test_colours_bleed_little_over_edges():
    guide, truth = two_halves(320)
    coarse = truth[::16, ::16][:, :-1]  # its edge lies between two pixels
    guide, truth = guide[:, :-16], truth[:, :-16]
    ours, plain = (
        np.abs(f - truth).max(axis=2) for f in (guided_upsample(coarse, guide, edge=6), bilinear(coarse, guide))
    )
    assert ours.max() < 0.15 * 50
    assert ours.mean() < 0.2 * plain.mean()


def test_values_are_enlarged_plainly_where_the_guide_is_flat_or_only_grained():
    values = np.random.default_rng(0).normal(0, 20, (12, 16, 2)).astype(np.float32)
    guide = np.full((120, 160), 50, np.float32)
    plain = bilinear(values, guide)
    np.testing.assert_allclose(guided_upsample(values, guide, edge=6), plain, atol=1e-3)
    grained = guided_upsample(values, 100 * noisy(guide / 100, 0.03), edge=6)
    assert np.abs(grained - plain).mean() < 0.05 * np.abs(plain).mean()


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_real_colours_come_back_closer_than_by_bilinear_enlargement(name):
    lab = to_lab(photograph(name, 512))
    guide = np.ascontiguousarray(lab[..., 0])
    coarse = cv2.resize(lab[..., 1:], None, fx=1 / 16, fy=1 / 16, interpolation=cv2.INTER_AREA)
    ours, plain = (
        np.linalg.norm(ab - lab[..., 1:], axis=2).mean()
        for ab in (guided_upsample(coarse, guide, edge=6), bilinear(coarse, guide))
    )
    assert ours < 0.95 * plain
