import numpy as np
from PIL import Image

from pipeline.batch.restore import BatchSettings, restore_all
from pipeline.batch.sources import Pair, pairs
from pipeline.photo import Output
from pipeline.plan import arrange
from pipeline.stages import Sharpen
from tests.photographs import photograph


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


def test_results_inside_the_folder_of_photographs_are_not_restored_again(tmp_path):
    first, second = paper(tmp_path / "in" / "a.png"), paper(tmp_path / "in" / "deep" / "b.png")
    paper(tmp_path / "in" / "restored" / "a.png")
    found = pairs([tmp_path / "in"], tmp_path / "in" / "restored", Output("png"))
    assert [pair.source for pair in found] == [first, second]
    in_place = pairs([tmp_path / "in" / "deep"], tmp_path / "in" / "deep", Output("tiff"))
    assert [pair.source for pair in in_place] == [second]
