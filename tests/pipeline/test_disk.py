"""A full disk is reported, and nothing is lost."""

import errno
import json
import os
import shutil
import stat
import subprocess
import sys

import pytest

from models.files import atomic
from pipeline import disk
from pipeline.errors import DiskFull

MOUNT = 'mount -t tmpfs -o size=12m tmpfs "$1" && exec "$2" -m tests.pipeline.small_disk "$1"'


def on_small_disk(folder):
    """Run the script on a disk of 12 MB in a mount namespace of its own."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", str(folder), sys.executable]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_full_disk_is_reported_and_loses_nothing(tmp_path):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("this system has no user namespaces (unshare)")
    ran = on_small_disk(tmp_path)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told.pop("restoration") == "DiskFull"
    assert "The disk is full" in told.pop("message")
    assert told
    assert all(told.values()), told


def make(path, error, *, folder=False):
    """Write half of a file or folder, and raise."""
    with disk.making(path):
        if folder:
            path.mkdir()
        (path / "part" if folder else path).write_bytes(b"half")
        raise error


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("folder", [True, False], ids=["folder", "file"])
def test_partial_files_are_deleted(tmp_path, code, folder):
    with pytest.raises(DiskFull):
        make(tmp_path / "made", OSError(code, os.strerror(code)), folder=folder)
    assert not (tmp_path / "made").exists()


def test_a_folder_is_deleted_when_a_nested_file_finds_the_disk_full(tmp_path):
    with pytest.raises(DiskFull, match="inside"):
        make(tmp_path / "made", DiskFull("no room inside"))
    assert not (tmp_path / "made").exists()


def test_other_errors_are_passed_on(tmp_path):
    with pytest.raises(PermissionError):
        make(tmp_path / "made", PermissionError(errno.EACCES, "not yours"))
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=oct)
def test_a_result_has_the_mode_that_the_user_gives_new_files(tmp_path, umask):
    before = os.umask(umask)
    try:
        atomic.write(tmp_path / "out.png", b"data")
        (tmp_path / "plain").write_bytes(b"data")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out.png").stat().st_mode) == 0o666 & ~umask
    assert (tmp_path / "out.png").stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
