"""What a server on a network refuses: other names for it, and Streamlit's routes of inspection."""

from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from pipeline.config import Config
from studio.local import host_of

_CORE = "/_stcore/"
_HEALTH = ("/_stcore/health", "/api/v1/health", "/api/v1/ready")
_NEEDED = ("health", "stream", "host-config", "upload_file/", "bidi-components/")
"""What the page and a supervisor need of Streamlit's own routes."""


class AllowedHosts:
    """Middleware that refuses requests which address the server by a name that is not allowed.

    A page of another site can give its own name the address of this server; its browser then takes the studio for a
    part of that site. Health tells nothing, and whoever supervises the server asks for it by any name.

    Parameters
    ----------
    app : ASGIApp
    config : callable
        Returns the settings of this server.
    """

    def __init__(self, app: ASGIApp, config: Callable[[], Config]) -> None:
        self._app = app
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 400; a WebSocket is closed."""
        if scope["type"] == "lifespan" or self._is_allowed(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            refusal = PlainTextResponse("This studio has another name. Use the address that its owner gives.", 400)
            await refusal(scope, receive, send)

    def _is_allowed(self, scope: Scope) -> bool:
        allowed = self._config().allowed_hosts
        if not allowed or scope["path"] in _HEALTH:
            return True
        named = host_of(f"//{HTTPConnection(scope).headers.get('Host', '')}")
        return named in {name.lower().rstrip(".") for name in allowed}


class NeededRoutesOnly:
    """Middleware that hides those of Streamlit's own routes that no page needs, such as its metrics.

    Parameters
    ----------
    app : ASGIApp
    config : callable
        Returns the settings of this server; `Config.metrics` opens all routes.
    """

    def __init__(self, app: ASGIApp, config: Callable[[], Config]) -> None:
        self._app = app
        self._config = config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer 404."""
        _, is_core, route = scope.get("path", "").partition(_CORE)
        if is_core and not route.startswith(_NEEDED) and not self._config().metrics:
            refusal = PlainTextResponse("This route is closed; the setting metrics opens it.", 404)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)
