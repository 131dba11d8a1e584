"""The state of a job as server-sent events (HTML Living Standard, section 9.2)."""

import json
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import anyio
from starlette.responses import Response, StreamingResponse

from api import shared

_EVERY_S = 0.5
_HEARTBEAT_S = 15
"""Seconds of silence after which a comment is sent, so that no proxy closes the connection."""

_ENDS = ("done", "failed", "cancelled")

Describe = Callable[[], Mapping[str, Any]]


def stream(describe: Describe, last: str) -> Response:
    """Return the answer that sends a job's document whenever it has changed, at most twice a second, until its end.

    Parameters
    ----------
    describe : callable
        Returns the document.
    last : str
        Id of the event that the program saw last; that document is not sent again. A browser that reconnects after
        the end gets 204, which tells it to stop.
    """
    said = describe()
    if _has_ended(said) and _id(said) == last:
        return Response(status_code=204)
    headers = {**shared.FRESH, "X-Accel-Buffering": "no"}  # for proxies that are nginx
    return StreamingResponse(_events(describe, last), media_type="text/event-stream", headers=headers)


async def _events(describe: Describe, last: str) -> AsyncIterator[str]:
    silent = 0.0
    while True:
        said = describe()
        if _id(said) != last:
            last, silent = _id(said), 0.0
            yield f"id: {last}\nevent: state\ndata: {json.dumps(said)}\n\n"
        elif silent >= _HEARTBEAT_S:
            silent = 0.0
            yield ": heartbeat\n\n"
        if _has_ended(said):
            return
        await anyio.sleep(_EVERY_S)
        silent += _EVERY_S


def _has_ended(said: Mapping[str, Any]) -> bool:
    """Return whether a document changes no more: the job has ended, and its deliveries too."""
    return said["state"] in _ENDS and "waiting" not in said["delivered"].values()


def _id(said: Mapping[str, Any]) -> str:
    """Return an id of a document, which changes with it."""
    return f"{zlib.crc32(json.dumps(said).encode()):08x}"
