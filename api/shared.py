"""What all handlers need: the subject of a request, its body, and what is refused."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from pipeline.errors import StudioError
from studio.album import Album, Picture
from studio.jobs import Job
from studio.workshop import Workshop

PRIVATE = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
"""Headers that keep a picture in the visitor's own browser; its address holds everything that it depends on."""

MOST_FIELDS = 16_000
"""Largest JSON object in bytes: a name of 255 characters and a strength for each stage take less than half of it."""

FRESH = {"Cache-Control": "no-store"}
"""Headers of an answer that may be another one the next time."""


def workshop(request: Request) -> Workshop:
    """Return the workshop of this server."""
    shop: Workshop = request.app.state.workshop
    return shop


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
    pictures, number = album(request).pictures, request.path_params["number"]
    if number >= len(pictures):
        raise HTTPException(404, "There is no such photograph.")
    return pictures[number]


def check_run(picture: Picture, run: str | None) -> None:
    """Refuse a request about a result that has been replaced since.

    Raises
    ------
    HTTPException
        409 if `run` is not the photograph's last run.
    """
    if run is not None and (picture.restored is None or run != picture.restored.layers.id):
        raise HTTPException(409, "This photograph was restored again; reload the page.")


async def body(request: Request, most: int) -> bytes:
    """Return the body, of which no more than `most` bytes are read.

    Raises
    ------
    HTTPException
        413 if it is larger.
    """
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > most:
            raise HTTPException(413, f"Expected at most {most} bytes.")
    return bytes(data)


async def fields(request: Request) -> Mapping[str, Any]:
    """Return the fields of a JSON object in the body.

    Raises
    ------
    HTTPException
        413 if the body is larger than `MOST_FIELDS`, 422 if it is something else.
    """
    data = await body(request, MOST_FIELDS)
    try:
        said = json.loads(data)
        json.dumps(said, ensure_ascii=False).encode()  # half of a surrogate pair is in no answer and no file's name
    except (ValueError, RecursionError) as error:
        raise HTTPException(422, "Expected a JSON object, got something else.") from error
    if not isinstance(said, dict):
        raise HTTPException(422, f"Expected a JSON object, got {type(said).__name__}.")
    return said


def failure(job: Job[Any]) -> str:
    """Return why a job failed, in a sentence."""
    if isinstance(job.error, StudioError):
        return str(job.error)
    if isinstance(job.error, MemoryError):
        return "This does not fit into memory."
    return "The studio could not finish this. The server's log says why."
