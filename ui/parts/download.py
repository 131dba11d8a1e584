"""Download: format, quality, name and metadata; the file is made when the button is pressed, and streamed from disk."""

from pathlib import Path

import streamlit as st

from pipeline.options import Choice, Number, rules
from pipeline.photo import ORIGINAL, Output, restored_name, safe_stem
from pipeline.plan import to_json
from studio.album import Album
from ui.components import component
from ui.words import language, say

_LOSSY = ("jpeg", "webp")

_button = component(Path(__file__).parent / "download")


def picture(album: Album, number: int) -> None:
    """Draw the download of one restored photograph, with its settings beside it."""
    shown = album.numbered[number]
    stem = Path(restored_name(safe_stem(shown.name), Output())).stem
    with st.container(key="download"):
        st.subheader(say("download.title"), anchor=False)
        name = st.text_input(say("download.name"), stem, key=f"name.{album.id}.{number}")
        asked = _output() | {"name": name}
        if shown.done.guesses:
            asked["mark"] = st.toggle(say("download.mark"), key="mark")
        make = f"studio/{album.id}/{number}/make"
        _draw(make, album, say("download.button"), asked, f"get.{number}")
        with st.container(key="share"):
            _draw(make, album, say("download.share"), {"share": True}, f"share.{number}", is_second=True)
        st.download_button(
            say("download.settings"),
            lambda: to_json(shown.settled_plan()),
            file_name=f"{safe_stem(shown.name)}_settings.json",
            mime="application/json",
            icon=":material/data_object:",
            on_click="ignore",
            width="stretch",
        )
        st.caption(say("download.settings.help"))  # a tooltip would cover the button above


def whole_album(album: Album, count: int, *, is_second: bool) -> None:
    """Draw the download of the photographs that are restored, so many of an album, as one ZIP."""
    label = say("download.zip") if count == len(album.numbered) else say("download.zip.some", count=count)
    with st.container(key="download"):
        _draw(f"studio/{album.id}/make", album, label, _output(), "get.zip", is_second=is_second)


def _output() -> dict[str, object]:
    """Draw what can be chosen of a file, and return it."""
    left, right = st.columns(2)
    form = left.selectbox(say("download.format"), _choices("format"), format_func=str.upper, key="format")
    metadata = right.selectbox(
        say("download.metadata"), _choices("metadata"), format_func=lambda c: say(f"download.{c}"), key="metadata"
    )
    paper = st.selectbox(say("download.paper"), _choices("paper"), format_func=_paper, key="paper")
    asked: dict[str, object] = {"format": form, "metadata": metadata, "paper": paper}
    quality = rules(Output)["quality"]
    if form in _LOSSY and isinstance(quality, Number):
        span = int(quality.low), int(quality.high), int(quality.default)
        asked["quality"] = st.slider(say("download.quality"), *span, key="quality")
    return asked


def _paper(name: str) -> str:
    return (
        say("download.paper.original")
        if name == ORIGINAL
        else say("download.paper.size", size=name.replace("x", " × "))
    )


def _draw(
    address: str, album: Album, label: str, asked: dict[str, object], key: str, *, is_second: bool = False
) -> None:
    words = {name: say(f"download.{name}") for name in ("preparing", "failed")}
    data = {
        "make": address,
        "jobs": f"studio/{album.id}/jobs/",
        "files": f"studio/{album.id}/files/",
        "asked": asked | {"language": language()},
        "label": label,
        "isSecond": is_second,
        **words,
    }
    _button(data=data, key=key)


def _choices(name: str) -> tuple[str, ...]:
    rule = rules(Output)[name]
    if not isinstance(rule, Choice):
        msg = f"Output.{name} must be a choice to have a list."
        raise TypeError(msg)
    return rule.choices
