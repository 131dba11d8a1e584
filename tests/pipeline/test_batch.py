import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.batch.naming import mask_of
from pipeline.batch.restore import BatchSettings, restore_all
from pipeline.batch.sources import Pair, find_work
from pipeline.errors import OptionError, PhotoError
from pipeline.photo import Output
from pipeline.plan import arrange
from pipeline.stages import Sharpen
from tests.photographs import photograph

OUTPUT = Output("png")


def place(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def test_progress_goes_on_until_the_file_is_there(tmp_path):
    Image.fromarray((photograph("coffee", 64) * 255).astype(np.uint8)).save(tmp_path / "cup.png")
    pair = Pair(tmp_path / "cup.png", tmp_path / "restored.png")
    seen = []

    def tell(number, progress):
        seen.append((progress.stage, progress.index, progress.count, progress.fraction, pair.target.exists()))

    (report,) = restore_all([pair], BatchSettings(arrange([Sharpen()]), Output("png"), 2_000_000), None, tell)
    assert report.status == "done"
    assert seen[0][0] == "sharpen"
    assert seen[-2:] == [("encode", 1, 1, 0.0, False), ("encode", 1, 1, 1.0, True)]


def paper(path, value=0.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((90, 90, 3), round(value * 255), np.uint8)).save(path)
    return path


class Broken(Sharpen):
    """A stage that nobody expected to fail."""

    def apply(self, image, finding, context):
        if not image.any():
            raise ZeroDivisionError("nobody expected this")
        return image


def test_a_photograph_that_nobody_expected_harms_no_other(tmp_path):
    work = [Pair(paper(tmp_path / f"{value}.png", value), tmp_path / f"out{value}.png") for value in (0.0, 0.5)]
    order = BatchSettings(arrange([Broken()]), Output("png"), 2_000_000)
    black, grey = restore_all(work, order, None, lambda *_: None)
    assert (black.status, grey.status) == ("failed", "done")
    assert "ZeroDivisionError: nobody expected this" in black.error


@pytest.mark.parametrize("out", [".", "deep", "deep/restored", "new/restored", "../in/x"])
def test_the_folder_of_photographs_is_never_written_to(tmp_path, out):
    paper(tmp_path / "in" / "deep" / "b.png")
    with pytest.raises(OptionError, match="never written to"):
        find_work([tmp_path / "in"], tmp_path / "in" / out, Output("tiff"))


def test_results_that_lead_down_into_the_folder_of_photographs_are_refused(tmp_path):
    paper(tmp_path / "in" / "a.png")
    assert find_work([tmp_path / "in"], tmp_path, Output("tiff")).pairs[0].target == tmp_path / "a.tiff"
    paper(tmp_path / "in" / "in" / "b.png")
    with pytest.raises(OptionError, match="never written to"):
        find_work([tmp_path / "in"], tmp_path, Output("tiff"))


def names(folder, output=OUTPUT, **options):
    work = find_work([folder], folder.parent / "out", output, **options)
    return [pair.target.relative_to(folder.parent / "out").as_posix() for pair in work.pairs], work.passed_over


def test_what_is_no_picture_is_passed_over_by_its_content(tmp_path):
    folder = tmp_path / "in"
    for name in ("a.jpg", "scan.3", "IMG_2024.12", "Mr.Smith", "no ending"):
        paper(tmp_path / "picture.png").rename(place(folder / name))
    place(folder / "broken.CR2").write_bytes(b"damaged")
    for name in ("notes.txt", "BMW.txt", "Thumbs.db", "sub/film"):
        place(folder / name).write_bytes(b"BMW makes cars, not pictures")
    os.mkfifo(folder / "pipe")
    made = ["IMG_2024.12.png", "Mr.Smith.png", "a.png", "broken.png", "no ending.png", "scan.3.png"]
    assert names(folder) == (made, 5)
    for path in folder.iterdir():
        if path.suffix != ".txt" and path.is_file():
            path.unlink()
    with pytest.raises(PhotoError, match="got 4 files that are none"):
        names(folder)


def test_a_name_at_the_limit_of_the_disk_is_cut_and_stays_its_own(tmp_path):
    folder = tmp_path / "in"
    for name in ("é" * 125 + "1.jpg", "é" * 125 + "2.jpg", "x" * 251 + ".jpg"):
        paper(tmp_path / "picture.png").rename(place(folder / name))
    found = find_work([folder], tmp_path / "out", Output("tiff"))
    assert len({pair.target for pair in found.pairs}) == 3
    assert max(len(pair.target.name.encode()) for pair in found.pairs) <= 255
    reports = list(restore_all(found.pairs, BatchSettings(arrange([]), Output("tiff"), 2_000_000), None, lambda *_: 0))
    assert [report.error for report in reports] == [""] * 3


def test_masks_in_a_folder_are_found_by_the_names_of_photographs(tmp_path):
    masks = tmp_path / "masks"
    one, two, three = (paper(masks / name) for name in ("a.png", "sub/b_mask.png", "c_page2.gif"))
    out = tmp_path / "out"
    assert mask_of(Path("a.jpg"), out / "a.png", masks) == one
    assert mask_of(Path("sub/b.jpg"), out / "sub/b.png", masks) == two
    assert mask_of(Path("c.tif"), out / "c_page2.png", masks) == three
    assert mask_of(Path("b.jpg"), out / "b.png", masks) is None
    assert mask_of(Path("b.jpg"), out / "b.png", one) == one


def test_a_link_to_itself_costs_one_file_of_a_folder(tmp_path):
    (tmp_path / "in").mkdir()
    Image.fromarray(np.full((32, 48, 3), 90, np.uint8)).save(tmp_path / "in" / "fine.png")
    (tmp_path / "in" / "loop.png").symlink_to("loop.png")
    work = find_work([tmp_path / "in"], tmp_path / "out", Output())
    settings = BatchSettings(arrange([Sharpen()]), OUTPUT, 2_000_000)
    reports = list(restore_all(work.pairs, settings, None, lambda *_: None))
    assert {Path(report.source).name: report.status for report in reports} == {"fine.png": "done", "loop.png": "failed"}
