"""What all handlers need: who asks, the subject of a request, its body, what a job made, and what is refused."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from pipeline import disk
from pipeline.errors import DiskFull, QueueFull, ServerStopped, StudioError
from studio.album import Album
from studio.jobs import Job, State
from studio.picture import Picture
from studio.visitors import COOKIE
from studio.workshop import Workshop

T = TypeVar("T")

PRIVATE = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
"""Headers that keep a picture in the visitor's own browser; its address holds everything that it depends on."""

MOST_FIELDS = 16_000
"""Largest JSON object in bytes: a name of 255 characters and a strength for each stage take less than half of it."""

FRESH = {"Cache-Control": "no-store"}
"""Headers of an answer that may be another one the next time."""

AFTER_RESTART = {"Retry-After": "60"}
"""Headers of an answer that says that the server is being stopped; its text says "in a minute"."""

_IN_MEMORY = 64_000
"""Bytes of a body above which it is stored on disk while it comes."""

DISK_FULL = "The disk of the studio is full. Please try again later."

_GONE = "The browser has left."


def workshop(request: Request) -> Workshop:
    """Return the workshop of this server."""
    shop: Workshop = request.app.state.workshop
    return shop


def visitor(request: Request) -> str:
    """Return who asks, by the name that `Visitors.name` gives."""
    address = request.client.host if request.client else None
    return workshop(request).visitors.name(request.cookies.get(COOKIE), address)


def album(request: Request) -> Album:
    """Return the album in the address.

    Raises
    ------
    HTTPException
        404 if there is none.
    """
    found = workshop(request).album(request.path_params["album"])
    if found is None:
        raise HTTPException(404, "These photographs are no longer kept.")
    return found


def picture(request: Request) -> Picture:
    """Return the photograph in the address.

    Raises
    ------
    HTTPException
        404 if there is none.
    """
    found = album(request).numbered.get(request.path_params["number"])
    if found is None:
        raise HTTPException(404, "There is no such photograph.")
    return found


def check_run(picture: Picture, run: str | None) -> None:
    """Refuse a request about a result that has been replaced since.

    Raises
    ------
    HTTPException
        409 if `run` is not the photograph's last run.
    """
    if run is not None and (picture.restored is None or run != picture.restored.layers.id):
        raise HTTPException(409, "This photograph was restored again; reload the page.")


async def file_in(request: Request, most: int) -> IO[bytes]:
    """Return the body as a file, of which no more than `most` bytes are read; a slow one takes disk, not memory.

    Raises
    ------
    HTTPException
        413 if it is larger, 507 if the disk is full.
    """
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the job that reads it closes it
    try:
        async for part in _parts(request, most):
            file.write(part)
    except BaseException as error:
        with suppress(OSError):  # it writes what is left to a disk that may be full
            file.close()
        if isinstance(error, OSError) and disk.is_full(error):
            raise HTTPException(507, DISK_FULL) from error
        raise
    file.seek(0)
    return file


async def _parts(request: Request, most: int) -> AsyncIterator[bytes]:
    """Yield the body in parts; raise an HTTPException (413) where it has more than `most` bytes."""
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise HTTPException(413, f"Expected at most {most} bytes.")
        yield part


async def fields(request: Request) -> Mapping[str, Any]:
    """Return the fields of a JSON object in the body.

    Raises
    ------
    HTTPException
        413 if the body is larger than `MOST_FIELDS`, 422 if it is something else.
    """
    data = b"".join([part async for part in _parts(request, MOST_FIELDS)])
    try:
        said = json.loads(data)
        json.dumps(said, ensure_ascii=False).encode()  # half of a surrogate pair is in no answer and no file's name
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, "Expected a JSON object, got something else.") from error
    if not isinstance(said, dict):
        raise HTTPException(422, f"Expected a JSON object, got {type(said).__name__}.")
    return said


async def result(request: Request, job: Job[T], *, is_shared: bool = True) -> T:
    """Return what a job makes. No thread waits for it; where the browser leaves, the job goes on only if it is shared.

    Raises
    ------
    HTTPException
        499 if the browser has left; else as `failed`.
    """
    loop, done = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        with suppress(RuntimeError):  # the server has ended
            loop.call_soon_threadsafe(done.set)

    async def stop_when_gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        waiting.cancel_scope.cancel()

    job.when_finished(tell)
    async with anyio.create_task_group() as waiting:
        waiting.start_soon(stop_when_gone)
        await done.wait()
        waiting.cancel_scope.cancel()
    if not job.finished:
        if not is_shared:
            job.cancel()
        raise HTTPException(499, _GONE)
    if job.state is not State.DONE:
        raise failed(job)
    return cast("T", job.result)


def file(path: Path, media_type: str, headers: Mapping[str, str]) -> Response:
    """Return the answer that sends a file.

    Raises
    ------
    HTTPException
        404 if there is no such file any more.
    """
    try:
        return FileResponse(path, media_type=media_type, headers=headers, stat_result=path.stat())
    except FileNotFoundError as error:
        raise HTTPException(404, "This file is no longer kept; reload the page.") from error


def failed(job: Job[Any]) -> HTTPException:
    """Return the answer to whoever asked for what a job could not make."""
    if isinstance(job.error, StudioError):
        return refusal(job.error)
    if isinstance(job.error, FileNotFoundError):  # it was evicted, or restored again, meanwhile
        return HTTPException(404, "This picture is no longer kept; reload the page.")
    return HTTPException(503, failure(job))


def refusal(error: StudioError) -> HTTPException:
    """Return the answer to a request that an error refuses: 503 for now, 507 where the disk is full, else 422."""
    match error:
        case ServerStopped():
            return HTTPException(503, str(error), AFTER_RESTART)
        case QueueFull():
            return HTTPException(503, str(error), {"Retry-After": "5"})
        case DiskFull():
            return HTTPException(507, str(error))
        case _:
            return HTTPException(422, str(error))


async def refuse(_: Request, error: Exception) -> Response:
    """Answer a request whose handler raised a StudioError."""
    answer = refusal(error) if isinstance(error, StudioError) else HTTPException(503)
    return PlainTextResponse(answer.detail, answer.status_code, answer.headers)


def failure(job: Job[Any]) -> str:
    """Return why a job failed, in a sentence."""
    if isinstance(job.error, StudioError):
        return str(job.error)
    if isinstance(job.error, MemoryError):
        return "This does not fit into memory."
    return "The studio could not finish this. The server's log says why."
