import cv2
import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import CheckpointMismatch
from models.networks.damage_detector import DamageClassifier, build
from models.runtime import graphs
from tests.training.scenes import scene, write_photographs
from training.__main__ import main
from training.checkpoints import build as build_any
from training.damage import decoys, scratches
from training.data import Photograph
from training.learning import masks
from training.settings import Settings
from training.tasks.repair import REPAIR, UNDAMAGED, print_of

SEEDS = range(60)
DRAWN = [kind for kind, _ in scratches.KINDS]


def rng(seed):
    return np.random.default_rng(seed)


# Damage


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000))
def test_what_is_not_in_the_mask_has_hardly_changed(seed):
    image = scene(96, 128)
    before = image.copy()
    out, mask = scratches.damaged(image, rng(seed))
    np.testing.assert_array_equal(image, before)
    assert out.min() >= 0
    assert out.max() <= 1
    assert np.abs(out - image)[~mask].max(initial=0) <= len(scratches.KINDS) * scratches.VISIBLE
    assert np.abs(out - image)[~mask].mean() < 0.02


@pytest.mark.parametrize("kind", DRAWN, ids=lambda kind: kind.__name__)
def test_every_kind_of_damage_leaves_its_mark_and_most_of_the_picture(kind):
    covers = []
    for seed in SEEDS:
        cover = np.zeros((160, 200), np.uint8)
        kind(cover, rng(seed))
        covers.append(cover)
    drawn = [(cover > 0).mean() for cover in covers]
    assert np.mean(np.array(drawn) > 0) > 0.3
    assert np.median(drawn) < 0.3


def widths(kind):
    """The width, in pixels, of the widest place of every drawing."""
    for seed in SEEDS:
        cover = np.zeros((160, 200), np.uint8)
        kind(cover, rng(seed))
        if cover.any():
            yield 2 * cv2.distanceTransform((cover > 0).astype(np.uint8), cv2.DIST_L2, 3).max()


def test_scratches_and_hairs_are_thin_and_tears_are_wide():
    assert np.median(list(widths(scratches.hairs))) < np.median(list(widths(scratches.scratches))) < 10
    assert np.median(list(widths(scratches.tears))) > 20


def test_damage_is_light_and_dark():
    changes = []
    for seed in SEEDS:
        image = np.full((96, 96, 3), 0.5, np.float32)
        out, mask = scratches.damaged(image, rng(seed))
        changes += [(out - image)[mask].mean()] if mask.any() else []
    assert 0.15 < np.mean(np.array(changes) < 0) < 0.6


def test_prints_are_damaged_but_for_some_that_must_be_left_alone():
    shown = [print_of(scene(96, 96), rng(seed)) for seed in range(100)]
    whole = np.mean([not mask.any() for _, mask, _ in shown])
    assert UNDAMAGED / 2 < whole < 2 * UNDAMAGED
    assert all(image.dtype == np.float32 and 0 <= image.min() <= image.max() <= 1 for image, *_ in shown)


