"""What was done: stages, models, times; measures of before and after; a reference to compare with."""

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from models import own
from pipeline.errors import StudioError
from pipeline.finish import Finish
from pipeline.methods.filters import luma
from pipeline.methods.measures import blur_measure, noise_sigma
from pipeline.stage import Stage
from studio.album import Album
from studio.comparison import Comparison
from studio.jobs import Job
from studio.layers import Layers
from studio.picture import Picture
from studio.view import View
from ui import address
from ui.shop import visitor, workshop
from ui.words import explain, figures, number, plain, say, say_or, sentences, stage_name, tell

_SIDE = 1024
_BINS = 64
_HISTOGRAM_PIXELS = 512

_once_a_run = st.cache_data(max_entries=200, show_spinner=False, hash_funcs={Layers: lambda layers: layers.id})
"""Decorator of what is measured once for each run, not at each change on the page."""


def show(album: Album, number: int) -> None:
    """Draw the panel of one restored photograph."""
    picture = album.numbered[number]
    with st.expander(say("report.title"), icon=":material/fact_check:"):
        st.html(_stages(picture) + _notices(picture))
        engine = workshop().engine
        st.caption(say("report.engine", device=engine.device.upper(), precision=engine.precision))
        st.html(_measures(picture))
        st.image(_histogram(picture.done.layers), alt=say("report.histogram.alt"), width="stretch")
        st.caption(say("report.histogram"))
        _reference(picture, f"{album.id}.{number}")


def _stages(picture: Picture) -> str:
    heads = [say(f"report.{name}") for name in ("stage", "model", "seconds", "outcome")]
    rows = [
        [stage_name(timing.stage), _model(stage), number(timing.seconds, ".2f"), say(f"report.{timing.outcome}")]
        for stage, timing in zip(picture.done.plan.stages, picture.done.timings, strict=True)
    ]
    return _table(heads, rows)


def _model(stage: Stage) -> str:
    """Return the title of the network or method that a stage used, where there is a choice."""
    if own.is_file(stage.method):
        return Path(stage.method).stem
    network = stage.network()
    if network:
        return say_or(f"title.{network.id}", network.title)
    return say_or(f"option.{stage.method}", stage.method.capitalize())


def _notices(picture: Picture) -> str:
    """Return the figures behind the notices."""
    told = [(tell(notice), figures(notice)) for notice in picture.done.notices]
    rows = "".join(f"<li>{html.escape(sentences(text, behind))}</li>" for text, behind in told if behind)
    return f'<ul class="figures">{rows}</ul>' if rows else ""


def _measures(picture: Picture) -> str:
    layers, (w0, h0) = picture.done.layers, picture.done.original_size
    (w1, h1), (noise, blur) = layers.size, _measured(layers)
    rows = [
        [say("report.size"), f"{w0} × {h0}", f"{w1} × {h1}"],
        [say("report.noise"), *(number(value * 255, ".1f") for value in noise)],
        [say("report.blur"), *(number(value, ".2f") for value in blur)],
    ]
    notes = f"<p><small>{say('report.noise.help')}<br>{say('report.blur.help')}</small></p>"
    return _table(["", say("report.before"), say("report.after")], rows) + notes


@_once_a_run
def _measured(layers: Layers) -> tuple[list[float], list[float]]:
    """Return the noise before and after, and the blur before and after."""
    parts = [layers.crop(index, _SIDE) for index in (0, len(layers.names) - 1)]
    return [noise_sigma(part) for part in parts], [blur_measure(part) for part in parts]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f'<table class="report"><thead>{line(heads, "th")}</thead><tbody>{body}</tbody></table>'


@_once_a_run
def _histogram(layers: Layers) -> str:
    """Return a drawing of the brightness before (line) and after (area), as SVG."""
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
    """Draw PSNR and SSIM against a file that shows how the result should look."""
    limit = workshop().config.max_upload_megabytes
    uploaded = st.file_uploader(
        say("report.reference"), key=f"reference.{key}", help=say("report.reference.help"), max_upload_size=limit
    )
    if uploaded is None:
        return
    subject = (picture.done.layers.id, picture.finish, tuple(picture.strengths.items()), uploaded.file_id)
    try:
        job = _comparison(picture, subject, uploaded)
    except StudioError as error:
        st.error(explain(error))
        return
    if job.finished:
        _compared(picture, job)
    else:
        _await(job)


def _comparison(picture: Picture, subject: tuple[object, ...], uploaded: UploadedFile) -> Job[Comparison]:
    """Return this session's job that compares a subject; another subject replaces it."""
    last: tuple[object, Job[Comparison]] | None = st.session_state.get("comparison")
    if last is None or last[0] != subject:
        if last is not None:
            last[1].cancel()
        last = subject, workshop().compare(visitor(), picture, uploaded.name, uploaded.getvalue())
        st.session_state["comparison"] = last
    return last[1]


@st.fragment(run_every=0.5)
def _await(job: Job[Comparison]) -> None:
    """Draw the page again once the job is finished."""
    if job.finished:
        address.draw_again()
    st.caption(say("report.reference.comparing"))


def _compared(picture: Picture, job: Job[Comparison]) -> None:
    """Draw what came of a comparison."""
    if job.result is None:
        st.error(
            explain(job.error) if isinstance(job.error, StudioError) else say("error.inside", reference=plain(job.id))
        )
        return
    found = job.result
    if found.psnr is None or found.ssim is None:
        (w0, h0), (w1, h1) = found.size, picture.done.layers.size
        st.warning(say("report.reference.size", w0=w0, h0=h0, w1=w1, h1=h1))
        return
    left, right = st.columns(2)
    left.metric(say("report.psnr"), f"{number(found.psnr, '.2f')} dB")
    right.metric(say("report.ssim"), number(found.ssim, ".4f"))
