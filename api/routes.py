"""What the page fetches beside Streamlit's own messages: pixels to look at, and files to download.

Streamlit's own pictures are reduced and encoded anew, and its downloads stay in memory; these are neither.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from models import own
from pipeline import strengths
from pipeline.codecs.encode import for_screen
from pipeline.errors import OptionError, StudioError
from pipeline.finish import Finish
from pipeline.methods.detection import DETECTORS
from pipeline.stages import BY_NAME
from studio import damage_map, downloads, preview
from studio.album import Album, Picture
from studio.layers import View
from studio.workshop import workshop

MAX_SIDE = 4096
"""Pixels of a side of a view; a larger screen gets it enlarged."""

_UNREADABLE = Path(__file__).parent / "unreadable.svg"

RESULT = "result"
"""Name of the blend of all pictures, finished, in the address of a view; a number stands for one of them."""


async def _preview(request: Request) -> Response:
    """Send the photograph as it came, at screen size; a sign where it cannot be read."""
    picture = _picture(request)
    made = await run_in_threadpool(preview.at, picture)
    if made.error is not None:
        return FileResponse(_UNREADABLE, media_type="image/svg+xml", headers=_private())
    return FileResponse(made.preview, media_type="image/jpeg", headers=_private())


async def _view(request: Request) -> Response:
    """Send a part of the photograph, of the picture after a stage, or of the result: lossless, and never enlarged."""
    picture = _picture(request)
    if picture.restored is None:
        raise HTTPException(404, "This photograph is not restored yet.")
    _same_run(picture, request.query_params.get("run"))
    data = await run_in_threadpool(_look, picture, request.query_params)
    return Response(data, media_type="image/png", headers=_private())


def _look(picture: Picture, query: Mapping[str, str]) -> bytes:
    layers = picture.done.layers
    try:
        view = _read_view(query, layers.size)
        if query.get("layer", RESULT) == RESULT:
            finish = Finish(float(query.get("blur", 0)), float(query.get("sharpen", 0)))
            given = query.get("strengths", "").split(",")
            strengths = {name: float(text) for name, text in zip(layers.names[1:], given, strict=False) if text}
            image = layers.look(view, layers.mix(strengths), finish)
        else:
            image = layers.look(view, layers.only(int(query["layer"])), Finish())
    except (ValueError, KeyError) as error:  # also OptionError
        raise HTTPException(422, f"This is no view of the picture: {error}.") from error
    return for_screen(image)


def _read_view(query: Mapping[str, str], size: tuple[int, int]) -> View:
    """Return the view that an address asks for, cut to the result."""
    width, height = size
    x, y = (min(max(int(query.get(side, 0)), 0), full - 1) for side, full in (("x", width), ("y", height)))
    w = min(max(int(query.get("w", width)), 1), width - x)
    h = min(max(int(query.get("h", height)), 1), height - y)
    zoom = min(int(query.get("out", w)) / w, 1.0, MAX_SIDE / max(w, h))
    return View(x, y, w, h, max(round(w * zoom), 1), max(round(h * zoom), 1))


async def _finish(request: Request) -> Response:
    """Take the live finish and the strengths of stages as they stand on the page."""
    picture, said = _picture(request), await request.json()
    _same_run(picture, said.get("run"))
    try:
        finish = Finish(said["blur"], said["sharpen"])
        strengths.check(said["strengths"], list(BY_NAME))
    except (KeyError, OptionError) as error:
        raise HTTPException(422, f"This is no finish: {error}.") from error
    picture.finish, picture.strengths = finish, said["strengths"]
    return Response(status_code=204)


async def _plate(request: Request) -> Response:
    """Send the photograph as the stages see it, to look for damage."""
    path = await _made(damage_map.plate, _picture(request))
    return FileResponse(path, media_type="image/jpeg", headers=_private())


async def _damage(request: Request) -> Response:
    """Send how likely each pixel is damaged, as a grey picture."""
    model = request.query_params.get("model", DETECTORS[0])
    if model not in (*DETECTORS, *own.files()):
        raise HTTPException(422, f"There is no detector {model}.")
    path = await _made(damage_map.found, _picture(request), model)
    return FileResponse(path, media_type="image/png", headers=_private())


async def _made(make: Callable[..., Path], *args: object) -> Path:
    try:
        return await run_in_threadpool(make, *args)
    except StudioError as error:
        raise HTTPException(422, str(error)) from error


async def _mask(request: Request) -> Response:
    """Send the mask that a person corrected."""
    path = _picture(request).mask
    if path is None:
        raise HTTPException(404, "This photograph has no mask of its own.")
    return FileResponse(path, media_type="image/png", headers={"Cache-Control": "no-store"})


async def _keep_mask(request: Request) -> Response:
    """Take the mask as it stands on the page."""
    picture, data = _picture(request), await request.body()
    try:
        await run_in_threadpool(damage_map.keep, picture, data)
    except (StudioError, ValueError) as error:
        raise HTTPException(422, f"This is no mask of the photograph: {error}") from error
    return Response(status_code=204)


async def _make(request: Request) -> Response:
    """Make a file on demand: a restored picture, or a ZIP of all of an album."""
    album = _album(request)
    asked = await request.json()
    number = request.path_params.get("number")
    try:
        output = downloads.read_output(asked)
        if number is None:
            path, notices = await run_in_threadpool(downloads.make_zip, album, output)
        else:
            picture, stem = _picture(request), str(asked.get("name", ""))
            path, notices = await run_in_threadpool(downloads.make, picture, output, stem)
    except StudioError as error:
        raise HTTPException(422, str(error)) from error
    return JSONResponse({"file": path.relative_to(album.folder).as_posix(), "notices": notices})


async def _file(request: Request) -> Response:
    """Send a file that was made, as a download."""
    album = _album(request)
    path = (album.folder / request.path_params["path"]).resolve()
    if (
        not path.is_relative_to(album.folder.resolve())
        or path.parents[1].name != downloads.FOLDER
        or not path.is_file()
    ):
        raise HTTPException(404, "This file is no longer kept; make it again.")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
        "Content-Encoding": "identity",  # it is compressed as far as its format goes
        "Cache-Control": "no-store",  # the next one of this name is another
    }
    return FileResponse(path, headers=headers)


def _album(request: Request) -> Album:
    album = workshop().shelf.get(request.path_params["album"])
    if album is None:
        raise HTTPException(404, "These photographs are no longer kept.")
    return album


def _picture(request: Request) -> Picture:
    pictures, number = _album(request).pictures, request.path_params["number"]
    if number >= len(pictures):
        raise HTTPException(404, "There is no such photograph.")
    return pictures[number]


def _same_run(picture: Picture, run: str | None) -> None:
    """Refuse what a page asks of a result that another page has replaced since."""
    if run is not None and (picture.restored is None or run != picture.restored.layers.id):
        raise HTTPException(409, "This photograph was restored again; reload the page.")


def _private() -> dict[str, str]:
    """Keep pictures in the visitor's own browser only; addresses hold all that they depend on."""
    return {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}


ROUTES: list[BaseRoute] = [
    Route("/studio/{album}/{number:int}/preview", _preview),
    Route("/studio/{album}/{number:int}/view", _view),
    Route("/studio/{album}/{number:int}/finish", _finish, methods=["POST"]),
    Route("/studio/{album}/{number:int}/plate", _plate),
    Route("/studio/{album}/{number:int}/damage", _damage),
    Route("/studio/{album}/{number:int}/mask", _mask),
    Route("/studio/{album}/{number:int}/mask", _keep_mask, methods=["PUT"]),
    Route("/studio/{album}/{number:int}/make", _make, methods=["POST"]),
    Route("/studio/{album}/make", _make, methods=["POST"]),
    Route("/studio/{album}/files/{path:path}", _file),
]
