"""Who may use the API: programs that give a token, or, where there are no tokens, those on the server's machine."""

import hashlib
import hmac
import logging
from collections.abc import Callable

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.v1.problems import problem
from pipeline.config import Config
from studio import local

OPEN = ("/health", "/ready")
"""Paths that whoever supervises the server asks for, without a token."""

_LOG = logging.getLogger(__name__)
_SAME_SITE = ("", "none", "same-origin")
"""What ``Sec-Fetch-Site`` may say: nothing outside of browsers, none for an address that a person typed."""


class Tokens:
    """Middleware that refuses whoever gives no token, and names the owner of the token to the handlers.

    Parameters
    ----------
    app : ASGIApp
    config : callable
        Returns the settings of this server.
    """

    def __init__(self, app: ASGIApp, config: Callable[[], Config]) -> None:
        self._app = app
        self._config = config
        self._is_told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request as its owner's; answer 401 without a token, or 403 where the server has none."""
        if scope["type"] != "http" or scope["path"].removeprefix(scope["root_path"]) in OPEN:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        owner = self._owner(connection)
        if isinstance(owner, Response):
            await owner(scope, receive, send)
        else:
            key = _given(connection) if self._config().api_tokens else ""
            scope.setdefault("state", {}).update(owner=owner, key=key)
            await self._app(scope, receive, send)

    def _refused(self, connection: HTTPConnection) -> Response:
        """Return the refusal of a program elsewhere; the first one is logged."""
        if not self._is_told:
            self._is_told = True
            _LOG.warning("Refused a program at %s. %s", connection.client and connection.client.host, _NOT_LOCAL)
        return problem(403, _NOT_LOCAL)

    def _owner(self, connection: HTTPConnection) -> str | Response:
        """Return the owner of a request, or the refusal."""
        tokens = self._config().api_tokens
        if not tokens:
            return "local program" if _is_local(connection) else self._refused(connection)
        digest = _digest(_given(connection))
        found = [number for number, token in enumerate(tokens) if hmac.compare_digest(_digest(token), digest)]
        return f"token {found[0]}" if found else problem(401, _NO_TOKEN, headers={"WWW-Authenticate": "Bearer"})


_NO_TOKEN = "Expected the header Authorization: Bearer TOKEN with a token of this server."  # noqa: S105 - a sentence
_NOT_LOCAL = (
    "Expected a program on the server's own machine, at localhost and through no proxy or browser. "
    "With STUDIO_API_TOKENS, the server takes requests from elsewhere that give a token."
)


def _is_local(connection: HTTPConnection) -> bool:
    """Return whether a program of the server's machine asks, not a page of another site in a browser there."""
    headers, address = connection.headers, connection.client.host if connection.client else ""
    is_page = "Origin" in headers or headers.get("Sec-Fetch-Site", "") not in _SAME_SITE
    return local.is_direct(address, headers) and not is_page


def _given(connection: HTTPConnection) -> str:
    """Return the token that a request gives; empty where there is none."""
    kind, _, given = connection.headers.get("Authorization", "").partition(" ")
    return given.strip() if kind.lower() == "bearer" else ""


def _digest(token: str) -> bytes:
    """Return a digest, so that the time of a comparison tells nothing of a token's length either."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
