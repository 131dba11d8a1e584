import cv2
import numpy as np
import pytest

from benchmarks.quality import fill
from models.runtime.engine import Engine
from pipeline.methods.detection import CLASSICAL
from tests.photographs import photograph


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("truth")
    cv2.imwrite(str(path / "portrait.png"), np.rint(photograph("astronaut", 200)[..., ::-1] * 255).astype(np.uint8))
    return path


def cells(lines):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in list(lines)[2:]]


def test_every_filler_is_measured_on_damage_of_every_width(folder):
    rows = cells(fill.fillers(folder, ["telea", "biharmonic"], Engine("cpu")))
    assert [row[0] for row in rows[::3]] == ["scratches", "5 px", "15 px", "40 px"]
    for none, *filled in zip(rows[::3], rows[1::3], rows[2::3], strict=True):
        assert none[1] == "none"
        assert all(float(row[2]) > float(none[2]) + 3 and float(row[4]) > float(none[4]) for row in filled)
    psnr = [float(row[2]) for row in rows if row[:2][1] == "telea"]
    assert psnr[1] > psnr[2] > psnr[3]


def test_the_filler_that_can_look_through_is_measured_both_ways(folder):
    rows = cells(fill.fillers(folder, ["auto"], Engine("cpu")))
    assert [row[1] for row in rows[:3]] == ["none", "auto", "auto, looking through"]
    blind, seeing = (float(row[2]) for row in rows[1:3])
    assert seeing > blind


def test_the_holes_are_the_same_each_time_and_as_wide_as_they_say():
    truth = photograph("coffee", 200)
    for width in fill.WIDTHS:
        (first, mask), (second, _) = (fill._drawn(width)(truth, "coffee") for _ in range(2))
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first[~mask], truth[~mask])
        widest = 2 * cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5).max()
        assert width <= widest < 3 * width


def test_detectors_are_measured_on_damaged_and_on_whole_photographs(folder):
    ((name, score, precision, recall, falsely, _, pictures),) = cells(
        fill.detectors(folder, [CLASSICAL], Engine("cpu"))
    )
    assert (name, pictures) == (CLASSICAL, "1")
    assert 0 <= float(score) <= 1
    harmonic = 2 * float(precision) * float(recall) / max(float(precision) + float(recall), 1e-9)
    assert float(score) == pytest.approx(harmonic, abs=2e-3)
    assert 0 <= float(falsely) < 5
