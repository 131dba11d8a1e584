import io
import tarfile

import cv2
import numpy as np
import pytest

from pipeline.errors import OptionError
from tests.training.scenes import scene, write_photographs
from training.__main__ import main
from training.damage import shapes
from training.tasks.repair import print_of


def rng(seed):
    return np.random.default_rng(seed)


def drawn(side, *lines, thickness=5):
    cover = np.zeros((side, side), np.uint8)
    for start, end in lines:
        cv2.line(cover, start, end, 255, thickness)
    return cover


MEMBERS = {
    "cracks/001.png": drawn(200, ((0, 90), (199, 120)), ((90, 100), (150, 10))),
    "cracks/100.png": drawn(200, ((20, 0), (60, 199))),
    "cracks/101.png": np.full((200, 200), 255, np.uint8),
    "film/scan01_dust.png": drawn(300, ((20, 20), (25, 24)), ((200, 100), (206, 103)), ((90, 250), (99, 250))),
    "textures/scratches/one.webp": drawn(100, ((10, 10), (90, 40)), ((20, 70), (70, 60)), thickness=2),
    "textures/stain/one.webp": drawn(100, ((50, 50), (52, 50)), thickness=30),
}


def archive(path, members):
    with tarfile.open(path, "w") as tar:
        for name, cover in members.items():
            suffix = name[name.rindex(".") :]
            data = cv2.imencode(suffix, cover)[1].tobytes()
            info = tarfile.TarInfo(f"damage_shapes/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def source(tmp_path):
    return archive(tmp_path / "shapes.tar", MEMBERS)


def test_cracks_that_are_kept_for_measuring_are_not_read(source):
    found = shapes.read(source)
    assert [cover.mean() < 50 for cover in found.cracks] == [True, True]


def test_the_damage_of_a_film_is_read_piece_by_piece(source):
    found = shapes.read(source)
    assert [len(pieces) for pieces in found.film] == [3]
    assert all(max(piece.shape) < 20 and piece.any() for piece in found.film[0])
    assert (len(found.fine), len(found.broad)) == (1, 1)


def test_what_holds_no_shapes_is_refused(tmp_path):
    with pytest.raises(OptionError, match="tar file of damage shapes"):
        shapes.read(tmp_path / "missing.tar")
    some = {name: cover for name, cover in MEMBERS.items() if "film" not in name}
    with pytest.raises(OptionError, match="no film"):
        shapes.read(archive(tmp_path / "some.tar", some))


def test_what_is_not_in_the_mask_has_hardly_changed(source):
    real = shapes.read(source)
    image = scene(128, 128)
    before = image.copy()
    shares = []
    for seed in range(60):
        out, mask = shapes.damaged(image, real, rng(seed))
        assert np.abs(out - image)[~mask].mean() < 0.02
        assert 0 <= out.min() <= out.max() <= 1
        shares.append(mask.mean())
    np.testing.assert_array_equal(image, before)
    assert 0.01 < np.median(shares) < 0.3


def test_cracks_are_thin_and_broad_light_and_dark(source):
    real = shapes.read(source)
    flat, widths, changes = np.full((128, 128, 3), 0.5, np.float32), [], []
    for seed in range(60):
        out, mask = shapes.damaged(flat, real, rng(seed))
        if mask.any():
            widths.append(2 * cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3).max())
            changes.append((out - flat)[mask].mean())
    assert np.percentile(widths, 10) < 6 < 8 < np.percentile(widths, 90)
    assert 0.15 < np.mean(np.array(changes) < 0) < 0.6


def test_prints_bear_both_real_shapes_and_drawn_damage(source, monkeypatch):
    real = shapes.read(source)
    called = []
    monkeypatch.setattr(shapes, "damaged", lambda image, *_: called.append(1) or (image, np.zeros((96, 96), bool)))
    masks = [print_of(scene(96, 96), rng(seed), real)[1] for seed in range(100)]
    assert 25 < len(called) < 65
    assert 25 < sum(mask.any() for mask in masks) < 75


def test_a_detector_trains_on_the_shapes(source, tmp_path, capsys):
    data = write_photographs(tmp_path / "photographs", 4, size=96)
    options = "--features 6 --steps 2 --batch 2 --patch 64 --held-out 1 --workers 0 --threads 1"
    shown = ["--data", str(data), "--out", str(tmp_path / "run"), "--shapes", str(source), *options.split()]
    assert main(["repair", *shown]) == 0
    assert "F1 0." in capsys.readouterr().out
    assert main(["deblur", *shown]) == 1
    assert "does not support --shapes" in capsys.readouterr().err
