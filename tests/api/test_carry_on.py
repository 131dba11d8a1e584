"""An album of the page that the command line carries on as a folder."""

import io
import json
import zipfile

import numpy as np
import pytest

from pipeline.command.cli import main
from pipeline.plan import arrange
from pipeline.stages import Sharpen
from tests.api.asking import fetched, make, png, restored_album


@pytest.fixture
def photographs():
    return {f"{name}.png": png(np.full((24, 32, 3), 50 * number, np.uint8)) for number, name in enumerate("abc")}


@pytest.fixture
def form():
    return "png"


@pytest.fixture
def out(shop, photographs, tmp_path, form):
    """The unpacked ZIP of an album of two of them; a folder beside it has all."""
    (tmp_path / "scans" / "sub").mkdir(parents=True)
    for name, data in photographs.items():
        (tmp_path / "scans" / ("sub" if name == "b.png" else "") / name).write_bytes(data)
    album = restored_album(shop, *list(photographs.items())[:2], plan=arrange([Sharpen(0.7)]))
    zipfile.ZipFile(io.BytesIO(fetched(shop, album, make(shop, album, {"format": form})))).extractall(tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def carry_on(out, capsys):
    def run(*flags):
        settings = ["--settings", str(out / ".studio" / "settings.json")]
        code = main(["restore", str(out.parent / "scans"), "-o", str(out), *settings, *flags])
        said = capsys.readouterr()
        lines = [line for line in said.out.splitlines() if " -> " in line]
        return code, [line.split(" -> ")[1].split(" (")[0] for line in lines], said.err

    return run


def pictures(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.png")}


def test_what_the_page_restored_is_not_made_again(carry_on, out):
    before = pictures(out)
    assert set(before) == {"a_restored.png", "b_restored.png"}
    code, made, said = carry_on("--sidecar", "json", "--report")
    assert (code, made) == (0, [str(out / "c.png")])
    assert "1 restored, 2 restored earlier" in said
    assert before.items() <= pictures(out).items()
    assert [path.name for path in out.glob("*.png.json")] == ["c.png.json"]
    assert '"amount": 0.7' in (out / "c.png.json").read_text()
    assert (out / "report.html").read_text().count("data:image/webp") == 6
    assert carry_on()[:2] == (0, [])
    assert main(["restore", "-o", str(out), "--verify"]) == 0


def test_a_photograph_that_changed_since_the_page_restored_it_is_told(carry_on, out, photographs):
    (out.parent / "scans" / "a.png").write_bytes(photographs["c.png"])
    before = pictures(out)
    code, made, _ = carry_on()
    assert (code, len(made)) == (0, 2)  # of what it is now, under a name of its own
    assert before.items() <= pictures(out).items()


def test_a_folder_that_has_moved_is_carried_on(carry_on, out):
    assert carry_on()[1] == [str(out / "c.png")]
    (out.parent / "scans" / "sub").rename(out.parent / "scans" / "other")
    assert carry_on()[:2] == (0, [])


def test_a_damaged_file_of_the_album_is_told(carry_on, out):
    (out / ".studio" / "album.json").write_text('{"restored": [{"result": "../x"}]}')
    code, made, said = carry_on()
    assert (code, made) == (1, [])
    assert "Take it from the album's ZIP again" in said


def test_an_album_is_not_watched(carry_on, out):
    code, made, said = carry_on("--watch")
    assert (code, made) == (2, [])
    assert "--watch. Leave it out." in said


@pytest.mark.parametrize("form", ["jpeg"])
def test_results_of_another_format_are_not_made_again(carry_on, out):
    code, made, said = carry_on()
    assert (code, made) == (0, [str(out / "c.png")])
    assert "1 restored, 2 restored earlier" in said
    (out / "a_restored.jpg").unlink()
    assert carry_on()[1] == [str(out / "a.png")]  # what is made again has the ending of its format


def test_each_of_two_equal_photographs_is_recognised(carry_on, out, photographs):
    (out.parent / "scans" / "sub" / "b.png").write_bytes(photographs["a.png"])
    album = out / ".studio" / "album.json"
    kept = json.loads(album.read_text())
    kept["restored"][1] |= {name: kept["restored"][0][name] for name in ("size", "sha256")}
    album.write_text(json.dumps(kept))
    code, made, said = carry_on()
    assert (code, made) == (0, [str(out / "c.png")])
    assert "1 restored, 2 restored earlier" in said
