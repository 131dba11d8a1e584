"""What was done: stages, models, times; measures of before and after; a reference to compare with."""

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from models import own
from models.errors import ModelError
from pipeline.errors import StudioError
from pipeline.finish import Finish
from pipeline.methods.filters import luma
from pipeline.methods.measures import blur_measure, compare, noise_sigma
from pipeline.photo import LEAST_CAP, read_photo
from pipeline.stage import Stage
from pipeline.stages import Upscale
from studio import workshop
from studio.album import Album, Picture
from studio.downloads import ONE_AT_A_TIME
from studio.layers import Layers, View
from ui.words import explain, say, stage_name

_SIDE = 1024
_BINS = 64
_HISTOGRAM_PIXELS = 512


def show(album: Album, number: int) -> None:
    """Draw the panel of one restored photograph."""
    picture = album.pictures[number]
    with st.expander(say("report.title"), icon=":material/fact_check:"):
        st.html(_stages(picture))
        engine = workshop.workshop().engine
        st.caption(say("report.engine", device=engine.device.upper(), precision=engine.precision))
        st.html(_measures(picture))
        st.image(_histogram(picture.done.layers), alt=say("report.histogram.alt"), width="stretch")
        st.caption(say("report.histogram"))
        _reference(picture, f"{album.id}.{number}")


def _stages(picture: Picture) -> str:
    heads = [say(f"report.{name}") for name in ("stage", "model", "seconds", "outcome")]
    rows = [
        [stage_name(timing.stage), _model(stage), f"{timing.seconds:.2f}", say(f"report.{timing.outcome}")]
        for stage, timing in zip(picture.done.plan.stages, picture.done.timings, strict=True)
    ]
    return _table(heads, rows)


def _model(stage: Stage) -> str:
    """Return the title of the model that a stage used, where it used one."""
    try:
        if isinstance(stage, Upscale):
            return stage.spec().title
        return own.find(stage.model).title if hasattr(stage, "model") else ""
    except ModelError:  # the file was removed since
        return str(getattr(stage, "model", ""))


def _measures(picture: Picture) -> str:
    layers, (w0, h0) = picture.done.layers, picture.done.original_size
    before, after = (layers.crop(index, _SIDE) for index in (0, len(layers.names) - 1))
    w1, h1 = layers.size
    rows = [
        [say("report.size"), f"{w0} × {h0}", f"{w1} × {h1}"],
        [say("report.noise"), *(f"{noise_sigma(image) * 255:.1f}" for image in (before, after))],
        [say("report.blur"), *(f"{blur_measure(image):.2f}" for image in (before, after))],
    ]
    notes = f"<p><small>{say('report.noise.help')}. {say('report.blur.help')}.</small></p>"
    return _table(["", say("report.before"), say("report.after")], rows) + notes


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f'<table class="report"><thead>{line(heads, "th")}</thead><tbody>{body}</tbody></table>'


def _histogram(layers: Layers) -> str:
    """Return a drawing of the brightness of before (line) and after (area), as SVG."""
    width, height = layers.size
    zoom = min(1.0, _HISTOGRAM_PIXELS / max(width, height))
    view = View(0, 0, width, height, max(round(width * zoom), 1), max(round(height * zoom), 1))
    counts = []
    for index in (0, len(layers.names) - 1):
        image = layers.look(view, layers.only(index), Finish())
        counts.append(np.histogram(luma(image), _BINS, (0, 1))[0] / image[..., 0].size)
    top = max(float(np.max(counts)), 1e-6)
    before, after = (
        " ".join(f"{x * 600 / (_BINS - 1):.1f},{118 - 112 * y / top:.1f}" for x, y in enumerate(c)) for c in counts
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 120" width="600" height="120">'
        f'<polygon points="0,118 {after} 600,118" fill="#b98a55" fill-opacity="0.55"/>'
        f'<polyline points="{before}" fill="none" stroke="#8a7a6a" stroke-width="2"/>'
        '<path d="M0 118.5H600" stroke="#8a7a6a"/></svg>'
    )


def _reference(picture: Picture, key: str) -> None:
    """Draw PSNR and SSIM against a file that says how the result should look."""
    limit = workshop.workshop().config.max_upload_megabytes
    uploaded = st.file_uploader(
        say("report.reference"), key=f"reference.{key}", help=say("report.reference.help"), max_upload_size=limit
    )
    if uploaded is None:
        return
    shown = (picture.done.layers.id, picture.finish, tuple(picture.strengths.items()), uploaded.file_id)
    if st.session_state.get("reference-shown") != shown:  # it takes seconds
        try:
            st.session_state["reference"] = _against(picture, uploaded.name, uploaded.getvalue())
        except StudioError as error:
            st.error(explain(error))
            return
        st.session_state["reference-shown"] = shown
    (w0, h0), figures = st.session_state["reference"]
    if figures is None:
        w1, h1 = picture.done.layers.size
        st.warning(say("report.reference.size", w0=w0, h0=h0, w1=w1, h1=h1))
        return
    left, right = st.columns(2)
    left.metric(say("report.psnr"), f"{figures[0]:.2f} dB")
    right.metric(say("report.ssim"), f"{figures[1]:.4f}")


def _against(picture: Picture, name: str, data: bytes) -> tuple[tuple[int, int], tuple[float, float] | None]:
    """Return the size of a reference, and what `compare` says where it is that of the result."""
    width, height = picture.done.layers.size
    with ONE_AT_A_TIME:
        truth = read_photo(data, name=name, max_pixels=max(width * height, LEAST_CAP))
        if truth.original_size != (width, height):
            return truth.original_size, None
        figures = compare(picture.rendered(), truth.pixels)
    workshop.give_back_memory()
    return (width, height), figures
