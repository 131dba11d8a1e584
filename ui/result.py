"""The result: before and after, the live finish, what was done, and the download."""

import hashlib

import cv2
import numpy as np
import streamlit as st

from pipeline.finish import Finish
from pipeline.options import Choice, Number, rules
from pipeline.photo import Output, encode_photo, restored_name
from pipeline.run import Result
from pipeline.stages import Image
from ui import models_box
from ui.compare import compare

_PREVIEW_SIDE = 1600


def show(result: Result) -> None:
    """Draw a finished job."""
    height, width = result.pixels.shape[:2]
    before = result.photo.original_size
    st.subheader(f"{before[0]}×{before[1]} → {width}×{height} pixels")
    _finish_and_download(result)
    for notice in result.notices:
        st.info(notice.message, icon=":material/info:")
    missing = {notice.stage for notice in result.notices if notice.code == "weights-missing"}
    models_box.offer([stage for stage in result.plan.stages if stage.name in missing])
    _what_was_done(result)


@st.fragment
def _finish_and_download(result: Result) -> None:
    """Draw the picture and what changes it at once; a slider runs this alone, never the pipeline."""
    place = st.container()
    left, right = st.columns(2)
    with left:
        blur = _slider("blur")
    with right:
        sharpen = _slider("sharpen")
    finish = Finish(blur, sharpen)
    large = _preview(result)
    zoom = large.shape[1] / result.pixels.shape[1]
    before = cv2.resize(result.photo.pixels, large.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    with place:
        compare(np.asarray(before, np.float32), finish.apply(large, zoom=zoom), key="compare")
    _download(result, finish)


def _slider(name: str) -> float:
    rule = rules(Finish)[name]
    if not isinstance(rule, Number):
        msg = f"Finish.{name} must be a number to have a slider."
        raise TypeError(msg)
    low, high, start = float(rule.low), float(rule.high), float(rule.default)
    return st.slider(name.capitalize(), low, high, start, rule.step, help=rule.help, key=f"live.{name}")


def _preview(result: Result) -> Image:
    """Return the result at screen size, made once for each result."""
    key = hashlib.sha256(f"{result.photo.digest}{result.plan}".encode()).hexdigest()
    kept: tuple[str, Image] | None = st.session_state.get("preview")
    if kept is None or kept[0] != key:
        height, width = result.pixels.shape[:2]
        factor = min(1.0, _PREVIEW_SIDE / max(height, width))
        size = (max(round(width * factor), 1), max(round(height * factor), 1))
        image = np.asarray(cv2.resize(result.pixels, size, interpolation=cv2.INTER_AREA), np.float32)
        kept = st.session_state["preview"] = (key, image)
    return kept[1]


def _download(result: Result, finish: Finish) -> None:
    """Draw the download; the file is made when the button is pressed."""
    left, middle, right = st.columns([1, 1, 2], vertical_alignment="bottom")
    output = Output(
        left.selectbox("Format", _choices("format")), metadata=middle.selectbox("Metadata", _choices("metadata"))
    )

    def make() -> bytes:
        return encode_photo(finish.apply(result.pixels), result.photo, output, history=result.history).data

    right.download_button(
        "Download",
        make,
        file_name=restored_name(result.photo.name, output),
        mime=output.media_type,
        type="primary",
        width="stretch",
        on_click="ignore",
    )


def _choices(name: str) -> tuple[str, ...]:
    rule = rules(Output)[name]
    if not isinstance(rule, Choice):
        msg = f"Output.{name} must be a choice to have a list."
        raise TypeError(msg)
    return rule.choices


def _what_was_done(result: Result) -> None:
    with st.expander("What was done"):
        st.table(
            {
                "Stage": [timing.stage for timing in result.timings],
                "Seconds": [f"{timing.seconds:.2f}" for timing in result.timings],
                "Outcome": [timing.outcome for timing in result.timings],
            }
        )
