import numpy as np
import pytest
from PIL import Image

from benchmarks.__main__ import main
from benchmarks.quality.scans import matches
from pipeline.scans import Outline
from tests.photographs import photograph

TRUE = Outline(((10, 10), (210, 12), (209, 112), (9, 110)))


@pytest.mark.parametrize(
    ("corners", "count"),
    [
        (((12, 11), (212, 13), (211, 113), (11, 111)), 1),
        (((14, 10), (214, 12), (213, 112), (13, 110)), 0),
        (((10, 11.2), (210, 12), (209, 112), (9, 111.2)), 0),
    ],
    ids=["near", "4 pixels away", "turned by a third of a degree"],
)
def test_a_print_is_found_within_3_pixels_and_a_fifth_of_a_degree(corners, count):
    assert matches([TRUE], [Outline(corners)]) == count


def test_the_table_has_a_row_for_each_kind(tmp_path, capsys):
    pixels = np.rint(photograph("astronaut", 256) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "astronaut.png")
    assert main(["scans", str(tmp_path), "--count", "1", "--seed", "4"]) == 0
    rows = [line.split(" | ")[:2] for line in capsys.readouterr().out.splitlines()[2:]]
    assert rows == [["| dark glass", "1 of 1"], ["| no border", "1 of 1"]]
