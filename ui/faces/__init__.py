"""The faces of a photograph: outlined on it, with a list that switches each on or off and sets its strength."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import streamlit as st

from pipeline.errors import QueueFull, StudioError
from pipeline.plan import Plan
from pipeline.plan import stage as make
from pipeline.stages import Faces
from pipeline.stages.faces import Seen, containing
from studio.album import Album
from studio.face_finder import Found
from studio.jobs import Job
from studio.picture import Picture
from ui import address
from ui.components import component, spans
from ui.keys import key
from ui.parts import preview
from ui.parts.face_strengths import STRENGTH, STRENGTHS, address_of
from ui.parts.polling import draw_again_once, pause
from ui.shop import visitor, workshop
from ui.words import explain, plain, say

HERE = Path(__file__).parent
SHARED = HERE.parent / "viewer" / "controls.css", HERE / "ovals.css"
"""Styles of every component that shows faces."""

_LABELS = ("label", "all", "strength.all", "reset")
_LATER = "{number}"
"""What the browser fills in."""

_MOST = 12
"""Faces in the list until a person asks for all."""

_EVERY = 0.5
"""Seconds between two looks at a job."""

_component = component(HERE / "faces", *SHARED)


def offer(album: Album, number: int, plan: Plan) -> bool:
    """Draw a photograph with its faces and their list, where a plan restores them; return whether it is drawn."""
    stage = next((stage for stage in plan.stages if stage.name == Faces.name), None)
    if stage is None:
        return False
    picture = album.numbered[number]
    enlarged = math.prod(each.enlarges for each in plan.stages)
    job = _found(picture, enlarged)
    if job is not None and job.result:
        _list(album, number, asdict(stage), job.result)
        return True
    preview.show(album, number)
    if job is None or not job.finished:
        draw_again_once(lambda: _is_known(picture, enlarged), pause(job, _EVERY), say("faces.looking"))
    elif job.error is None:
        st.caption(say("faces.none"))
    else:
        inside = say("error.inside", reference=plain(job.id))
        st.error(explain(job.error) if isinstance(job.error, StudioError) else inside)
    return True


def _found(picture: Picture, enlarged: float) -> Job[Found] | None:
    """Return the job that finds the faces; None where too many visitors wait."""
    try:
        return workshop().faces(visitor(), picture, enlarged)
    except QueueFull:
        return None


def _is_known(picture: Picture, enlarged: float) -> bool:
    job = _found(picture, enlarged)
    return job is not None and job.finished


def _list(album: Album, number: int, options: Mapping[str, Any], seen: Sequence[Seen]) -> None:
    picture = album.numbered[number]
    here = key("faces", album.id, number, picture.page)
    own = _own(options, seen, picture.size)
    data = {
        "image": preview.address(album, number),
        "faces": [_face(each, picture.size, own.get(each.number), options) for each in seen],
        "strength": spans(Faces)[STRENGTH] | {"value": options[STRENGTH]},
        "most": _MOST,
        "labels": {name: say(f"faces.{name}") for name in _LABELS}
        | {name: say(f"faces.{name}", number=_LATER) for name in ("face", "strength")}
        | {"more": say("faces.more", count=len(seen)), "alt": say("preview.alt", name=picture.name)},
    }
    _component(data=data, key=here, on_edit_change=lambda: _keep(album, st.session_state[here].edit))


def _face(seen: Seen, size: tuple[int, int], strength: float | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a face as the browser draws it."""
    reason = "" if options["always"] or not seen.reason else say("faces.probably", reason=say(f"faces.{seen.reason}"))
    return {"number": seen.number, "box": box(seen.face.box, size), "reason": reason, "strength": strength}


def _own(options: Mapping[str, Any], seen: Sequence[Seen], size: tuple[int, int]) -> dict[int, float]:
    """Return the strengths of faces that have their own, by their numbers."""
    points = [tuple(map(float, point.split(","))) for point in options[STRENGTHS].split()]
    faces = [each.face for each in seen]
    named = [containing(faces, x * size[0], y * size[1]) for x, y, _ in points]
    return {seen[at].number: point[2] for at, point in zip(named, points, strict=True) if at is not None}


def box(pixels: Sequence[float], size: tuple[int, int]) -> list[float]:
    """Return left, top, width and height as shares of a picture of a size."""
    return [round(each / size[index % 2], 4) for index, each in enumerate(pixels)]


def _keep(album: Album, edit: Any) -> None:
    """Write what a person changed in the list into the address; faces are of this photograph alone."""
    address.narrow(album)
    first = make(Faces.name, {})
    for name in (STRENGTH, STRENGTHS):
        address.record(address_of(name), edit[name], getattr(first, name))
