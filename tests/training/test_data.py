import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.errors import OptionError, PhotoUnreadable
from tests.training.scenes import write_photographs
from training.damage.degrade import SEPIA, sensor_noise
from training.data import LARGE, MOST_REDUCED, Photograph, decode, hold_out, random_patch, read_photographs
from training.settings import Settings
from training.tasks.task import upscale


def keep(image, rng):
    return image


def noisy(image, rng):
    return sensor_noise(image, 0.1, rng)


def patches_of(photographs, damage, *, side, seed):
    settings = Settings(data=(), out=None, steps=1, patch=side)
    return replace(upscale(1), damage=damage).patches(photographs, settings, 200, seed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_photographs(tmp_path_factory.mktemp("photographs"), 6)


def test_folder_and_tar_hold_the_same(folder, tmp_path):
    archive = tmp_path / "photographs.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(folder, "inside")
        tar.addfile(tarfile.TarInfo("inside/readme.txt"))
    from_folder = read_photographs(folder, side=32)
    from_tar = read_photographs(archive, side=32)
    assert [photo.name for photo in from_folder] == [f"photo{i}.png" for i in range(6)]
    for a, b in zip(from_folder, from_tar, strict=True):
        assert a.name == b.name
        assert np.array_equal(a.pixels, b.pixels)
        assert a.pixels.dtype == np.uint8


def test_tiers_choose_by_the_manifest(folder, tmp_path):
    manifest = tmp_path / "manifest.csv"
    rows = ["photo0.png,x,A", "photo1.png,x,A?", "photo2.png,x,C", "photo3.png,x,PD"]
    manifest.write_text("\n".join(["file,origin,tier", *rows]))
    chosen = read_photographs(folder, side=32, tiers=frozenset({"A", "PD"}), manifest=(manifest,))
    assert [photo.name for photo in chosen] == ["photo0.png", "photo3.png"]


def write_manifest(path):
    rows = ["one/photo0.png,here,A", "one/photo1.png,there,A", "photo2.png,here,C", "photo3.png,afar,C"]
    path.write_text("\n".join(["file,origin,tier", *rows]))
    return path


def test_photographs_are_held_out_by_origin(folder, tmp_path):
    photographs = read_photographs(folder, side=32, manifest=(write_manifest(tmp_path / "manifest.csv"),))
    seen, unseen = hold_out(photographs, 1, frozenset({"here", "afar"}))
    assert [photo.name for photo in unseen] == ["photo0.png", "photo2.png", "photo3.png"]
    assert [photo.name for photo in seen] == ["photo1.png", "photo4.png", "photo5.png"]


@pytest.mark.parametrize("count", [0, 6, 9])
def test_without_photographs_for_both_uses_there_is_no_split(folder, count):
    with pytest.raises(OptionError, match="--held-out"):
        hold_out(read_photographs(folder, side=32), count)


def test_an_origin_that_no_photograph_has_is_refused(folder, tmp_path):
    photographs = read_photographs(folder, side=32, manifest=(write_manifest(tmp_path / "manifest.csv"),))
    with pytest.raises(OptionError, match="'nowhere'"):
        hold_out(photographs, 1, frozenset({"here", "nowhere"}))


def test_photographs_may_be_changed_or_left_out_as_they_are_read(folder):
    everything = read_photographs(folder, side=32)
    middle = np.median([photo.pixels.mean() for photo in everything])
    fitted = read_photographs(folder, side=32, fit=lambda pixels: pixels[:40] if pixels.mean() > middle else None)
    assert [p.name for p in fitted] == [p.name for p in everything if p.pixels.mean() > middle]
    assert len(fitted) == len(everything) / 2
    assert {p.pixels.shape for p in fitted} == {(40, 64, 3)}


def test_tiers_without_a_manifest_are_refused(folder):
    with pytest.raises(OptionError, match="--manifest"):
        read_photographs(folder, side=32, tiers=frozenset({"A"}))


@pytest.mark.parametrize("side", [65, 1000])
def test_photographs_below_the_patch_are_left_out(folder, side):
    with pytest.raises(OptionError, match="smaller ones: 6"):
        read_photographs(folder, side=side)


def test_a_path_without_photographs_is_refused(tmp_path):
    with pytest.raises(OptionError, match="--data"):
        read_photographs(tmp_path / "nothing", side=32)


def test_a_broken_file_is_refused():
    with pytest.raises(PhotoUnreadable, match="Expected a picture"):
        decode(b"not a picture")


def test_held_out_photographs_stay_when_others_go(folder):
    photographs = read_photographs(folder, side=32)
    seen, unseen = hold_out(photographs, 2)
    assert len(seen) == 4
    assert {photo.name for photo in seen}.isdisjoint(photo.name for photo in unseen)
    _, again = hold_out([*unseen, *seen[:2]], 2)
    assert {photo.name for photo in again} == {photo.name for photo in unseen}


def test_a_patch_depends_on_seed_and_number_alone(folder):
    photographs = read_photographs(folder, side=32)
    one, same, other = (patches_of(photographs, noisy, side=32, seed=seed) for seed in (1, 1, 2))
    one[3]
    for a, b in zip(one[7], same[7], strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one[7][1], one[8][1])
    assert not torch.equal(one[7][1], other[7][1])


def is_grey(image):
    return torch.equal(image[0], image[1]) and torch.equal(image[1], image[2])


def is_brown(image):
    """Ignores red, which may be clipped."""
    return torch.allclose(image[1] / SEPIA[1], image[2] / SEPIA[2], atol=1e-5) and bool((image[0] > image[2]).all())


def test_patches_are_turned_cuts_of_the_photographs(folder):
    photographs = read_photographs(folder, side=64)
    whole = {photo.pixels.tobytes() for photo in photographs}
    patches = patches_of(photographs, keep, side=64, seed=0)
    turned = set()
    for i in range(60):
        damaged, clean = patches[i]
        assert torch.equal(damaged, clean)
        assert clean.shape == (3, 64, 64)
        pixels = (clean * 255).round().to(torch.uint8).permute(1, 2, 0)
        ways = [pixels.rot90(k) for k in range(4)]
        ways += [way.flip(1) for way in ways]
        match = [k for k, way in enumerate(ways) if way.contiguous().numpy().tobytes() in whole]
        assert match or is_grey(clean) or is_brown(clean), "neither a cut nor made grey or brown"
        turned.update(match)
    assert turned == set(range(8))


def test_half_of_the_patches_are_cut_larger_and_reduced():
    """Noise of one pixel tells: reduced by area, it is fainter."""
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    spread = [float(random_patch([Photograph("noise", noise)], 64, np.random.default_rng(i)).std()) for i in range(200)]
    whole, least = float(noise.std() / 255), float(noise.std() / 255 / MOST_REDUCED)
    reduced = np.array(spread) < 0.95 * whole
    assert 0.35 < reduced.mean() < 0.6
    assert 0.8 * least < min(spread) < 1.3 * least
    assert random_patch([Photograph("small", noise[:64, :64])], 64, np.random.default_rng(0)).shape == (64, 64, 3)


def test_small_photographs_are_drawn_by_their_area():
    """A black one of a single patch, and a white one that is large."""
    small, large = (Photograph("", np.full((side, side, 3), value, np.uint8)) for side, value in ((32, 0), (256, 255)))
    drawn = [random_patch([small, large], 32, np.random.default_rng(i)).mean() for i in range(600)]
    assert 1 - np.mean(drawn) == pytest.approx(1 / (1 + LARGE), abs=0.04)