def test_the_same_seed_makes_the_same_print():
    first, second = (print_of(scene(96, 96), rng(7)) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_wrong_answer_costs_more_where_it_changes_more(monkeypatch):
    def faint_and_clear(image, _):
        mask = lines(20, 60, side=96)
        damaged = image.copy()
        damaged[:, 20] += 0.02
        damaged[:, 60] += 0.4
        return damaged, mask

    monkeypatch.setattr(scratches, "damaged", faint_and_clear)
    flat = np.full((96, 96, 3), 0.3, np.float32)
    flat[:, 80:] = 0.7  # an edge, which a fill would blur
    shown = [print_of(flat, rng(seed)) for seed in range(60)]
    costs = np.mean([cost for _, mask, cost in shown if mask.any()], axis=0)
    assert costs[:, 60].mean() > 2 * costs[:, 20].mean()
    assert costs[:, 79:81].mean() > 2 * costs[:, 40].mean()
    assert costs.min() > 0


@pytest.mark.parametrize(
    "kind", [kind for kind, _ in (*decoys.KINDS, *decoys.REPEATED)], ids=lambda kind: kind.__name__
)
def test_every_decoy_draws_something(kind):
    drawn = 0
    for seed in SEEDS:
        cover = np.zeros((128, 160), np.uint8)
        kind(cover, rng(seed))
        drawn += cover.any()
    assert drawn > 0.6 * len(SEEDS)


def test_decoys_are_of_the_pictures_own_colours():
    image = scene(96, 96)
    assert any(not np.array_equal(decoys.decorated(image, rng(seed)), image) for seed in SEEDS)
    dark = image * np.float32(0.5)
    lightest = [decoys.decorated(dark, rng(seed)).max() for seed in SEEDS]
    assert np.median(lightest) <= dark.max()


# Losses and measure


def lines(*columns, side=40):
    mask = np.zeros((side, side), bool)
    mask[:, list(columns)] = True
    return mask


@pytest.mark.parametrize(("shift", "expected"), [(0, 1), (2, 1), (4, 0)])
def test_a_mark_may_miss_by_two_pixels(shift, expected):
    assert masks.f1(*masks.hits(lines(20 + shift), lines(20))) == expected


def test_f1_counts_false_marks_and_missed_damage():
    assert masks.f1(*masks.hits(lines(5, 30), lines(5))) == pytest.approx(2 / 3)
    assert masks.f1(*masks.hits(lines(5), lines(5, 30))) == pytest.approx(2 / 3)
    assert masks.f1(*masks.hits(lines(), lines())) == 1
    assert masks.f1(*masks.hits(lines(), lines(3))) == 0


def goal_of(mask, costs=1.0):
    """Mask and costs as a loss takes them, (1, 2, H, W)."""
    return torch.from_numpy(np.stack([mask, np.broadcast_to(costs, mask.shape)])[None].astype(np.float32))


def test_dice_counts_a_scratch_as_much_as_bce_counts_the_rest():
    goal = goal_of(lines(20))
    mask = goal[:, :1]
    nothing, all_right = torch.full_like(mask, -6), 12 * mask - 6
    blind, seeing = (masks.combine([("dice", 1)], logits, goal) for logits in (nothing, all_right))
    assert seeing < 0.03
    assert blind > 0.2
    assert masks.combine([("bce", 1)], all_right, goal) < 0.01
    both = masks.combine([("bce", 1), ("dice", 1)], nothing, goal)
    assert both == pytest.approx(float(blind + masks.combine([("bce", 1)], nothing, goal)))


@pytest.mark.parametrize("name", masks.NAMES)
def test_a_pixel_counts_by_its_cost(name):
    nothing = torch.full((1, 1, 40, 40), -6.0)
    missed = [
        float(masks.combine([(name, 1)], nothing, goal_of(lines(20), np.where(lines(20), cost, 1))))
        for cost in (0.2, 1, 5)
    ]
    assert missed[0] < missed[1] < missed[2]


# Training


def test_patches_are_prints_and_their_masks():
    photographs = [Photograph("scene", (scene(96, 96) * 255).astype(np.uint8))]
    chosen = Settings(data=(), out=None, steps=1, patch=64, losses=(("bce", 1.0),))
    patches = REPAIR.patches(photographs, chosen, 30, seed=2)
    shown = [patches[i] for i in range(30)]
    assert all(print_.shape == (3, 64, 64) and goal.shape == (2, 64, 64) for print_, goal in shown)
    assert {float(value) for _, goal in shown for value in goal[0].unique()} == {0.0, 1.0}


def test_it_trains_and_is_exported(tmp_path, capsys):
    data = write_photographs(tmp_path / "photographs", 4, size=96)
    options = "--features 6 --steps 4 --batch 2 --patch 64 --held-out 1 --workers 0 --threads 1"
    assert main(["repair", "--data", str(data), "--out", str(tmp_path / "run"), *options.split()]) == 0
    assert "F1 0." in capsys.readouterr().out
    assert main(["export", str(tmp_path / "run" / "last.pt"), "--out", str(tmp_path / "found")]) == 0
    network = build_any(safetensors.torch.load_file(tmp_path / "found.safetensors"))
    graph = graphs.core().compile_model(graphs.read(tmp_path / "found.xml"), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    x = torch.rand(1, 3, 48, 80)
    with torch.inference_mode():
        expected = network(x).numpy()
    assert expected.shape == (1, 3, 48, 80)
    assert np.abs(graph({"x": x.numpy()})[0] - expected).max() < 1e-4


def test_the_network_is_read_off_its_tensors():
    network = DamageClassifier(widths=(4, 8, 12), blocks=(1, 2, 1))
    again = build(network.state_dict())
    x = torch.rand(1, 3, 16, 24)
    with torch.inference_mode():
        torch.testing.assert_close(again(x)[:, :1], network(x).sigmoid())
    with pytest.raises(CheckpointMismatch, match=r"stem\.weight"):
        build({"head.weight": torch.zeros(1)})


def test_it_is_small_enough_to_bundle():
    assert sum(p.numel() for p in REPAIR.network().parameters()) * 2 < 4_000_000
