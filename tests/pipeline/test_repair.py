from itertools import pairwise

import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from models.errors import WeightsMissing
from models.networks.damage_detector import DamageClassifier
from models.networks.scratch_unet import ScratchUNet, build
from models.runtime.engine import Engine
from pipeline.command.cli import main
from pipeline.context import Context
from pipeline.errors import OptionError
from pipeline.methods.detection import CLASSICAL, find, grow, likelihood
from pipeline.methods.margins import margins
from pipeline.stages import Deblur, Denoise, Repair, Upscale
from tests.photographs import noisy, photograph, psnr
from tests.pipeline.damaged import scratched
from tests.pipeline.fakes import FakeEngine

RESTORE = ["--only", "repair", "--repair-model", CLASSICAL]


def save(path, mask):
    Image.fromarray(mask.astype(np.uint8) * 255).save(path)
    return path


def detector(path, widths=(4, 8), bias=0.0):
    """A detector's file; `bias` makes it mark everything, or nothing."""
    torch.manual_seed(0)
    network = DamageClassifier(widths=widths, blocks=(1,) * len(widths))
    with torch.no_grad():
        network.tail.bias.fill_(bias)
        network.tail.weight.zero_()
    safetensors.torch.save_file(network.state_dict(), path)
    return str(path)


# Finding


@pytest.mark.parametrize("tone", [0.97, 0.02], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["coffee", "chelsea"])
def test_the_classical_detector_finds_scratches(name, tone):
    _, image, mask = scratched(name, tone=tone)
    found = grow(find(image, CLASSICAL, 0.5, Context(None)), 2)
    assert (found & mask).sum() > 0.5 * mask.sum()
    assert found.mean() < 0.15


@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket"])
def test_the_classical_detector_leaves_whole_photographs_nearly_alone(name):
    assert find(photograph(name, 480), CLASSICAL, 0.5, Context(None)).mean() < 0.02


def test_more_sensitivity_marks_more():
    _, image, _ = scratched()
    marks = [find(image, CLASSICAL, s, Context(None)) for s in (0.1, 0.5, 0.9)]
    assert all((more | less == more).all() for less, more in pairwise(marks))
    assert marks[0].sum() < marks[2].sum()


def test_a_networks_probability_is_cut_at_one_less_the_sensitivity(tmp_path):
    path = detector(tmp_path / "mine.safetensors")
    image = photograph("coffee", 120)
    asked = []

    def halves(x, network):
        asked.append(network.spec)
        return np.repeat(np.linspace(0, 1, x.shape[3], dtype=np.float32)[None, None, None], 3, axis=1).repeat(
            x.shape[2], axis=2
        )

    context = Context(FakeEngine(halves))
    shares = [find(image, path, s, context).mean() for s in (0.2, 0.5, 0.8)]
    assert shares == pytest.approx([0.2, 0.5, 0.8], abs=0.03)
    assert (asked[0].task, asked[0].multiple) == ("detect", 4)


def test_a_detector_of_ones_own_training_runs(tmp_path):
    image = photograph("coffee", 100)
    context = Context(Engine("cpu", "float32"))
    everything = detector(tmp_path / "all.safetensors", bias=9.0)
    nothing = detector(tmp_path / "none.safetensors", bias=-9.0)
    assert likelihood(image, everything, context).min() > 0.99
    assert likelihood(image, everything, context).shape == image.shape[:2]
    stage = Repair(model=nothing)
    assert stage.run(image, context) is image
    assert [notice.code for notice in context.notices] == ["repair-skipped"]


def test_the_official_scratch_detector_is_known_by_its_tensors(tmp_path):
    torch.manual_seed(0)
    network = ScratchUNet(width=4, depth=3)
    for name, tensor in network.state_dict().items():
        if name.endswith("filt"):
            tensor.copy_(torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16)
    network.eval()
    path = tmp_path / "FT_Epoch_latest.pt"
    torch.save({"model_state": network.state_dict(), "epoch": 1}, path)
    image = np.ascontiguousarray(photograph("coffee", 96)[:64, :96])
    with torch.inference_mode():
        expected = network(torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)[None])))[0, 0].numpy()
        again = build(network.state_dict())(torch.zeros(1, 3, 16, 24))
    found = likelihood(image, str(path), Context(Engine("cpu", "float32")))
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert again.shape == (1, 3, 16, 24)


