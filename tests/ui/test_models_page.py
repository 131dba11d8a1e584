"""The page of models: what can be downloaded, verified and removed, and a person's own files."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models import catalog, own
from models.files import weights
from ui.words import plain

PAGE = "from ui.screens import models\nmodels.show()"
SPEC = catalog.get("realesr-animevideov3")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    return tmp_path


def page():
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not app.exception
    return app


def keys(app):
    return {button.key for button in app.button}


def test_every_model_that_is_not_in_the_box_can_be_downloaded(folder):
    offered = {key.removeprefix("list.") for key in keys(page()) if key.startswith("list.")}
    assert offered == {spec.id for spec in catalog.MODELS if not spec.bundled}


def test_a_file_that_is_not_the_right_one_is_found_out_and_removed(folder):
    weights.location(SPEC).write_bytes(b"another file")
    app = page()
    assert f"list.{SPEC.id}" not in keys(app)
    app.button(f"verify.{SPEC.id}").click().run()
    assert "not the expected one" in app.error[0].value
    app.button(f"remove.{SPEC.id}").click().run()
    assert not weights.location(SPEC).exists()
    assert f"list.{SPEC.id}" in keys(app)


def test_an_own_model_that_fits_is_kept_and_can_be_chosen(folder):
    data = (weights.BUNDLED / "fast-x2.safetensors").read_bytes()
    app = page()
    app.file_uploader[0].set_value(("mine.safetensors", data, "application/octet-stream")).run()
    assert not app.exception
    assert "it enlarges by 2" in app.success[0].value
    path = str(folder / own.FOLDER / "mine.safetensors")
    assert own.files() == [path]
    app.button(f"remove.{path}").click().run()
    assert not Path(path).exists()
    assert own.files() == []


def test_the_name_of_an_own_model_is_plain_text(folder):
    data = (weights.BUNDLED / "fast-x2.safetensors").read_bytes()
    app = page()
    name = "![x](http:beacon.png) **bold** :red[x]"
    app.file_uploader[0].set_value((f"{name}.safetensors", data, "application/octet-stream")).run()
    (remove,) = (button for button in app.button if button.key.startswith("remove."))
    for drawn in (app.success[0].value, remove.label):
        assert plain(name) in drawn


def test_a_file_that_does_not_fit_is_refused_with_the_reason_and_not_kept(folder):
    app = page()
    app.file_uploader[0].set_value(("junk.pth", b"only words", "application/octet-stream")).run()
    assert not app.exception
    assert "This file does not fit" in app.error[0].value
    assert own.files() == []
    assert not list((folder / own.FOLDER).iterdir())


def test_a_file_that_does_not_fit_leaves_the_one_of_its_name_alone(folder):
    data = (weights.BUNDLED / "fast-x2.safetensors").read_bytes()
    app = page()
    app.file_uploader[0].set_value(("mine.safetensors", data, "application/octet-stream")).run()
    app.file_uploader[0].set_value(("mine.safetensors", b"only words", "application/octet-stream")).run()
    assert "This file does not fit" in app.error[0].value
    assert (folder / own.FOLDER / "mine.safetensors").read_bytes() == data
