"""Jobs of programs: submit, ask, wait, fetch, cancel. No thread waits for a job."""

import json
import re
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import quote

import anyio
from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import shared
from api.v1 import problems
from api.v1.document import describe
from api.v1.events import stream
from api.v1.form import Form, sent
from studio.jobs import State
from studio.submissions import Submission, Submissions

MOST_WAIT_S = 60
"""Longest time that a request waits for its job."""

_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,6})")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".tiff": "image/tiff"}
"""Of results, by the ending of their files."""


async def post(request: Request) -> Response:
    """Submit a job under a new id."""
    return await _submit(request, "")


async def put(request: Request) -> Response:
    """Submit a job under an id of the program's; the same again returns the same job."""
    known_as = request.path_params["id"]
    if not _ID.fullmatch(known_as):
        raise HTTPException(422, "Expected an id of 1 to 64 letters, digits, dashes or underscores.")
    return await _submit(request, known_as)


async def _submit(request: Request, known_as: str) -> Response:
    async with sent(request) as form:
        submission, is_new = await _store(request, form, known_as)
    seconds = _wait_of(request)
    if seconds:
        with anyio.move_on_after(seconds), suppress(HTTPException):  # the job's error is told below
            await shared.result(request, submission.job, is_shared=bool(known_as))
        if submission.job.finished:
            return _product(request, submission)
    said = _document(request, submission)
    headers = {"Location": said["links"]["self"], **shared.FRESH}
    return JSONResponse(said, 202 if is_new or not submission.job.finished else 200, headers)


async def _store(request: Request, form: Form, known_as: str) -> tuple[Submission, bool]:
    work = partial(
        _submissions(request).submit,
        request.state.owner,
        form.file,
        form.name,
        form.wish,
        mask=form.mask,
        delivery=form.delivery,
        known_as=known_as,
    )
    submission, is_new = await to_thread.run_sync(work, limiter=request.app.state.storing)
    if is_new:
        describe = partial(_document, request, submission)
        schedule = _submissions(request).deliveries.schedule
        schedule(submission.job, submission.delivered, form.delivery, lambda: json.dumps(describe()).encode())
    return submission, is_new


def _wait_of(request: Request) -> int:
    """Return the seconds that a program prefers to wait (RFC 7240)."""
    found = _WAIT.search(request.headers.get("Prefer", ""))
    return min(int(found[1]), MOST_WAIT_S) if found else 0


async def get(request: Request) -> Response:
    """Send the state of a job."""
    return JSONResponse(_document(request, _submission(request)), headers=shared.FRESH)


async def events(request: Request) -> Response:
    """Send the state of a job as it changes."""
    submission = _submission(request)
    return stream(lambda: _document(request, submission), request.headers.get("Last-Event-ID", ""))


async def result(request: Request) -> Response:
    """Send the picture that a job made."""
    return _product(request, _submission(request))


async def delete(request: Request) -> Response:
    """Cancel a job; one that is finished is deleted with its picture."""
    submission = _submission(request)
    if submission.job.finished:
        await to_thread.run_sync(_submissions(request).remove, submission, limiter=request.app.state.storing)
        return Response(status_code=204)
    _submissions(request).cancel(submission)
    return JSONResponse(_document(request, submission), 202, shared.FRESH)


def _product(request: Request, submission: Submission) -> Response:
    """Return the answer with the picture that a job made, or why there is none."""
    made = submission.job.result
    if submission.job.state is not State.DONE or made is None:
        return problems.of_job(submission.job)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.path.name)}",
        "Content-Location": f"{request.scope['root_path']}/jobs/{submission.id}/result",
        **shared.FRESH,
    }
    return shared.file(made.path, MEDIA_TYPES[made.path.suffix], headers)


def _submission(request: Request) -> Submission:
    found = _submissions(request).find(request.state.owner, request.path_params["id"])
    if found is None:
        raise HTTPException(404, "There is no such job of yours, or it is no longer kept.")
    return found


def _document(request: Request, submission: Submission) -> dict[str, Any]:
    return describe(submission, _submissions(request), request.scope["root_path"])


def _submissions(request: Request) -> Submissions:
    return shared.workshop(request).submissions
