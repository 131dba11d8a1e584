import numpy as np
import pytest

from pipeline.context import Context
from pipeline.methods.filters import luma
from pipeline.methods.lab import to_lab
from pipeline.methods.levels import measure
from pipeline.methods.measures import COLOURED_ABOVE, colour_measure
from pipeline.stages import Tone
from tests.photographs import noisy, photograph, psnr

NAMES = ("astronaut", "coffee", "chelsea")
SEPIA = np.array([1.05, 0.95, 0.75], np.float32)


def grey(name):
    return np.repeat(luma(photograph(name))[..., None], 3, axis=2)


def faded(image, tone=1.0):
    return np.clip((0.16 + 0.6 * image) * tone, 0, 1).astype(np.float32)


def apply(stage, image):
    context = Context(None)
    return stage.run(image, context), [notice.code for notice in context.notices]


@pytest.mark.parametrize("name", ["astronaut", "coffee"])  # the cat never had black or white
def test_a_faded_print_comes_nearer_to_what_it_was(name):
    out, notices = apply(Tone(), noisy(faded(grey(name)), 0.02))
    assert not notices
    assert psnr(out, grey(name)) > psnr(faded(grey(name)), grey(name)) + 4


@pytest.mark.parametrize("name", NAMES)
def test_a_photograph_that_has_not_faded_stays_as_it_is_with_the_reason(name):
    image = photograph(name)
    out, notices = apply(Tone(), image)
    assert out is image
    assert notices == ["tone-skipped"]
    assert Tone().examine(image, Context(None)).suggestion is None
    assert not np.array_equal(apply(Tone(always=True), image)[0], image)


def test_strength_weakens_and_zero_is_the_identity():
    image = faded(photograph("coffee"))
    whole, half = (apply(Tone(strength=strength), image)[0] for strength in (1, 0.5))
    np.testing.assert_allclose(half, (image + whole) / 2, atol=1e-6)
    assert apply(Tone(strength=0), image)[0] is image


@pytest.mark.parametrize("name", NAMES)
def test_sepia_is_kept_in_the_middle_tones_on_white_paper(name):
    whole = grey(name).copy()
    whole[:40] = whole[-40:] = 1
    print_ = faded(whole, SEPIA)
    out, _ = apply(Tone(), print_)
    lab, paper = to_lab(out), np.s_[:40]
    middle = (lab[..., 0] > 35) & (lab[..., 0] < 65)
    assert lab[middle, 2].mean() > 8
    assert lab[paper][..., 0].mean() > 90
    assert to_lab(print_)[paper][..., 2].mean() > 20
    assert np.abs(lab[paper][..., 1:]).max() < 5
    assert colour_measure(out) < COLOURED_ABOVE


def test_sepia_is_made_grey_by_choice_even_where_nothing_faded():
    toned = np.clip(grey("coffee") * SEPIA, 0, 1)
    for image in (toned, faded(grey("coffee"), SEPIA)):
        out, notices = apply(Tone(sepia="neutral"), image)
        assert not notices
        assert np.ptp(out, axis=2).max() == 0


def test_colours_are_never_made_grey_by_that_choice():
    out, notices = apply(Tone(sepia="neutral"), photograph("coffee"))
    assert out is photograph("coffee")
    assert notices == ["tone-skipped"]


def test_what_was_tinted_by_hand_keeps_its_tint():
    image = faded(grey("astronaut"), SEPIA)
    image[60:90, 60:90] *= np.array([0.7, 0.9, 1.3], np.float32)
    assert colour_measure(image) < COLOURED_ABOVE
    before, after = (to_lab(x) for x in (image, apply(Tone(), image)[0]))
    tints = [lab[60:90, 60:90, 2].mean() - lab[60:90, 95:125, 2].mean() for lab in (before, after)]
    assert tints[1] < 0.6 * tints[0] < -3


@pytest.mark.parametrize("name", NAMES)
def test_grey_stays_exactly_grey(name):
    out, _ = apply(Tone(), faded(grey(name)))
    assert np.ptp(out, axis=2).max() == 0


def test_a_cast_of_faded_colours_goes_by_the_papers_white():
    truth = photograph("coffee").copy()
    truth[:40, :60] = 0.95  # the paper's border
    out, _ = apply(Tone(local_contrast=0), faded(truth, np.array([1.0, 0.93, 0.78], np.float32)))
    assert np.ptp(out[:40, :60].mean(axis=(0, 1))) < 0.02
    assert colour_measure(out) > COLOURED_ABOVE


def test_local_contrast_raises_small_differences():
    image = faded(grey("chelsea"))
    plain, crisp = (luma(apply(Tone(local_contrast=share), image)[0]) for share in (0, 0.5))
    assert np.abs(np.diff(crisp)).mean() > 1.1 * np.abs(np.diff(plain)).mean()


def test_goals_lie_within_the_range_for_any_ends():
    for black in np.linspace(0, 0.9, 7):
        levels = measure(np.full((8, 8, 3), black, np.float32))
        assert 0 <= levels.goals[0] < levels.goals[1] <= 1


def test_faded_prints_are_suggested_for_with_the_figures():
    notice = Tone().examine(faded(grey("astronaut"), SEPIA), Context(None)).suggestion
    assert notice.code == "tone-suggested"
    assert notice.values["white"] - notice.values["black"] < notice.values["span_limit"] == 0.8


@pytest.mark.parametrize("value", [0.3, 1.0])
def test_a_picture_of_one_value_has_no_tones_to_stretch(value):
    out, _ = apply(Tone(always=True), np.full((32, 48, 3), value, np.float32))
    assert np.isfinite(out).all()
    assert out.max() <= 1


@pytest.mark.parametrize("value", [0.5, 1.0])
def test_a_blank_sheet_is_not_revived_to_black(value):
    blank, told = np.full((90, 70, 3), value, np.float32), Context(None)
    assert Tone().run(blank, told) is blank
    assert [notice.code for notice in told.notices] == ["tone-skipped"]
