import numpy as np
from PIL import Image

from pipeline.batch import Order, Task, restore_all
from pipeline.photo import Output
from pipeline.plan import arrange
from pipeline.stages import Sharpen
from tests.photographs import photograph


def test_progress_goes_on_until_the_file_is_there(tmp_path):
    Image.fromarray((photograph("coffee", 64) * 255).astype(np.uint8)).save(tmp_path / "cup.png")
    task = Task(tmp_path / "cup.png", tmp_path / "restored.png")
    seen = []

    def tell(number, progress):
        seen.append((progress.stage, progress.index, progress.count, progress.fraction, task.target.exists()))

    (report,) = restore_all([task], Order(arrange([Sharpen()]), Output("png"), 2_000_000), None, tell)
    assert report.status == "done"
    assert seen[0][0] == "sharpen"
    assert seen[-2:] == [("encode", 1, 1, 0.0, False), ("encode", 1, 1, 1.0, True)]