def test_official_keys_are_those_of_the_published_definition():
    keys = set(ScratchUNet().state_dict())
    assert {
        "first.1.weight",
        "down_sample.3.1.weight",
        "down_sample.3.2.running_mean",
        "down_sample.3.4.filt",
        "down_path.0.block.1.weight",
        "down_path.0.block.6.bias",
        "up_path.3.up.2.weight",
        "up_path.3.conv_block.block.5.weight",
        "last.1.bias",
    } <= keys


def test_only_a_detector_detects():
    with pytest.raises(OptionError, match="task is denoise"):
        Repair(model="fast-denoise").run(photograph("coffee"), Context(FakeEngine(None)))
    with pytest.raises(WeightsMissing):
        Repair(model="/nowhere/mine.safetensors").run(photograph("coffee"), Context(FakeEngine(None)))


# Masks


def test_a_mask_grows_in_every_direction():
    mask = np.zeros((21, 21), bool)
    mask[10, 10] = True
    assert grow(mask, 0) is mask
    grown = grow(mask, 3)
    assert grown[10, 7]
    assert grown[13, 10]
    assert not grown[10, 6]
    assert not grown[13, 13]


# Margins


def marks(*rectangles, side=200):
    """A mask of filled rectangles, each given by rows and columns."""
    mask = np.zeros((side, side), bool)
    for rows, columns in rectangles:
        mask[rows, columns] = True
    return mask


TORN = (slice(0, 30), slice(150, 200))
CRACK = (slice(0, 150), slice(60, 64))
HOLE = (slice(80, 110), slice(100, 130))
RIM = (slice(20, 180), slice(1, 3))
DUST = (slice(40, 44), slice(0, 3))


@pytest.mark.parametrize("ends", [TORN, RIM], ids=["torn corner", "rim"])
def test_ends_of_the_print_are_told_from_cracks_holes_and_dust(ends):
    damage = [CRACK, HOLE] if ends is RIM else [CRACK, HOLE, DUST]
    np.testing.assert_array_equal(margins(marks(ends, *damage)), marks(ends))
    assert not margins(marks(*damage)).any()


def test_a_crack_that_runs_into_a_torn_corner_is_no_margin():
    crack = marks((slice(28, 160), slice(170, 174)))
    found = margins(marks(TORN) | crack)
    assert found[:25, 150:].all()
    assert not found[40:].any()


def test_a_torn_corner_is_left_with_a_notice_unless_a_person_marks_it(tmp_path):
    image = np.full((192, 192, 3), 0.5, np.float32)
    votes = marks(TORN, CRACK, side=192).astype(np.float32)
    context = Context(FakeEngine(lambda x, _: np.repeat(votes[None, None], 3, axis=1)))
    stage = Repair(model=detector(tmp_path / "mine.safetensors"))
    finding = stage.examine(image, context)
    assert [notice.code for notice in finding.notices] == ["repair-filled", "repair-margins"]
    assert finding.notices[1].values["share"] == pytest.approx(30 * 42 / 192**2, rel=0.1)
    assert not finding.mask[:20, 155:].any()
    assert finding.mask[CRACK].all()
    by_hand = stage.examine(image, Context(FakeEngine(None), mask=marks(TORN, side=192)))
    assert by_hand.mask[marks(TORN, side=192)].all()
    assert [notice.code for notice in by_hand.notices] == ["repair-filled-by-hand"]


# The stage


def test_a_scratched_photograph_comes_nearer_to_the_whole_one():
    truth, image, _ = scratched()
    told = []
    context = Context(Engine("cpu"), progress=told.append)
    out = Repair(model=CLASSICAL, grow=2).run(image, context)
    assert psnr(out, truth) > psnr(image, truth) + 4
    assert told == sorted(told)
    assert told[0] == 0
    assert told[-1] == pytest.approx(1)
    assert context.notices[0].code == "repair-filled"
    assert context.notices[0].values["count"] > 0


