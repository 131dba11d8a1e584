"""The page of models: what can be downloaded, verified and removed, and a person's own files."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from models import catalog, own
from models.files import weights
from ui import owner
from ui.shop import workshop
from ui.words import plain

PAGE = "from ui.screens import models\nmodels.show()"
TOKEN = "a token of the owner"
SPEC = catalog.get("realesr-animevideov3")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_MODELS", str(tmp_path))
    monkeypatch.setattr(workshop(), "config", replace(workshop().config, admin_token=TOKEN))
    return tmp_path


def visit():
    """The page of a visitor."""
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not app.exception
    return app


def page():
    """The page of the owner."""
    app = visit()
    app.text_input[0].set_value(TOKEN).run()
    assert not app.exception
    assert not app.text_input
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


def test_visitors_see_the_models_and_change_nothing(folder):
    weights.location(SPEC).write_bytes(b"a file")
    (folder / own.FOLDER).mkdir()
    (folder / own.FOLDER / "mine.safetensors").write_bytes(b"a file")
    app = visit()
    assert keys(app) == {f"verify.{SPEC.id}"}
    assert not app.file_uploader
    assert "The owner of this studio decides" in app.info[0].value
    assert any(SPEC.title in drawn.body for drawn in app.get("html"))
    assert str(folder) not in str(app.main)  # a visitor learns no paths


def test_a_wrong_token_is_told_takes_a_second_and_is_kept_nowhere(folder):
    app = visit()
    began = time.monotonic()
    app.text_input[0].set_value("another token of somebody").run()
    assert "not the admin token" in app.error[0].value
    assert app.text_input[0].value == ""
    assert time.monotonic() - began >= 1
    assert keys(app) == set()
    app.run()
    assert not app.error


FORGED = """
import streamlit as st
from pipeline.errors import NotOwner
from ui.parts import model_files
from ui.screens import models
try:
    {change}
except NotOwner:
    st.text("refused")
"""


@pytest.mark.parametrize(
    "change",
    [
        f"from models import catalog; models._remove(catalog.get({SPEC.id!r}))",
        "import os; models._remove_own(os.environ['STUDIO_MODELS'] + '/own/mine.safetensors')",
        "models._take('new.safetensors', b'words')",
        f"from models import catalog; model_files._download(catalog.get({SPEC.id!r}))",
    ],
)
def test_a_forged_request_of_a_visitor_changes_nothing(folder, change):
    weights.location(SPEC).write_bytes(b"a file")
    mine = folder / own.FOLDER / "mine.safetensors"
    mine.parent.mkdir()
    mine.write_bytes(b"a file")
    app = AppTest.from_string(FORGED.format(change=change), default_timeout=60).run()
    assert [text.value for text in app.text] == ["refused"]
    assert sorted(path.name for path in folder.rglob("*")) == sorted(
        [weights.location(SPEC).name, own.FOLDER, mine.name]
    )


LOCAL = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}


@pytest.mark.parametrize(
    ("address", "headers", "is_local"),
    [
        (None, LOCAL, True),
        ("::ffff:127.0.0.1", {"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:8501"}, True),
        (None, {"Host": "[::1]:8501", "Origin": "http://[::1]:8501"}, True),
        ("192.168.1.7", LOCAL, False),
        (None, LOCAL | {"X-Forwarded-For": "10.1.2.3"}, False),
        (None, LOCAL | {"X-Forwarded-For": "127.0.0.1"}, False),
        (None, LOCAL | {"Forwarded": "for=10.1.2.3"}, False),
        (None, {"Host": "127.0.0.1:8501", "Origin": "https://studio.example"}, False),
        (None, {"Host": "evil.example:8501", "Origin": "http://evil.example:8501"}, False),
        (None, {"Host": "localhost.evil.example", "Origin": "http://localhost.evil.example"}, False),
        (None, {"Host": "localhost:8501"}, False),
        (None, {"Host": "[", "Origin": "http://["}, False),
        (None, {}, False),
    ],
)
def test_who_is_on_the_servers_own_machine(address, headers, is_local):
    assert owner.is_local(address, headers) == is_local


def test_on_its_own_machine_the_token_counts_alone(folder, monkeypatch):
    monkeypatch.setattr(owner, "is_local", lambda *_: True)
    assert keys(visit()) == set()
    monkeypatch.setattr(workshop(), "config", replace(workshop().config, admin_token=""))
    assert f"list.{SPEC.id}" in keys(visit())
