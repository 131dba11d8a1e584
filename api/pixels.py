"""Pixels to look at: previews, parts of a result, the damage and its mask.

Streamlit's own pictures are reduced and encoded again; these are not.
"""

import os
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import IO, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from api import shared
from models import own
from pipeline.errors import OptionError
from pipeline.finish import Finish
from pipeline.methods import strengths
from pipeline.methods.detection import DETECTORS
from pipeline.stages import BY_NAME
from studio.jobs import State
from studio.layers import MAX_SIDE, RESULT, Layers
from studio.view import View

_MASK_BYTES = 4
"""Bytes a pixel of a mask, at most: a browser writes a PNG of red, green, blue and alpha."""

_PART_BYTES = 64_000
_UNREADABLE = Path(__file__).parent / "unreadable.svg"


async def preview(request: Request) -> Response:
    """Send the photograph at screen size; a placeholder if it is unreadable."""
    job = shared.workshop(request).preview(shared.visitor(request), shared.picture(request))
    made = await shared.result(request, job)
    if made.error is not None:
        return shared.file(_UNREADABLE, "image/svg+xml", shared.PRIVATE)
    return shared.file(made.path, "image/jpeg", shared.PRIVATE)


async def view(request: Request) -> Response:
    """Send a part of the photograph, of the picture after a stage, or of the result: lossless, never enlarged."""
    picture = shared.picture(request)
    if picture.restored is None:
        raise HTTPException(404, "This photograph is not restored yet.")
    shared.check_run(picture, request.query_params.get("run"))
    try:
        wanted = _read_look(picture.restored.layers, request.query_params)
    except ValueError as error:  # also OptionError
        raise HTTPException(422, f"This is no view of the picture: {error}") from error
    job = shared.workshop(request).look(shared.visitor(request), picture, *wanted)
    file = await shared.result(request, job, is_shared=False)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return StreamingResponse(
        _read(file), media_type="image/png", headers={"Content-Length": f"{size}"} | shared.PRIVATE
    )


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    """Yield a file, which was written just now, and close it."""
    with file:
        while part := file.read(_PART_BYTES):
            yield part


def _read_look(layers: Layers, query: Mapping[str, str]) -> tuple[View, list[float], Finish]:
    """Return the view, the share of each layer, and the finish that an address asks for."""
    view = _read_view(query, layers.size)
    if query.get("layer", RESULT) != RESULT:
        return view, layers.only(_whole(query, "layer", 0)), Finish()
    finish = Finish(_real(query, "blur"), _real(query, "sharpen"))
    given = query.get("strengths", "").split(",")
    shares = {name: _read_real(name, text) for name, text in zip(layers.names[1:], given, strict=False) if text}
    strengths.check(shares, layers.names)
    return view, layers.mix(shares), finish


def _read_view(query: Mapping[str, str], size: tuple[int, int]) -> View:
    """Return the view that an address asks for, cut to the result."""
    width, height = size
    x, y = (min(max(_whole(query, side, 0), 0), full - 1) for side, full in (("x", width), ("y", height)))
    w = min(max(_whole(query, "w", width), 1), width - x)
    h = min(max(_whole(query, "h", height), 1), height - y)
    zoom = min(_whole(query, "out", w) / w, 1.0, MAX_SIDE / max(w, h))
    return View(x, y, w, h, max(round(w * zoom), 1), max(round(h * zoom), 1))


def _whole(query: Mapping[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, str(otherwise))
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        msg = f"{name} must be a whole number of at most 9 digits, not {text[:20]!r}."
        raise OptionError(msg)
    return int(text)


def _real(query: Mapping[str, str], name: str) -> float:
    return _read_real(name, query.get(name, "0"))


def _read_real(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        msg = f"{name} must be a number, not {text[:20]!r}."
        raise OptionError(msg) from error


async def set_finish(request: Request) -> Response:
    """Record the live finish and the strengths of stages as set on the page."""
    picture, said = shared.picture(request), await shared.fields(request)
    shared.check_run(picture, said.get("run"))
    try:
        finish, given = _read_finish(said)
    except OptionError as error:
        raise HTTPException(422, f"This is no finish: {error}") from error
    picture.finish, picture.strengths = finish, given
    return Response(status_code=204)


def _read_finish(said: Mapping[str, Any]) -> tuple[Finish, dict[str, float]]:
    values: dict[str, Any] = {name: said.get(name) for name in ("blur", "sharpen")}
    finish, given = Finish(**values), said.get("strengths")
    if not isinstance(given, dict):
        msg = f"strengths must be an object of numbers by stage, not {type(given).__name__}."
        raise OptionError(msg)
    strengths.check(given, list(BY_NAME))
    return finish, given


async def excerpt(request: Request) -> Response:
    """Send a part of the photograph that was restored to judge the settings, before or after."""
    made = shared.picture(request).excerpt
    part = None if made is None else made[1].result
    if part is None or part.id != request.query_params.get("id"):
        raise HTTPException(404, "This part is no longer kept; reload the page.")
    path = part.before if request.query_params.get("side") == "before" else part.after
    return shared.file(path, "image/png", shared.PRIVATE)


async def plate(request: Request) -> Response:
    """Send the photograph as the stages see it, to look for damage."""
    job = shared.workshop(request).plate(shared.visitor(request), shared.picture(request))
    return shared.file(await shared.result(request, job), "image/jpeg", shared.PRIVATE)


async def damage(request: Request) -> Response:
    """Send how likely each pixel is damaged, as a grey picture; 202 while a job still looks for damage."""
    model = request.query_params.get("model", DETECTORS[0])
    if model not in (*DETECTORS, *own.files()):
        raise HTTPException(422, f"There is no detector {model}.")
    shop = shared.workshop(request)
    job = shop.damage(shared.visitor(request), shared.picture(request), model)
    match job.state:
        case State.DONE if job.result is not None:
            return shared.file(job.result, "image/png", shared.PRIVATE)
        case State.WAITING | State.RUNNING as state:
            headers = {**shared.FRESH, "Retry-After": "1"}
            return JSONResponse({"state": state.value}, status_code=202, headers=headers)
        case _:
            raise shared.failed(job)


async def mask(request: Request) -> Response:
    """Send the mask that a person corrected."""
    path = shared.picture(request).mask
    if path is None:
        raise HTTPException(404, "This photograph has no mask of its own.")
    return shared.file(path, "image/png", shared.FRESH)


async def keep_mask(request: Request) -> Response:
    """Record the mask as corrected on the page."""
    shop, picture = shared.workshop(request), shared.picture(request)
    file = await shared.file_in(request, shop.config.max_pixels * _MASK_BYTES + shared.MOST_FIELDS)
    job = shop.keep_mask(shared.visitor(request), picture, file)
    try:
        await shared.result(request, job)
    except HTTPException as refused:
        if refused.status_code == 422:
            refused.detail = f"This is no mask of the photograph: {refused.detail}"
        raise
    return Response(status_code=204)
