"""The studio in a browser: ``streamlit run app.py``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import streamlit as st
from starlette.applications import Starlette
from starlette.routing import Mount

from api.routes import ROUTES
from ui.shop import workshop

_routes = Starlette(routes=ROUTES)


@asynccontextmanager
async def _open(_: st.App) -> AsyncIterator[None]:
    """Open the workshop with the server, and close it with the server."""
    with closing(workshop()) as shop:
        _routes.state.workshop = shop
        yield


app = st.App("ui/main.py", routes=[Mount("/studio", app=_routes)], lifespan=_open)
