"""The cookie by which visitors are told apart."""

from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.visitors import COOKIE, Visitors


class VisitorCookie:
    """Middleware that gives a browser its token with the page, where it brings none that this server has signed.

    Parameters
    ----------
    app : ASGIApp
    visitors : callable
        Returns those of this server.
    """

    def __init__(self, app: ASGIApp, visitors: Callable[[], Visitors]) -> None:
        self._app = app
        self._visitors = visitors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or self._visitors().knows(HTTPConnection(scope).cookies.get(COOKIE)):
            await self._app(scope, receive, send)
            return

        is_visit = "text/html" in HTTPConnection(scope).headers.get("Accept", "")  # the answer may be 304, of no type

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if is_visit or headers.get("Content-Type", "").startswith("text/html"):
                    headers.append("Set-Cookie", _cookie(self._visitors().new(), is_secure=scope["scheme"] == "https"))
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _cookie(token: str, *, is_secure: bool) -> str:
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if is_secure else "")
