"""A run over a folder is resumed from its journal."""

import errno
import json
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import catalog
from models.files import atomic, weights
from models.runtime.engine import Engine
from pipeline.batch import journal as journals
from pipeline.batch import keys
from pipeline.batch.journal import Journal
from pipeline.batch.keys import Stamp
from pipeline.batch.owners import Owner
from pipeline.command.cli import main
from pipeline.context import Context
from pipeline.errors import JournalUnusable
from pipeline.plan import arrange
from pipeline.stages import STAGES, Denoise
from tests.photographs import photograph


@pytest.fixture
def scans(tmp_path):
    """Three small photographs."""
    folder = tmp_path / "scans"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "b.png", "sub/c.png")):
        Image.fromarray(np.full((32, 48, 3), 60 + 40 * number, np.uint8)).save(folder / name)
    return folder


@pytest.fixture
def restore(scans, tmp_path, capsys):
    """Run the command on them; return its exit code, the results that it made, and what else it said."""

    def call(*flags, out=tmp_path / "out"):
        code = main(["restore", str(scans), "-o", str(out), "--only", "sharpen", *flags])
        said = capsys.readouterr()
        return (
            code,
            sorted(line.split(" -> ")[1].split(" (")[0][len(str(out)) + 1 :] for line in said.out.splitlines()),
            said.err,
        )

    return call


ALL = ["a.png", "b.png", "sub/c.png"]


def state_of(out):
    return {path.relative_to(out).as_posix(): path.stat().st_ino for path in out.rglob("*.png")}


def forget(out, target, **values):
    """Set what the journal says about a photograph, as a process that was killed leaves it."""
    db = sqlite3.connect(out / ".studio" / "run.sqlite")
    for name, value in values.items():
        db.execute(f"UPDATE photographs SET {name} = ? WHERE target = ?", (value, target.encode()))
    db.commit()
    db.close()


def test_what_is_done_is_not_made_again(restore, scans, tmp_path):
    assert restore() == (0, ALL, "")
    before = state_of(tmp_path / "out")
    Image.fromarray(np.full((32, 48, 3), 9, np.uint8)).save(scans / "d.png")
    code, made, said = restore()
    assert (code, made) == (0, ["d.png"])
    assert "1 restored, 3 restored earlier" in said
    assert before.items() <= state_of(tmp_path / "out").items()


def test_a_missing_result_is_made_again(restore, tmp_path):
    restore()
    (tmp_path / "out" / "b.png").unlink()
    assert restore()[:2] == (0, ["b.png"])


def test_a_touched_photograph_is_not_made_again_and_a_changed_one_not_without_leave(restore, scans, tmp_path):
    restore()
    os.utime(scans / "a.jpg", (1, 1))
    assert restore()[:2] == (0, [])
    Image.fromarray(np.full((32, 48, 3), 200, np.uint8)).save(scans / "a.jpg")
    code, made, said = restore()
    assert (code, made) == (1, [])
    assert "another version of" in said
    assert restore("--overwrite")[:2] == (0, ["a.png"])


def test_results_of_other_settings_are_replaced_only_by_leave(restore, tmp_path):
    restore()
    before = state_of(tmp_path / "out")
    code, made, said = restore("--sharpen-amount", "2")
    assert (code, made) == (2, [])
    assert "3 results that were made with other settings" in said
    assert state_of(tmp_path / "out") == before
    assert restore("--sharpen-amount", "2", "--overwrite")[:2] == (0, ALL)
    assert restore("--sharpen-amount", "2", "--overwrite")[:2] == (0, [])  # so a stopped run can be resumed with it


