"""What is refused, as ``application/problem+json`` (RFC 9457) with a code for machines."""

import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from api import shared
from pipeline.errors import IdTaken, PhotoUnreadable, StudioError, TooManyJobs
from studio.jobs import Job, State

MEDIA_TYPE = "application/problem+json"

TITLES: Mapping[int, str] = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Content too large",
    415: "Unsupported media type",
    422: "Unprocessable content",
    429: "Too many requests",
    499: "Client closed request",
    500: "Internal error",
    503: "Service unavailable",
    507: "Insufficient storage",
}
"""Titles by status."""

_BUSY = {"Retry-After": "5"}


def problem(status: int, detail: str, code: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request that is refused; its code is that of the error, by default its title."""
    title = TITLES.get(status, "Error")
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code or _kebab(title)}
    return Response(json.dumps(said), status, {**shared.FRESH, **(headers or {})}, MEDIA_TYPE)  # all of it is ASCII


def _kebab(words: str) -> str:
    """Return words, or the name of a class, in lower case with dashes."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|\s", "-", words).lower()


def of_error(error: Exception) -> Response:
    """Return the answer to a request that met an error."""
    match error:
        case TooManyJobs():
            return problem(429, str(error), code_of(error), _BUSY)
        case IdTaken():
            return problem(409, str(error), code_of(error))
        case PhotoUnreadable():
            return problem(415, str(error), code_of(error))
        case StudioError():
            refused = shared.refusal(error)
            return problem(refused.status_code, refused.detail, code_of(error), refused.headers)
        case HTTPException():
            return problem(error.status_code, error.detail, headers=error.headers)
        case _:
            return problem(500, "The studio could not answer this. The server's log says why.")


async def answer(_: Request, error: Exception) -> Response:
    """Answer a request whose handler raised an error."""
    return of_error(error)


async def gone(_: Request, _error: Exception) -> Response:
    """End a request whose program has left."""
    return problem(499, "The program has left.")


def of_job(job: Job[Any]) -> Response:
    """Return the answer to whoever asks for the result of a job that has none."""
    if job.state is State.CANCELLED and job.error is not None:
        return of_error(job.error)
    if job.state is State.CANCELLED:
        return problem(409, "This job was cancelled. Submit it again under another id.", "cancelled")
    if job.state is not State.FAILED or job.error is None:
        headers = {"Retry-After": "1"}
        return problem(409, "This job is not done yet. Ask for its state, or wait.", "not-done", headers)
    if isinstance(job.error, StudioError | MemoryError):
        return problem(422, shared.failure(job), code_of(job.error))
    return problem(500, shared.failure(job), code_of(job.error))


def code_of(error: Exception) -> str:
    """Return the code of an error, such as ``"photo-unreadable"``; ``"internal-error"`` for a fault of the studio."""
    if isinstance(error, MemoryError):
        return "out-of-memory"
    return _kebab(type(error).__name__) if isinstance(error, StudioError) else "internal-error"
