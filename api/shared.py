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


async def body(request: Request) -> bytes:
    """Return the body.

    Raises
    ------
    HTTPException
        413 if it is larger than an upload may be.
    """
    megabytes = workshop(request).config.max_upload_megabytes
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > megabytes * 1_000_000:
            raise HTTPException(413, f"Expected at most {megabytes} MB.")
    return bytes(data)


async def fields(request: Request) -> Mapping[str, Any]:
    """Return the fields of a JSON object in the body.

    Raises
    ------
    HTTPException
        422 if the body is something else.
    """
    try:
        said = json.loads(await body(request))
    except ValueError as error:
        raise HTTPException(422, f"Expected JSON: {error}.") from error
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
