"""Files to download: requested, made by a job, then fetched. Streamlit's own downloads would stay in memory."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from api import shared
from pipeline import notices
from pipeline.errors import OptionError
from studio import downloads
from studio.album import Album
from studio.jobs import Job, State
from studio.picture import Made


async def make(request: Request) -> Response:
    """Submit the job that makes a file: a restored picture, one beside its original, or a ZIP of all of an album."""
    shop, album, asked = shared.workshop(request), shared.album(request), await shared.fields(request)
    language = next((code for code in notices.languages() if code == asked.get("language")), "en")
    output, name, visitor = downloads.read_output(asked), _read_name(asked), shared.visitor(request)
    if "number" in request.path_params and asked.get("share") is True:
        made = shop.share(visitor, album, shared.picture(request), language)
    elif "number" in request.path_params:
        made = shop.download(visitor, album, shared.picture(request), output, name, language)
    else:
        made = shop.download_all(visitor, album, output, language)
    return JSONResponse({"job": made.id}, status_code=202)


def _read_name(asked: Mapping[str, Any]) -> str:
    name = asked.get("name", "")
    if not isinstance(name, str):
        msg = f"name must be a text, not {type(name).__name__}."
        raise OptionError(msg)
    return name


async def job(request: Request) -> Response:
    """Send the state of a job that makes a file, and the file's path when it is done."""
    album = shared.album(request)
    asked = album.downloads.get(request.path_params["job"])
    if asked is None:
        raise HTTPException(404, "This file is no longer kept; make it again.")
    return JSONResponse(_about(asked, album), headers=shared.FRESH)


def _about(job: Job[Made], album: Album) -> dict[str, object]:
    match job.state:
        case State.DONE if job.result is not None:
            file = job.result.path.relative_to(album.folder).as_posix()
            return {"state": "done", "file": file, "notices": job.result.notices}
        case State.WAITING | State.RUNNING as state:
            return {"state": state.value}
        case _:
            return {"state": "failed", "error": shared.failure(job)}


async def fetch(request: Request) -> Response:
    """Send a file that was made, as a download."""
    album = shared.album(request)
    path = _find(album, request.path_params["path"])
    if path is None:
        raise HTTPException(404, "This file is no longer kept; make it again.")
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(path.name)}",
        "Content-Encoding": "identity",  # it is compressed as far as its format goes
        **shared.FRESH,
    }
    return FileResponse(path, headers=headers)


def _find(album: Album, name: str) -> Path | None:
    """Return a file that was made, by its path in the album's folder; None where there is none."""
    with suppress(ValueError, OSError):  # no path can hold a null or thousands of letters
        path = (album.folder / name).resolve()
        inside = path.is_relative_to(album.folder.resolve()) and path.parents[1].name == downloads.FOLDER
        return path if inside and path.is_file() else None
    return None
