"""The script that Streamlit runs for every visitor: page set-up, header, and which page to show."""

import base64
import json
import logging
import secrets
from pathlib import Path

import streamlit as st

from pipeline.errors import StudioError
from ui import address, words
from ui.parts import connection
from ui.screens import models, photograph
from ui.shop import workshop
from ui.words import explain, say

HERE = Path(__file__).parent
_LOG = logging.getLogger(__name__)


def main() -> None:
    """Draw the page."""
    st.set_page_config(page_title=say("title"), page_icon=str(HERE / "icon.svg"), layout="wide")
    st.html(HERE / "style.css")
    try:
        _draw()
    except StudioError as error:
        st.error(explain(error), icon=":material/error:")
    except Exception:  # noqa: BLE001 - the page has no caller to raise to; it says what to do
        reference = secrets.token_hex(4)
        _LOG.exception("The page could not be drawn: %s.", reference)
        st.error(say("error.page", reference=reference), icon=":material/error:")


def _draw() -> None:
    address.arrive()
    _style_by_session()
    pages = [
        st.Page(photograph.show, title=say("page.studio"), url_path="studio", default=True),
        st.Page(models.show, title=say("page.models"), url_path="models"),
    ]
    chosen = st.navigation(pages, position="hidden")
    _header(pages)
    connection.tell()
    try:
        chosen.run()
    finally:
        connection.watch()


def _header(pages: list[st.Page]) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="header"):
        icon = base64.b64encode((HERE / "icon.svg").read_bytes()).decode()
        st.html(f'<h1 class="brand"><img src="data:image/svg+xml;base64,{icon}" alt="">{say("title")}</h1>')
        with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", width="content"):
            for page in pages:
                st.page_link(page, query_params=st.query_params.to_dict())  # the way back leads to the same photograph
            _language()


def _style_by_session() -> None:
    """Pass translated texts and the button colour to the CSS."""
    megabytes = workshop().config.max_upload_megabytes
    texts = {name: say(f"drop.{name}", megabytes=megabytes) for name in ("hint", "limit", "browse", "refused")}
    words_of = "".join(f"--drop-{name}: {json.dumps(text, ensure_ascii=False)};" for name, text in texts.items())
    on_primary = "#1c1917" if st.context.theme.type == "dark" else "#ffffff"
    st.html(f"<style>:root {{ {words_of} --on-primary: {on_primary}; }}</style>")


def _language() -> None:
    """Draw the choice of language; it stands in the address once it was made."""
    names = words.languages()
    address.setting(words.KEY, address.one_of(names), words.language())
    st.selectbox(
        say("language.choose"),
        list(names),
        format_func=names.__getitem__,
        key=words.KEY,
        label_visibility="collapsed",
        width=130,
        on_change=address.keep,
        args=(words.KEY, None),
    )


main()
