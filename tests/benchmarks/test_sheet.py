import numpy as np
import pytest
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.quality import sheet
from models.runtime.engine import Engine
from pipeline.errors import OptionError, PhotoError
from tests.photographs import photograph
from tests.pipeline.damaged import scratched


@pytest.fixture
def files(tmp_path):
    paths = [tmp_path / f"{name}.png" for name in ("astronaut", "coffee")]
    for path in paths:
        Image.fromarray(np.rint(photograph(path.stem, 96) * 255).astype(np.uint8)).save(path)
    return paths


def test_a_plan_is_one_line_of_stages_and_options():
    (denoise, upscale) = sheet.plan("upscale.scale=4 denoise upscale.model=fast").stages
    assert (denoise.name, upscale.name) == ("denoise", "upscale")
    assert (upscale.scale, upscale.model) == (4, "fast")


@pytest.mark.parametrize("wrong", ["polish", "upscale.size=4", "upscale.scale=9", "upscale.scale=[1]"])
def test_a_plan_that_cannot_be_is_refused(wrong):
    with pytest.raises(OptionError):
        sheet.plan(wrong)


def test_the_sheet_has_a_row_a_photograph_and_a_column_a_plan(files, tmp_path):
    out = tmp_path / "sheet.png"
    plans = ["--plan", "upscale.scale=2", "--plan", "post-denoise.sigma=3"]
    assert main(["sheet", *map(str, files), *plans, "--side", "48", "-o", str(out)]) == 0
    pixels = np.asarray(Image.open(out))
    assert pixels.shape == (2 * (sheet.TILE + sheet.LINE), 4 * sheet.TILE, 3)
    before, _, enlarged, smooth = (
        pixels[sheet.LINE : sheet.LINE + sheet.TILE, i * sheet.TILE : (i + 1) * sheet.TILE] for i in range(4)
    )
    assert np.abs(before.astype(int) - enlarged).mean() < 12
    assert np.abs(before.astype(int) - smooth).mean() > np.abs(before.astype(int) - enlarged).mean()


def test_a_sheet_of_faces_has_a_row_for_each(tmp_path):
    page = np.tile(photograph("astronaut", 256), (1, 2, 1))
    photo, out = tmp_path / "two.png", tmp_path / "sheet.png"
    Image.fromarray(np.rint(page * 255).astype(np.uint8)).save(photo)
    assert main(["sheet", str(photo), "--faces", "--plan", "post-denoise.sigma=3", "-o", str(out)]) == 0
    pixels = np.asarray(Image.open(out))
    assert pixels.shape == (2 * (sheet.TILE + sheet.LINE), 3 * sheet.TILE, 3)
    top, left, side = sheet._faces(page, Engine("cpu", "float32"))[0]
    assert top < 64 < top + side
    assert left % 256 < 114 < left % 256 + side
    assert side < 100


def test_the_part_with_most_detail_is_shown():
    image = np.full((90, 120, 3), 0.5, np.float32)
    image[50:80:2, 70:110] = 1
    top, left, side = sheet._busiest(image, 30)
    assert side == 30
    assert 49 <= top <= 50  # gradients reach a pixel beyond
    assert 69 <= left <= 81


def test_a_sheet_of_damage_shows_in_red_what_was_filled(tmp_path):
    _, image, _ = scratched("coffee")
    photo, out = tmp_path / "photo.png", tmp_path / "sheet.png"
    Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(photo)
    plan = "repair.grow=0"
    assert main(["sheet", str(photo), "--damage", "--plan", plan, "-o", str(out)]) == 0
    pixels = np.asarray(Image.open(out)).astype(int)[sheet.LINE :]
    before, marked, result = (pixels[:, i * sheet.TILE : (i + 1) * sheet.TILE] for i in range(3))
    is_red = (marked[..., 0] > 200) & (marked[..., 1:].max(axis=2) < 60)
    assert is_red.any()
    assert np.abs(before - result)[is_red].mean() > 5 * np.abs(before - result)[~is_red].mean()


def test_a_sheet_of_damage_needs_a_plan_that_repairs(files, tmp_path):
    with pytest.raises(OptionError, match="Add repair"):
        sheet.make_of_damage(files, ["denoise"], tmp_path / "sheet.png", Engine("cpu"))


def test_no_photographs_make_no_sheet(tmp_path):
    with pytest.raises(PhotoError, match="got none"):
        sheet.make([], [], tmp_path / "sheet.png", Engine("cpu"), side=32)
