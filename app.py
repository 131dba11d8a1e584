"""The studio in a browser: ``streamlit run app.py``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount
from streamlit import config
from streamlit.runtime import Runtime

from api.hosting import AllowedHosts, NeededRoutesOnly
from api.lifetime import opened
from api.routes import application
from api.safety import SafeHeaders
from api.uploads import BoundedBodies
from api.v1 import routes as v1
from api.visitors import VisitorCookie
from ui.shop import workshop

_routes = application()
_api = v1.application(workshop)


@asynccontextmanager
async def _open(_: st.App) -> AsyncIterator[None]:
    """Open the workshop with the server, and close it with the server."""
    with opened(workshop, config.get_option("server.address") or "") as shop:
        config.set_option("server.maxUploadSize", shop.config.max_upload_megabytes)
        _routes.state.workshop = _api.state.workshop = shop
        yield


def _held() -> int:
    """Return the bytes of uploads that Streamlit keeps in memory."""
    families = Runtime.instance().uploaded_file_mgr.get_stats()
    return sum(stat.byte_length for stats in families.values() for stat in stats)


app = st.App(
    "ui/main.py",
    routes=[Mount("/studio", app=_routes), Mount("/api/v1", app=_api)],
    lifespan=_open,
    middleware=[
        Middleware(SafeHeaders),
        Middleware(AllowedHosts, config=lambda: workshop().config),
        Middleware(NeededRoutesOnly, config=lambda: workshop().config),
        Middleware(BoundedBodies, workshop=workshop, held=_held),
        Middleware(VisitorCookie, visitors=lambda: workshop().visitors),
    ],
)
