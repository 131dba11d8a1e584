"""The models: what is in the box, what can be downloaded."""

import streamlit as st

from models import catalog, weights
from models.catalog import ModelSpec
from pipeline.errors import StudioError


def show() -> None:
    """Draw the list of models, each with its download where it is missing."""
    with st.expander("Models"):
        st.caption(f"Downloaded files are kept in {weights.folder()}.")
        for spec in catalog.MODELS:
            _row(spec)


def _row(spec: ModelSpec) -> None:
    name, state, action = st.columns([3, 2, 2], vertical_alignment="center")
    status = weights.status(spec)
    name.markdown(f"**{spec.title}**  \n{spec.task}, {spec.licence}")
    state.markdown(status)
    if status != "missing":
        return
    size = f"Download {spec.size / 1e6:.0f} MB" if spec.size else "Download"
    if action.button(size, key=f"download.{spec.id}"):
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
