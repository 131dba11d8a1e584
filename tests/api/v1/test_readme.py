"""The examples of the README, run against a server."""

import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import cv2
import pytest
import requests

from examples.screen import free_port

ROOT = Path(__file__).parents[3]
SECTION = (ROOT / "README.md").read_text(encoding="utf-8").split("## HTTP API\n")[1].split("\n## ")[0]
pytestmark = pytest.mark.slow

BLOCKS = [textwrap.dedent(block) for block in re.findall(r"\n\n((?:(?:    .*)?\n)*    .*\n)", SECTION)]


@pytest.fixture(scope="module")
def port():
    """A server of the API alone, as the README starts it."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "api", "--port", str(port)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while not _answers(port):
        assert time.monotonic() < until
        time.sleep(0.1)
    yield port
    server.terminate()
    said = server.communicate(timeout=30)[1]
    assert "Traceback" not in said
    assert "Application shutdown complete" in said


def _answers(port):
    try:
        return requests.get(f"http://localhost:{port}/api/v1/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("number", range(3))
def test_an_example_makes_the_picture(number, port, tmp_path):
    assert len(BLOCKS) == 3
    if shutil.which("curl") is None and number < 2:
        pytest.skip("curl is not installed")
    shutil.copy(ROOT / "examples" / "coffee_before.jpg", tmp_path / "photo.jpg")
    text = BLOCKS[number].replace("localhost:8501", f"localhost:{port}")
    command = ["bash", "-ec", text] if number < 2 else [sys.executable, "-c", text]
    options = {"cwd": tmp_path, "env": {"PATH": os.environ["PATH"]}, "capture_output": True, "text": True}
    done = subprocess.run(command, check=False, timeout=120, **options)
    assert done.returncode == 0, done.stderr
    before = cv2.imread(str(tmp_path / "photo.jpg"))
    (made,) = tmp_path.glob("restored.*")
    after = cv2.imread(str(made))
    assert after.shape[:2] == (before.shape[0] * 2, before.shape[1] * 2), done.stdout
    assert '"state": "done"' in done.stdout or number != 1
