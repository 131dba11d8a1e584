"""Bounds on the bodies of requests, of which some are uploads."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

from anyio import CapacityLimiter, to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.shared import DISK_FULL, MOST_FIELDS
from pipeline import disk
from pipeline.errors import DiskFull
from studio.workshop import Workshop

_UPLOAD = "/_stcore/upload_file/"
_OWN = ("/studio/", "/api/")
"""The studio's own routes bound their bodies themselves."""

MEGABYTE = 1024 * 1024
_FRAME_BYTES = MEGABYTE
"""Of the form around a file."""

_STEP_BYTES = 8 * MEGABYTE
"""Room is reserved in steps as an upload comes, so that one that never comes keeps nobody else out."""

_AT_ONCE = 4
"""Uploads of which a part is written at the same time; each takes a thread of those that pages need too."""

_MOST_HELD = 1_000_000_000
"""Bytes of all uploads that come, or that Streamlit keeps in memory."""


def _plain(refused: HTTPException) -> Response:
    return PlainTextResponse(refused.detail, refused.status_code, refused.headers)


class BoundedBodies:
    """Middleware that refuses bodies which are too large or find no room: before they are read, or as they come.

    By default for all but the studio's own routes.

    Streamlit writes an upload to the temporary folder, reads it into memory, and keeps it there until the page takes
    it.

    Parameters
    ----------
    app : ASGIApp
    workshop : callable
        Returns the workshop of this server.
    held : callable
        Returns the bytes of all uploads that Streamlit keeps in memory.
    upload : str
        What the path of an upload has in it.
    passed : tuple of str
        How paths begin that are bounded elsewhere.
    refuse : callable
        Returns the answer to what is refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        workshop: Callable[[], Workshop],
        held: Callable[[], int],
        *,
        upload: str = _UPLOAD,
        passed: tuple[str, ...] = _OWN,
        refuse: Callable[[HTTPException], Response] = _plain,
    ) -> None:
        self._app = app
        self._workshop = workshop
        self._held = held
        self._upload_path, self._passed, self._refuse = upload, passed, refuse
        self._coming = 0
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._reserving = CapacityLimiter(1)  # of threads; pages need the others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; answer 413 where its body is too large, 507 or 503 where the disk or memory has no room."""
        if scope["type"] != "http" or scope["path"].startswith(self._passed):
            await self._app(scope, receive, send)
            return
        is_upload, stated = self._is_upload(scope), _stated(scope)
        most = self._workshop().config.max_upload_megabytes * MEGABYTE + _FRAME_BYTES if is_upload else MOST_FIELDS
        try:
            _check(stated, most)
            if is_upload:
                await self._upload(scope, _bounded(receive, most), send, stated)
            else:
                await self._app(scope, _bounded(receive, most), send)
        except HTTPException as refused:
            await self._refuse(refused)(scope, receive, send)

    def _is_upload(self, scope: Scope) -> bool:
        return self._upload_path in scope["path"] and scope["method"] in ("POST", "PUT")

    async def _upload(self, scope: Scope, receive: Receive, send: Send, stated: int) -> None:
        """Serve an upload, with room reserved for what has come of it."""
        came = reserved = 0
        step = min(_STEP_BYTES, stated or MEGABYTE)
        with ExitStack() as rooms:

            async def receive_into_room() -> Message:
                nonlocal came, reserved
                message = await receive()
                part = len(message.get("body", b""))
                came += part
                self._coming += part
                self._check_memory(0)
                while came > reserved:
                    await self._reserve(rooms, step)
                    reserved += step
                return message

            self._check_memory(stated)
            with ExitStack() as trial:
                await self._reserve(trial, stated)
            try:
                await self._in_turns(scope, receive_into_room, send)
            except OSError as error:
                if not disk.is_full(error):
                    raise
                raise HTTPException(507, DISK_FULL) from error
            finally:
                self._coming -= came

    async def _in_turns(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an upload; few at a time handle what has come, and one that waits for more keeps no other out."""
        has_turn = False

        async def receive_in_turn() -> Message:
            nonlocal has_turn
            if has_turn:
                self._turns.release()
                has_turn = False
            message = await receive()
            await self._turns.acquire()
            has_turn = True
            return message

        try:
            await self._app(scope, receive_in_turn, send)
        finally:
            if has_turn:
                self._turns.release()

    async def _reserve(self, rooms: ExitStack, nbytes: int) -> None:
        """Enter the context of an upload of so many bytes."""
        try:
            await to_thread.run_sync(rooms.enter_context, self._workshop().room(nbytes), limiter=self._reserving)
        except DiskFull as error:
            raise HTTPException(507, str(error)) from error

    def _check_memory(self, more: int) -> None:
        """Raise an HTTPException (503) where uploads take too much memory, with so many bytes more."""
        if self._held() + self._coming + more > _MOST_HELD:
            msg = "Too many photographs are uploaded at this moment. Please add fewer, or try again in a minute."
            raise HTTPException(503, msg, {"Retry-After": "60"})


def _bounded(receive: Receive, most: int) -> Receive:
    """Return what receives a body of at most so many bytes, and raises an HTTPException (413) after them."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        _check(size, most)
        return message

    return receive_some


def _check(size: int, most: int) -> None:
    """Raise an HTTPException (413) where a body is larger than it may be."""
    if size > most:
        raise HTTPException(413, f"Expected at most {most} bytes.", {"Connection": "close"})  # or the rest is read


def _stated(scope: Scope) -> int:
    """Return how large the request states its body to be; 0 where it does not."""
    stated = Request(scope).headers.get("Content-Length", "")
    return int(stated[:20]) if stated.isdecimal() else 0
