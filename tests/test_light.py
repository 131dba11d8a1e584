"""What the light installation (requirements.txt) does without torch, and what it says where torch is needed."""

import os
import socket
import subprocess
import time
import urllib.request

import numpy as np
import openvino
import pytest
from openvino import opset13 as operations
from PIL import Image

from models import packages
from pipeline.command.cli import main
from tests import light
from tests.pipeline.methods.test_inpainting import save

pytestmark = pytest.mark.slow

EXAMPLE = light.ROOT / "examples" / "coffee_before.jpg"
ALL = ["--repair", "--tone", "--colorize", "--deblur-always", "--tone-always", "--colorize-always"]

PAGE = """
from streamlit.testing.v1 import AppTest
from ui.shop import workshop

app = AppTest.from_file("ui/main.py", default_timeout=60).run()
app.button("try.coffee").click().run()
picture, = workshop().album(app.query_params["album"]).pictures
assert picture.job.wait(60)
app.run()
assert not app.exception and not app.error
print(picture.done.layers.size)
"""

MODELS_PAGE = """
from streamlit.testing.v1 import AppTest

app = AppTest.from_string("from ui.screens import models\\nmodels.show()", default_timeout=60)
app.session_state["is-owner"] = True
app.run()
assert not app.exception
print(len(app.info), app.info[0].value)
print(*(button.key for button in app.button))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    return light.make(tmp_path_factory.mktemp("light") / "venv")


@pytest.fixture
def run(python, tmp_path):
    """Run the environment's Python in the project's folder; return what it printed, and its exit code."""
    own = {"STUDIO_MODELS": str(tmp_path / "models"), "STUDIO_ADMIN_TOKEN": "a token of the owner"}
    surroundings = os.environ | own

    def run(*arguments):
        command = [python, *map(str, arguments)]
        return subprocess.run(command, cwd=light.ROOT, env=surroundings, capture_output=True, text=True, check=False)

    return run


def test_it_lacks_torch_and_has_all_that_is_imported_without_it(run):
    program = "from models import packages; print(*packages.missing()); import api.routes, pipeline.command.cli"
    done = run("-c", program)
    assert done.stdout.split() == list(packages.FULL), done.stderr


def test_every_stage_restores_as_with_torch(run, tmp_path):
    here, there = tmp_path / "here.png", tmp_path / "there.png"
    assert main(["restore", str(EXAMPLE), "-o", str(here), *ALL]) == 0
    done = run("-m", "pipeline", "restore", EXAMPLE, "-o", there, *ALL)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(np.asarray(Image.open(there)), np.asarray(Image.open(here)))


@pytest.mark.parametrize(
    "asked",
    [
        ["--tier", "full", "--only", "upscale"],
        ["--upscale-model", "models/bundled/fast-x2.safetensors"],
        ["--device", "cuda"],
    ],
    ids=["official", "own", "cuda"],
)
def test_what_needs_torch_says_what_to_run(asked, run, tmp_path):
    done = run("-m", "pipeline", "restore", EXAMPLE, "-o", tmp_path / "out.png", *asked)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert packages.INSTALL in done.stderr
    assert not (tmp_path / "out.png").exists()


def test_an_optional_stage_that_needs_torch_is_left_out_with_a_notice(run, tmp_path):
    asked = ["--tier", "full", "--upscale-model", "fast", "--deblur-always"]
    done = run("-m", "pipeline", "restore", EXAMPLE, "-o", tmp_path / "out.png", *asked)
    assert done.returncode == 0, done.stderr
    assert "Deblur was left out" in done.stderr
    assert "make full" in done.stderr


def test_a_filler_in_onnx_needs_no_torch(run, tmp_path):
    picture, mask = (operations.parameter([1, n, 64, 64], openvino.Type.f32) for n in (3, 1))
    grey = operations.add(
        operations.multiply(picture, operations.constant(np.float32(0))), operations.constant(np.float32(128))
    )
    path = save(tmp_path / "grey.onnx", openvino.Model([operations.maximum(grey, mask)], [picture, mask]))
    done = run(
        "-m", "pipeline", "restore", EXAMPLE, "-o", tmp_path / "out.png", "--only", "repair", "--repair-filler", path
    )
    assert done.returncode == 0, done.stderr
    assert np.any(np.all(np.asarray(Image.open(tmp_path / "out.png")) == 128, axis=2))


def test_models_are_listed_and_the_list_says_what_to_run(run):
    done = run("-m", "pipeline", "models", "list")
    assert done.returncode == 0
    assert "siggraph17" in done.stdout
    assert packages.INSTALL in done.stderr


def test_the_page_restores(run):
    done = run("-c", PAGE)
    assert done.stdout.strip() == "(1200, 800)", done.stderr


def test_the_page_of_models_says_it_once_and_offers_downloads(run):
    done = run("-c", MODELS_PAGE)
    said, keys = done.stdout.strip().splitlines()
    assert said.startswith("1 ")
    assert "make full" in said
    assert "list.siggraph17" in keys


def test_the_server_starts_and_serves_its_own_routes(python, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-m", "streamlit", "run", "app.py", f"--server.port={port}", "--server.headless=true"]
    with subprocess.Popen(command, cwd=light.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as server:
        try:
            assert _answers(f"http://127.0.0.1:{port}/_stcore/health"), server.stderr
        finally:
            server.terminate()


def _answers(address, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return answer.status == 200
        except OSError:
            time.sleep(0.2)
    return False
