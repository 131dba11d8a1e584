"""A restored photograph: before and after with the live finish, what was done, and the download."""

from dataclasses import replace

import streamlit as st

from pipeline.stage import Stage
from pipeline.stages import Faces
from pipeline.stages.faces import rows
from studio.album import Album
from studio.picture import Picture
from ui.faces import proof
from ui.parts import download, model_files, report, restorations, suggestions, summary
from ui.viewer import viewer
from ui.words import plain, say, stage_name, tell


def show(album: Album, number: int) -> None:
    """Draw a restored photograph of an album."""
    picture = album.numbered[number]
    left, right = st.columns([5, 2], gap="medium")
    with left:
        viewer(album, number)
    with right, st.container(key="beside"):
        _title(picture)
        _download(album, number)
        _notices(picture)
        _suggestions(picture)
    proof.show(album, number)
    report.show(album, number)


def _title(picture: Picture) -> None:
    (w0, h0), (w1, h1) = picture.done.original_size, picture.done.layers.size
    with st.container(key="result-title"):
        st.subheader(plain(picture.name), anchor=False)
        if w1 * h1 < w0 * h0:
            st.markdown(f"**{say('result.smaller')}**")
        st.caption(say("result.sizes", w0=w0, h0=h0, w1=w1, h1=h1))
    st.markdown(summary.sentence(picture.done))


def _notices(picture: Picture) -> None:
    """Draw what differs from the request, with a way on: to insist, or to download the model that was missing."""
    done = picture.done
    stages = {stage.name: stage for stage in done.plan.stages}
    for notice in done.notices:
        if rows([notice]):  # said below, beside the face
            continue
        st.caption(f":material/info: {tell(notice)}")
        stage = stages.get(notice.stage)
        if stage is not None and notice.code == "weights-missing":
            model_files.offer(stage)
        if stage is not None and stage.on_request and notice.code.endswith("-skipped"):
            _offer_to_insist(picture, stage)
    if proof.declined(rows(done.notices)):
        _offer_to_insist(picture, stages[Faces.name])


def _offer_to_insist(picture: Picture, stage: Stage) -> None:
    """Draw the button that restores again with a stage that left the photograph alone, if it can be made to act."""
    firm = stage.insisting()
    label = say("restore.insist", stage=stage_name(stage.name))
    if firm is not None and st.button(label, key=f"insist.{stage.name}"):
        plan = picture.done.plan
        stages = tuple(firm if each is stage else each for each in plan.stages)
        restorations.submit(picture, replace(plan, stages=stages))


def _suggestions(picture: Picture) -> None:
    """Draw why other stages are suggested."""
    there = {stage.name for stage in picture.done.plan.stages}
    for name, suggested in suggestions.known(picture).items():
        if name not in there:
            suggestions.tell(suggested, say(name))


@st.fragment
def _download(album: Album, number: int) -> None:
    """Draw the download; what is chosen there runs this alone."""
    download.picture(album, number)
