"""The page Models: what is in the box, what can be downloaded, and a person's own files."""

import html
from itertools import groupby
from pathlib import Path

import streamlit as st

from models import catalog, weights
from models.catalog import ModelSpec
from models.errors import StudioError
from pipeline.batch import write_safely
from ui import model_files
from ui.words import explain, say, say_or

_MAX_OWN_MEGABYTES = 2000


def show() -> None:
    """Draw the page."""
    st.header(say("models.title"), anchor=False)
    st.caption(say("models.intro", folder=weights.folder()))
    for task, specs in groupby(sorted(catalog.MODELS, key=_rank), key=lambda spec: spec.task):
        st.subheader(say_or(f"models.{task}", task.capitalize()), anchor=False)
        for spec in specs:
            _row(spec)
    _own()


def _rank(spec: ModelSpec) -> tuple[int, bool]:
    """Keep the catalog's order of tasks, what is in the box first."""
    tasks = list(dict.fromkeys(other.task for other in catalog.MODELS))
    return tasks.index(spec.task), not spec.bundled


def _row(spec: ModelSpec) -> None:
    """Draw one model and what can be done with it."""
    status = weights.status(spec)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"model-{spec.id}"):
        st.html(_about(spec, status), width="stretch")
        if status == "missing":
            model_files.button(spec, say("models.download"), "list")
        if status == "ready":
            if st.button(say("models.verify"), key=f"verify.{spec.id}"):
                _verify(spec)
            if st.button(say("models.remove"), key=f"remove.{spec.id}", icon=":material/delete:"):
                _remove(spec)


def _about(spec: ModelSpec, status: str) -> str:
    size = f"{spec.size / 1e6:.1f} MB · " if spec.size else ""
    licence = say("models.licence", licence=spec.licence)
    return (
        f'<div class="model"><strong>{html.escape(spec.title)}</strong> '
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
    weights.remove(spec)
    st.toast(say("models.removed", title=spec.title))
    st.rerun()


def _own() -> None:
    """Draw a person's own models, and the place to drop one."""
    st.subheader(say("models.own"), anchor=False)
    st.caption(say("models.own.intro"))
    uploaded = st.file_uploader(
        say("models.own.drop"),
        type=[suffix.removeprefix(".") for suffix in catalog.OWN_SUFFIXES],
        max_upload_size=_MAX_OWN_MEGABYTES,
        key=f"own.{st.session_state.get('own-drops', 0)}",
    )
    if uploaded is not None:
        _take(uploaded.name, uploaded.getvalue())
    for path in model_files.own():
        title = Path(path).name
        if st.button(say("models.own.remove", title=title), key=f"remove.{path}", icon=":material/delete:"):
            Path(path).unlink(missing_ok=True)
            st.rerun()


def _take(name: str, data: bytes) -> None:
    """Keep a person's model file where it fits; say why where it does not."""
    path = weights.folder() / model_files.OWN / Path(name).name
    write_safely(path, data)
    try:
        spec = catalog.from_file(path)
    except StudioError as error:
        path.unlink()
        st.error(f"{say('models.own.unfit')} {explain(error)}")
        return
    st.success(say("models.own.fits", title=spec.title, scale=spec.scale))