def test_what_another_program_made_is_not_replaced(restore, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(b"mine")
    code, made, said = restore()
    assert (code, made) == (1, ["b.png", "sub/c.png"])
    assert "add --overwrite" in said
    assert (tmp_path / "out" / "a.png").read_bytes() == b"mine"
    (tmp_path / "out" / "a.png").unlink()
    assert restore()[:2] == (0, ["a.png"])  # what was in the way is gone


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
def test_results_are_recognised_without_their_journal(restore, tmp_path, form):
    assert restore("--format", form)[0] == 0
    journal = tmp_path / "out" / ".studio" / "run.sqlite"
    journal.write_bytes(b"not a database, but long enough to be taken for a damaged one" * 9)
    code, made, said = restore("--format", form)
    assert (code, made) == (1, [])
    assert "is damaged. Move the folder" in said
    journal.unlink()
    assert restore("--format", form)[:2] == (0, [])
    assert restore("--format", form, "--sharpen-amount", "2")[0] == 2


def test_a_result_that_was_written_just_before_a_kill_is_adopted(restore, tmp_path):
    restore("--metadata", "strip")
    before = state_of(tmp_path / "out")
    forget(tmp_path / "out", "b.png", state="new")
    assert restore("--metadata", "strip")[:2] == (0, [])
    assert state_of(tmp_path / "out") == before


def test_what_a_killed_process_left_is_removed(restore, tmp_path, monkeypatch):
    restore()
    out = tmp_path / "out"
    (out / "b.png").unlink()
    (out / ".b.png.abcd1234").write_bytes(b"half")
    (out / ".b.png.mine").write_bytes(b"a file of somebody")
    forget(out, "b.png", state="running", owner="elsewhere-1-1", lease=1.0)
    assert restore()[:2] == (0, ["b.png"])
    assert sorted(path.name for path in out.iterdir()) == [".b.png.mine", ".studio", "a.png", "b.png", "sub"]


def test_failures_are_told_again_and_retried_by_kind(restore, scans):
    (scans / "bad.jpg").write_bytes(b"no picture")
    assert restore()[0] == 1
    code, made, said = restore()
    assert (code, made) == (1, [])
    assert "Choose a photograph" in said
    Image.fromarray(np.full((32, 48, 3), 9, np.uint8)).save(scans / "other.png")
    state = (scans / "bad.jpg").stat()
    assert restore("--retry", "memory")[:2] == (1, ["other.png"])
    (scans / "bad.jpg").write_bytes((scans / "other.png").read_bytes())
    os.utime(scans / "bad.jpg", ns=(state.st_atime_ns, state.st_mtime_ns))
    assert restore("--retry", "unreadable")[:2] == (0, ["bad.png"])


def test_the_advice_to_retry_is_about_every_failure(restore, scans):
    (scans / "bad.jpg").write_bytes(b"no picture")
    restore()
    (scans / "worse.jpg").write_bytes(b"none either")
    said = restore()[2]
    assert said.endswith("0 restored, 3 restored earlier, 2 failed; --retry failed tries again what failed.\n")
    for name in ("bad.jpg", "worse.jpg"):
        state = (scans / name).stat()
        (scans / name).write_bytes((scans / "b.png").read_bytes())
        os.utime(scans / name, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert restore("--retry", "failed")[:2] == (0, ["bad.png", "worse.png"])


def test_a_journal_of_a_newer_version_is_left_alone(restore, tmp_path):
    restore()
    db = sqlite3.connect(tmp_path / "out" / ".studio" / "run.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    code, made, said = restore()
    assert (code, made) == (1, [])
    assert "newer version of the studio" in said


def test_names_that_are_not_text_are_resumed(restore, scans):
    (scans / "a.jpg").rename(scans / os.fsdecode(b"\xff\xfe.jpg"))
    assert restore()[0] == 0
    assert restore()[:2] == (0, [])


def test_a_photograph_that_vanishes_costs_only_itself(restore, scans, monkeypatch):
    claim = Journal.claim

    def gone(self, target):
        (scans / "b.png").unlink(missing_ok=True)
        return claim(self, target)

    monkeypatch.setattr(Journal, "claim", gone)
    code, made, said = restore()
    assert (code, made) == (1, ["a.png", "sub/c.png"])
    assert "b.png cannot be read: No such file" in said


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(restore, tmp_path, monkeypatch):
    write = atomic.write

    def full(target, data, **options):
        if target.name == "b.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(target, data, **options)

    monkeypatch.setattr(atomic, "write", full)
    code, _, said = restore()
    assert code == 130
    assert "stopped: The disk is full. Free some space and run the same command again" in said
    monkeypatch.undo()
    code, made, _ = restore()
    assert code == 0
    assert "b.png" in made
    assert "a.png" not in made


def test_leases_run_out_unless_they_are_renewed(tmp_path, monkeypatch):
    monkeypatch.setattr(journals, "LEASE_S", 0.2)
    with Journal(tmp_path) as mine, Journal(tmp_path) as other:
        mine.enrol([(b"a", b"/a", None, "digest")], {"digest": {"scale": 2}})
        assert other.documents() == {"digest": {"scale": 2}}
        assert mine.claim(b"a").tries == 1
        assert other.claim(b"a") is None
        other.sweep()
        assert other.row(b"a").state == "running"
        mine._stop.set()
        while other.claim(b"a") is None:
            pass
        mine.settle(b"a")  # too late: it belongs to the other
        assert other.row(b"a").state == "running"
        other.hashed(b"a", Stamp(1, 2, 3), "digest")
        other.settle(b"a", report={"size": [1, 2]})
        (row,) = mine.rows()
        assert (row.state, row.stamp, row.tries, row.report) == ("done", Stamp(1, 2, 3), 2, {"size": [1, 2]})


def test_only_an_owner_that_ended_on_this_machine_is_known_to_have_ended(tmp_path):
    mine, other = Owner(tmp_path), Owner(tmp_path)
    assert not mine.ended(other.name)
    assert not mine.ended("elsewhere-1-1")
    other.close()
    assert mine.ended(other.name)
    mine.clear()
    assert not mine.ended(mine.name)
    assert [path.stem for path in tmp_path.iterdir()] == [mine.name]


def test_a_journal_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / ".studio").mkdir()
    (tmp_path / ".studio" / "run.sqlite").mkdir()
    with pytest.raises(JournalUnusable, match="cannot be written"):
        Journal(tmp_path)


def test_the_report_in_json_says_how_many_were_kept(scans, tmp_path, capsys):
    command = ["restore", str(scans), "-o", str(tmp_path / "out"), "--only", "sharpen", "--json"]
    main(command)
    capsys.readouterr()
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["kept"] == 3


class Recording(Engine):
    """An engine that remembers which models it was asked for."""

    def network(self, spec, **options):
        self.asked = {*getattr(self, "asked", ()), spec.id}
        return super().network(spec, **options)


@pytest.mark.slow
@pytest.mark.parametrize("kind", STAGES, ids=lambda kind: kind.name)
def test_the_key_depends_on_every_model_that_a_stage_uses(kind):
    engine, stage = Recording("cpu"), kind()
    image = photograph("astronaut", 512).copy()
    image[100:104, 50:400] = 1.0  # a scratch
    (stage.insisting() or stage).run(image, Context(engine, kind.name))
    assert getattr(engine, "asked", set()) <= set(keys.models_of(arrange([stage])))


def test_the_key_depends_on_the_content_of_a_file_of_ones_own(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(Path(weights.location(catalog.get("fast-denoise"))).read_bytes())
    plan = arrange([Denoise(model=str(path))])
    (first,) = {digest for name, digest in keys.models_of(plan).items() if name == "mine.safetensors"}
    assert first == keys.digest_of(path)
