import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.quality import colours
from benchmarks.quality.metrics import colour_difference, colourfulness
from benchmarks.quality.plates import rebuilt
from pipeline.errors import PhotoError
from pipeline.methods.filters import luma
from pipeline.stages import Colorize
from tests.photographs import photograph, psnr
from tests.pipeline.fakes import FakeEngine

STAGE = Colorize(model="eccv16", always=True)


def brownish(x, network):
    """Predicts brown on the left and blue on the right."""
    ab = np.empty((1, 2, *x.shape[2:]), np.float32)
    ab[..., : x.shape[3] // 2], ab[..., x.shape[3] // 2 :] = 15, -15
    return ab


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("truth")
    for place, name in (("people", "astronaut"), ("things", "coffee"), ("things", "chelsea")):
        (root / place).mkdir(exist_ok=True)
        Image.fromarray((photograph(name, 160) * 255).astype(np.uint8)).save(root / place / f"{name}.png")
    return root


def rows(pairs, *targets):
    lines = list(colours.tables(pairs, STAGE, FakeEngine(brownish), targets))
    assert "\n".join(lines[:1]) == colours.HEAD
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def test_the_table_has_a_row_a_folder_and_one_for_all(folder):
    pairs = colours.read(folder)
    table = rows(pairs)
    assert [(row[0], row[-1]) for row in table] == [("people", "1"), ("things", "2"), ("all", "3")]
    grey = np.mean([colour_difference(pair.grey, pair.truth) for pair in pairs])
    assert float(table[-1][3]) == pytest.approx(grey, abs=0.006)
    results = [colours.restored(pair, STAGE, FakeEngine(brownish)) for pair in pairs]
    assert float(table[-1][2]) == pytest.approx(
        np.mean([colour_difference(result, pair.truth) for result, pair in zip(results, pairs, strict=True)]), abs=0.006
    )


def test_a_share_of_the_colourfulness_is_reached_by_saturation(folder):
    *_, natural, _, _, asked = rows(colours.read(folder), 0.3)
    assert float(natural[4]) != pytest.approx(0.3, abs=0.02)
    assert float(asked[4]) == pytest.approx(0.3, abs=0.02)
    assert asked[1] != natural[1]


def test_only_what_is_flat_counts_as_a_blotch():
    grey = np.full((64, 64, 3), 0.5, np.float32)
    assert colours.flat_variation(grey) == 0
    step = grey.copy()
    step[:, 32:] += 0.3 * np.float32([1, 0.8, 0.2])
    blotch = grey.copy()
    blotch[20:40, 20:40] += 0.1 * np.float32([1, -0.5, 0])
    flat = luma(blotch)
    blotch += (0.5 - flat)[..., None]
    assert colours.flat_variation(blotch) > 5 * colours.flat_variation(step)


def test_a_folder_without_photographs_is_refused(tmp_path):
    with pytest.raises(PhotoError, match="no files"):
        colours.read(tmp_path)


@pytest.mark.parametrize("name", ["coffee", "astronaut"])
def test_plates_become_a_colour_photograph(name):
    truth = photograph(name, 300)
    height, width = truth.shape[:2]
    plates = []
    for channel, (x, y) in ((2, (3, -4)), (1, (0, 0)), (0, (-5, 2))):  # blue, green, red
        moved = cv2.warpAffine(truth[..., channel], np.float32([[1, 0, x], [0, 1, y]]), (width, height))
        moved[:6] = moved[-6:] = 0  # the frame
        plates.append(moved)
    out = rebuilt(np.concatenate(plates))
    top, left = round(0.08 * height), round(0.08 * width)
    expected = truth[top : top + out.shape[0], left : left + out.shape[1]]
    assert psnr(out, expected) > 30
    assert colourfulness(out) == pytest.approx(colourfulness(expected), rel=0.05)


def test_the_sheet_shows_grey_prediction_and_truth(folder, tmp_path):
    pairs = colours.read(folder)
    colours.make_sheet(pairs, STAGE, FakeEngine(brownish), tmp_path / "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    tiles = [tile for row in np.split(sheet, 3) for tile in np.split(row[20:], 3, axis=1)]
    assert [int(np.ptp(tile.astype(int), axis=2).max()) > 3 for tile in tiles] == [False, True, True] * 3


def test_the_command_names_a_missing_file_and_another_stage(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    assert main(["colours", str(folder), "--plan", "colorize.model=eccv16"]) == 1
    assert "models download eccv16" in capsys.readouterr().err
    assert main(["colours", str(folder), "--plan", "denoise"]) == 1
    assert "colorize alone" in capsys.readouterr().err
