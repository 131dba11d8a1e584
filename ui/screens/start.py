"""The first screen: a place to drop photographs, and examples to try."""

from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from pipeline.plan import simple
from ui import address, owner
from ui.parts import drop, preview
from ui.shop import visitor, workshop
from ui.words import plain, say

EXAMPLES = Path(__file__).parents[2] / "examples"
GALLERY = {"astronaut": 2.0, "coffee": 4.0, "camera": 2.0}
"""Examples, and how much each is enlarged."""

_RECENT = 4
"""Albums that are shown."""


def show() -> None:
    """Draw the first screen."""
    where = say("private") if owner.is_here() else say("private.hosted", hours=workshop().config.keep_hours)
    st.html(f'<div class="hero"><h2>{say("tagline")}</h2><p>{where}</p></div>')
    if files := drop.show("drop"):
        address.enter(workshop().create(files, visitor()))
    _recent()
    st.html(f'<h3 class="gallery-title">{say("gallery.title")}</h3>')
    with st.container(key="gallery"):
        for column, name in zip(st.columns(len(GALLERY)), GALLERY, strict=True):
            with column:
                label = say(f"example.{name}")
                st.image(_half(name), alt=say("gallery.half", name=label), width="stretch")
                if st.button(say("gallery.try", name=label), key=f"try.{name}", width="stretch"):
                    _try(name)


def _recent() -> None:
    """Draw the albums that this browser uploaded."""
    albums = workshop().recent(visitor())[:_RECENT]
    if not albums:
        return
    st.html(f'<h3 class="gallery-title">{say("recent.title")}</h3>')
    with st.container(key="recent", horizontal=True, horizontal_alignment="center"):
        for album in albums:
            number, picture = next(iter(album.numbered.items()))
            count = len(album.numbered)
            name = plain(picture.name)
            with st.container(border=True, width=220, key=f"recent-{album.id}"):
                st.html(f'<img src="{preview.address(album, number)}" alt="" loading="lazy">')
                label = name if count == 1 else say("recent.several", name=name, count=count - 1)
                if st.button(label, key=f"recent.{album.id}", width="stretch"):
                    address.enter(album)


def _try(name: str) -> None:
    """Restore an example with the settings of simple mode."""
    shop = workshop()
    album = shop.create([(f"{name}.jpg", (EXAMPLES / f"{name}_before.jpg").read_bytes())], visitor())
    shop.submit(visitor(), album.pictures, simple(GALLERY[name]))
    address.enter(album)


@st.cache_data(show_spinner=False)
def _half(name: str) -> np.ndarray:
    """Return an example, its left half before and its right half after."""
    with Image.open(EXAMPLES / f"{name}_after.jpg") as after, Image.open(EXAMPLES / f"{name}_before.jpg") as before:
        size = (600, round(600 * after.height / after.width))
        whole = np.asarray(after.convert("RGB").resize(size, Image.Resampling.LANCZOS)).copy()
        found = np.asarray(before.convert("RGB").resize(size, Image.Resampling.BICUBIC))
    middle = size[0] // 2
    whole[:, :middle] = found[:, :middle]
    whole[:, middle - 1 : middle + 2] = 255
    return whole
