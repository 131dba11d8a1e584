import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from benchmarks.quality.compose import Style
from pipeline.command.cli import main
from pipeline.photo import read_photo
from tests.photographs import photograph
from tests.pipeline.glass import DARK, four, scanned
from tests.pipeline.photo_files import exif


@pytest.fixture(scope="module")
def sheet():
    return scanned(four(), Style(DARK))


@pytest.fixture
def scan(tmp_path, sheet):
    """A scan of four prints, with a date, a place and dots per inch."""
    path = tmp_path / "page.jpg"
    Image.fromarray(np.rint(sheet * 255).astype(np.uint8)).save(path, quality=97, dpi=(300, 300), exif=exif())
    return path


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_each_print_becomes_a_file_with_the_metadata_and_dpi_of_the_scan(scan, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["split", str(scan), "-o", str(out), "--metadata", "no-gps"]) == 0
    assert names(out) == [f"page_{number}.png" for number in (1, 2, 3, 4)]
    first = read_photo(out / "page_1.png")
    assert first.size == (298, 298)
    assert first.metadata.dpi == pytest.approx((300, 300), abs=0.1)
    assert b"Ikonta" in first.metadata.exif
    assert (out / "page_1.png").stat().st_mtime == scan.stat().st_mtime
    assert "page_1.png (298x298, turned by 7.3 degrees)" in capsys.readouterr().out


def test_the_report_has_a_row_for_each_print(scan, tmp_path, capsys):
    assert main(["split", str(scan), "-o", str(tmp_path / "out"), "--json", "--format", "same"]) == 0
    (report,) = json.loads(capsys.readouterr().out)["scans"]
    assert report["status"] == "done"
    assert [row["target"][-10:] for row in report["prints"]] == [f"page_{number}.jpg" for number in (1, 2, 3, 4)]
    assert report["prints"][1]["angle"] == pytest.approx(-4.6, abs=0.2)
    assert np.shape(report["prints"][1]["corners"]) == (4, 2)


def test_16_bits_and_alpha_are_kept(sheet, tmp_path):
    alpha = np.full(sheet.shape[:2], 65535, np.uint16)
    alpha[500:] = 30000
    pixels = np.dstack([np.rint(sheet * 65535).astype(np.uint16), alpha])
    tifffile.imwrite(tmp_path / "deep.tif", pixels, photometric="rgb", extrasamples=["unassalpha"])
    assert main(["split", str(tmp_path / "deep.tif"), "-o", str(tmp_path / "out"), "--format", "tiff"]) == 0
    first, last = (read_photo(tmp_path / "out" / f"deep_{number}.tiff") for number in (1, 4))
    assert first.depth == 16
    assert first.alpha.min() == 1
    assert last.alpha.max() < 0.5


def test_files_that_exist_are_not_replaced_and_nothing_is_written_beside_them(scan, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / "page_2.png").write_bytes(b"mine")
    assert main(["split", str(scan), "-o", str(out)]) == 1
    assert "page_2.png exists" in capsys.readouterr().err
    assert names(out) == ["page_2.png"]
    assert main(["split", str(scan), "-o", str(out), "--overwrite"]) == 0
    assert (out / "page_2.png").read_bytes() != b"mine"


def test_a_scan_of_the_run_is_never_replaced(scan, tmp_path, capsys):
    other = tmp_path / "page_1.png"
    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(other)
    before = other.read_bytes()
    assert main(["split", str(scan), str(other), "-o", str(tmp_path), "--overwrite"]) == 1
    assert "page_1.png is one of them" in capsys.readouterr().err
    assert other.read_bytes() == before


def test_a_scan_with_nothing_to_split_is_told_and_nothing_is_written(tmp_path, capsys):
    path = tmp_path / "one.png"
    Image.fromarray(np.rint(photograph("coffee", 512) * 255).astype(np.uint8)).save(path)
    assert main(["split", str(path), "-o", str(tmp_path / "out"), "--json"]) == 0
    said = capsys.readouterr()
    assert "nothing to split" in said.err
    assert json.loads(said.out)["scans"][0]["status"] == "nothing"
    assert not (tmp_path / "out").exists()


def test_a_broken_file_harms_no_other(scan, tmp_path, capsys):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    assert main(["split", str(broken), str(scan), "-o", str(tmp_path / "out")]) == 1
    assert "broken.jpg" in capsys.readouterr().err
    assert len(names(tmp_path / "out")) == 4


def test_the_output_is_a_folder(scan, tmp_path, capsys):
    assert main(["split", str(scan), "-o", str(tmp_path / "out.png")]) == 2
    assert "name a folder" in capsys.readouterr().err
