"""The page Models: bundled networks, official ones to download, and a person's own files."""

import html
import tempfile
from itertools import groupby
from pathlib import Path

import streamlit as st

from models import catalog, own, packages
from models.catalog import ModelSpec
from models.errors import StudioError
from models.files import weights
from pipeline import disk
from ui import owner
from ui.parts import model_files
from ui.shop import workshop
from ui.words import explain, megabytes, plain, say, say_or, sentences


def show() -> None:
    """Draw the page."""
    st.header(say("models.title"), anchor=False)
    st.caption(say("models.intro"))
    owner.ask()
    if owner.is_owner():
        st.caption(say("models.folder", folder=plain(str(weights.folder()))))
    if owner.is_owner() and packages.missing():
        st.info(say("models.light"), icon=":material/info:")
    for task, specs in groupby(sorted(catalog.MODELS, key=_rank), key=lambda spec: spec.task):
        st.subheader(say_or(f"models.{task}", task.capitalize()), anchor=False)
        for spec in specs:
            _row(spec)
    if owner.is_owner():
        _own()


def _rank(spec: ModelSpec) -> tuple[int, bool]:
    """Keep the catalog's order of tasks, bundled models first."""
    tasks = list(dict.fromkeys(other.task for other in catalog.MODELS))
    return tasks.index(spec.task), not spec.bundled


def _row(spec: ModelSpec) -> None:
    """Draw one model and what can be done with it."""
    status = weights.status(spec)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"model-{spec.id}"):
        st.html(_about(spec, status), width="stretch")
        if status == "missing" and owner.is_owner():
            model_files.button(spec, say("models.download"), "list")
        if status == "ready":
            if st.button(say("models.verify"), key=f"verify.{spec.id}"):
                _verify(spec)
            if owner.is_owner() and st.button(say("models.remove"), key=f"remove.{spec.id}", icon=":material/delete:"):
                _remove(spec)


def _about(spec: ModelSpec, status: str) -> str:
    size = f"{megabytes(spec.size, 1)} · " if spec.size else ""
    licence = say("models.licence", licence=spec.licence)
    return (
        f'<div class="model"><strong>{html.escape(say_or(f"title.{spec.id}", spec.title))}</strong> '
        f'<span class="badge {status.replace(" ", "-")}">{say(f"models.state.{status}")}</span><br>'
        f"<small>{size}{html.escape(licence)} · {html.escape(spec.paper)}</small></div>"
    )


def _verify(spec: ModelSpec) -> None:
    try:
        digest = weights.verify(spec, weights.find(spec))
    except StudioError as error:
        st.error(explain(error))
        return
    st.toast(say("models.verified", title=spec.title, digest=digest[:19] + "…"), icon=":material/verified:")


def _remove(spec: ModelSpec) -> None:
    owner.require()
    weights.remove(spec)
    st.toast(say("models.removed", title=spec.title))
    st.rerun()


def _own() -> None:
    """Draw a person's own models, and the place to drop one."""
    st.subheader(say("models.own"), anchor=False)
    megabytes = workshop().config.max_upload_megabytes
    folder = plain(str(weights.folder() / own.FOLDER))
    st.caption(sentences(say("models.own.intro"), say("models.own.large", megabytes=megabytes, folder=folder)))
    uploaded = st.file_uploader(
        say("models.own.drop"),
        type=[suffix.removeprefix(".") for suffix in own.OWN_SUFFIXES],
        disabled=bool(packages.missing()),
        max_upload_size=megabytes,
        key=f"own.{st.session_state.get('own-drops', 0)}",
    )
    if uploaded is not None:
        st.session_state["own-said"] = _take(uploaded.name, uploaded.getvalue())
        st.session_state["own-drops"] = st.session_state.get("own-drops", 0) + 1  # or it would be taken again and again
        st.rerun()
    if said := st.session_state.pop("own-said", None):
        fits, text = said
        (st.success if fits else st.error)(text)
    for path in own.files():
        title = Path(path).name
        if st.button(say("models.own.remove", title=plain(title)), key=f"remove.{path}", icon=":material/delete:"):
            _remove_own(path)


def _remove_own(path: str) -> None:
    owner.require()
    Path(path).unlink(missing_ok=True)
    st.rerun()


def _take(name: str, data: bytes) -> tuple[bool, str]:
    """Keep a person's model file where it fits, and return whether it does, in words too."""
    owner.require()
    folder = weights.folder() / own.FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / Path(name).name
    with tempfile.TemporaryDirectory(dir=folder, prefix=".trial-") as trial:
        tried = Path(trial) / path.name
        with disk.making(tried):
            tried.write_bytes(data)
        try:
            spec = own.from_file(tried)
        except StudioError as error:
            return False, f"{say('models.own.unfit')} {explain(error)}"
        tried.replace(path)
    return True, say("models.own.fits", title=plain(spec.title), scale=spec.scale)
