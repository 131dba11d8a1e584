"""Downloads of models, and a person's own model files, for every page that shows them."""

import streamlit as st

from models import own
from models.catalog import ModelSpec
from models.errors import StudioError
from models.files import weights
from pipeline.stage import Stage
from ui import owner
from ui.words import explain, megabytes, say


def missing(stage: Stage) -> ModelSpec | None:
    """Return the model of a stage where its file has to be downloaded first."""
    spec = None if own.is_file(stage.method) else stage.network()
    return spec if spec is not None and weights.status(spec) == "missing" else None


def offer(stage: Stage) -> None:
    """Draw the download of a stage's model, where it is missing."""
    spec = missing(stage)
    if spec is not None:
        st.caption(say("model.missing", title=spec.title))
        if not owner.is_owner():
            st.caption(say("owner.decides"))
            return
        button(spec, say("model.download", title=spec.title), f"offer.{stage.name}")


def button(spec: ModelSpec, label: str, place: str) -> None:
    """Draw the button that downloads a model, and its progress when it was pressed."""
    size = f" ({megabytes(spec.size)})" if spec.size else ""
    if st.button(label + size, key=f"{place}.{spec.id}", icon=":material/download:"):
        _download(spec)


def _download(spec: ModelSpec) -> None:
    owner.require()
    bar = st.progress(0.0, text=say("model.downloading", title=spec.title))

    def tell(done: int, total: int) -> None:
        share = f"{megabytes(done)} / {megabytes(max(total, done))}"
        bar.progress(min(done / max(total, 1), 1.0), text=f"{say('model.downloading', title=spec.title)} · {share}")

    try:
        weights.download(spec, tell)
    except StudioError as error:
        bar.empty()
        st.error(explain(error))
        return
    st.rerun()