@pytest.mark.parametrize("margin", [0, 3])
def test_a_mask_of_ones_own_is_filled_and_nothing_else(margin):
    truth, image, mask = scratched()
    context = Context(Engine("cpu"), mask=mask)
    out = Repair(grow=margin).run(image, context)
    assert context.notices[0].code == "repair-filled-by-hand"
    outside = ~grow(mask, margin)
    np.testing.assert_array_equal(out[outside], image[outside])
    assert psnr(out, truth) > psnr(image, truth) + 10


def test_what_a_person_marked_does_not_show_in_the_result():
    _, image, mask = scratched()
    other = image.copy()
    other[mask] = 0.4
    stage, context = Repair(grow=0), Context(Engine("cpu"), mask=mask)
    np.testing.assert_array_equal(stage.run(image, context), stage.run(other, context))


def test_an_empty_mask_leaves_the_photograph_alone():
    _, image, mask = scratched()
    context = Context(FakeEngine(None), mask=np.zeros_like(mask))
    assert Repair().run(image, context) is image
    assert context.notices[0].code == "repair-skipped"


def test_the_command_line_takes_a_mask(tmp_path, capsys):
    truth, image, mask = scratched(side=160)
    Image.fromarray((image * 255 + 0.5).astype(np.uint8)).save(tmp_path / "in.png")
    save(tmp_path / "mask.png", mask)
    command = ["restore", str(tmp_path / "in.png"), "-o", str(tmp_path / "out.png"), *RESTORE]
    assert main([*command, "--repair-mask", str(tmp_path / "mask.png"), "--repair-grow", "0"]) == 0
    out = np.asarray(Image.open(tmp_path / "out.png")).astype(np.float32) / 255
    assert psnr(out, truth) > psnr(image, truth) + 10
    assert "marked by hand" in capsys.readouterr().err
    assert main([*command, "--overwrite", "--repair-mask", str(tmp_path / "none.png")]) == 1


@pytest.mark.slow
def test_repair_is_suggested_for_what_the_bundled_detector_finds():
    whole, context = photograph("chelsea", 420), Context(Engine("cpu", "float32"))
    damaged, lean = whole.copy(), np.random.default_rng(0)
    for x in range(20, whole.shape[1], 36):
        end = (x + int(lean.integers(-20, 20)), whole.shape[0] - 1)
        cv2.line(damaged, (x, 0), end, (0.97, 0.97, 0.97), 2)
    suggestion = Repair().examine(damaged, context).suggestion
    assert suggestion.code == "repair-suggested"
    assert 0.01 < suggestion.values["share"] < 0.2
    assert Repair().examine(whole, context).suggestion is None
    assert Repair().examine(damaged[:150, :150], context).suggestion is None  # a thumbnail tells too little
    assert Repair(model=CLASSICAL).examine(damaged, context).suggestion is None


@pytest.mark.parametrize(("pitch", "side", "is_suggested"), [(40, 4, True), (60, 5, False), (60, 6, True)])
def test_repair_is_suggested_for_many_specks_or_much_damage(pitch, side, is_suggested):
    specks = np.zeros((448, 448, 3), np.float32)
    for row in range(10, 440, pitch):
        for column in range(10, 440, pitch):
            specks[row : row + side, column : column + side] = 1
    context = Context(FakeEngine(lambda x, _: x))  # its answer is the picture: all that is white is damage
    assert (Repair().examine(specks, context).suggestion is not None) == is_suggested


@pytest.mark.parametrize("stage", [Denoise, Deblur, Upscale], ids=lambda stage: stage.name)
def test_a_detector_restores_nothing(stage, tmp_path):
    always = {"always": True} if stage is Deblur else {}
    with pytest.raises(OptionError, match="task is detect"):
        stage(model=str(detector(tmp_path / "mine.safetensors")), **always).run(
            noisy(photograph("coffee", 100), 0.1), Context(Engine())
        )


def test_what_the_detector_takes_for_damage_altogether_is_left_alone(tmp_path):
    image, context = photograph("coffee", 100), Context(Engine())
    found = Repair(model=str(detector(tmp_path / "all.safetensors", bias=9.0))).run(image, context)
    assert found is image
    assert [notice.code for notice in context.notices] == ["repair-all"]
