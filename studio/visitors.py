"""Who asks: the owner of jobs, by which they are served in turns and within bounds."""

import hashlib
import hmac
import secrets

COOKIE = "studio-visitor"
"""Name of the cookie that holds a visitor's token."""

_NAME_LETTERS = 22
_SURE = "visitor "
"""How names begin that come from a token."""
_LOCAL = {"127.0.0.1", "::1"}


class Visitors:
    """Tells visitors apart by tokens that this server has signed; its key, and so they, end with the server."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def new(self) -> str:
        """Return the token of a new visitor."""
        name = secrets.token_urlsafe(16)
        return name + self._sign(name)

    def knows(self, token: str | None) -> bool:
        """Return whether this server has signed a token."""
        name, signature = (token or "")[:_NAME_LETTERS], (token or "")[_NAME_LETTERS:]
        return hmac.compare_digest(signature.encode(), self._sign(name).encode())

    def name(self, token: str | None, address: str | None) -> str:
        """Return who asks.

        Parameters
        ----------
        token : str or None
            What the request brought in its cookie.
        address : str or None
            Where the request comes from; it counts where the token is not one of this server.
        """
        if token is not None and self.knows(token):
            return _SURE + token[:_NAME_LETTERS]
        return "address " + ("" if address is None or address in _LOCAL else address)

    def is_sure(self, name: str) -> bool:
        """Return whether a name stands for one browser, not for all that share an address."""
        return name.startswith(_SURE)

    def _sign(self, name: str) -> str:
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()
