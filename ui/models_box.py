"""The models: what is in the box, what can be downloaded."""

from collections.abc import Iterable

import streamlit as st

from models import catalog, weights
from models.catalog import ModelSpec
from pipeline.errors import StudioError
from pipeline.stages import Stage


def show() -> None:
    """Draw the list of models, each with its download where it is missing."""
    with st.expander("Models"):
        st.caption(f"Downloaded files are kept in {weights.folder()}.")
        for spec in catalog.MODELS:
            _row(spec)


def offer(stages: Iterable[Stage]) -> None:
    """Draw a download button for the model of each stage that had to be left out."""
    for stage in stages:
        model = getattr(stage, "model", None)
        if model is not None:
            _button(catalog.get(model), f"Download {catalog.get(model).title}", "offer")


def _row(spec: ModelSpec) -> None:
    name, state, action = st.columns([3, 2, 2], vertical_alignment="center")
    status = weights.status(spec)
    name.markdown(f"**{spec.title}**  \n{spec.task}, {spec.licence}")
    state.markdown(status)
    if status == "missing":
        with action:
            _button(spec, "Download", "list")


def _button(spec: ModelSpec, label: str, place: str) -> None:
    size = f" ({spec.size / 1e6:.0f} MB)" if spec.size else ""
    if st.button(label + size, key=f"{place}.{spec.id}"):
        _download(spec)


def _download(spec: ModelSpec) -> None:
    bar = st.progress(0.0, text=f"Downloading {spec.title}")

    def tell(done: int, total: int) -> None:
        bar.progress(min(done / max(total, 1), 1.0))

    try:
        weights.download(spec, tell)
    except StudioError as error:
        st.error(str(error))
        return
    st.rerun()
