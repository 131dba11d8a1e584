"""What became of each face: before and after pixel by pixel, and whether it is the same person."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import streamlit as st

from pipeline.notices import Value
from pipeline.stages import Faces
from pipeline.stages.faces import rows
from studio.album import Album
from studio.picture import Picture
from ui.components import component
from ui.faces import HERE, SHARED, box
from ui.keys import key
from ui.words import listed, say, sentences

_WIDER = 1.5
"""Sides of what is shown, in sides of a face."""

_BY_ITSELF = ("face-small", "face-turned", "face-blurred", "face-sharp")
"""Outcomes of faces that the stage leaves alone unless it must act always."""

_component = component(HERE / "proof", *SHARED)


def show(album: Album, number: int) -> None:
    """Draw what became of the faces of a restored photograph, where there are any."""
    picture = album.numbered[number]
    faces = rows(picture.done.notices)
    if not faces:
        return
    run = picture.done.layers.id
    with st.container(key="proof"):
        st.subheader(say("faces.title"), anchor=False)
        st.markdown(sentence(faces))
        data = {
            "faces": [_face(album, number, face) for face in faces],
            "labels": {name: say(f"faces.{name}") for name in ("label", "before", "after")}
            | {"full": say("viewer.full")},
        }
        _component(data=data, key=key("proof", album.id, number, run))


def outlined(picture: Picture) -> list[dict[str, Any]]:
    """Return the faces of a restored photograph, to be outlined on it."""
    return [
        {"number": face["number"], "box": _shares(picture, face), "isOff": not _is_restored(face)}
        for face in rows(picture.done.notices)
    ]


def sentence(faces: list[dict[str, Value]]) -> str:
    """Return how many faces were restored, and why the others were left alone."""
    done, count = sum(map(_is_restored, faces)), len(faces)
    left = sorted((face for face in faces if not _is_restored(face)), key=lambda face: str(face["outcome"]))
    if count == 1:
        return say("faces.one.left", reason=say(f"faces.{left[0]['outcome']}")) if left else say("faces.one.done")
    told = say("faces.all.done" if done == count else "faces.some.done", done=done, count=count)
    reasons = [
        f"{say(f'faces.{outcome}')} ({listed(str(face['number']) for face in same)})"
        for outcome, same in groupby(left, key=lambda face: face["outcome"])
    ]
    return sentences(told, say("faces.some.left", reason=listed(reasons))) if left else told


def declined(faces: list[dict[str, Value]]) -> bool:
    """Return whether every face was left alone, and some only because the stage was not told to act always."""
    return not any(map(_is_restored, faces)) and any(face["outcome"] in _BY_ITSELF for face in faces)


def _face(album: Album, number: int, face: Mapping[str, Value]) -> dict[str, Any]:
    """Return a face as the browser draws it: with the addresses of its pictures, and what is said of it."""
    picture = album.numbered[number]
    outcome, is_restored = face["outcome"], _is_restored(face)
    verdict = say(f"faces.{outcome}")
    layer = picture.done.layers.names.index(Faces.name)
    pictures = [f"studio/{album.id}/{number}/view?{_query(picture, face, at)}" for at in (layer - 1, layer)]
    return {
        "number": face["number"],
        "verdict": verdict if is_restored else say("faces.left", reason=verdict),
        "figures": _figures(face),
        "pictures": pictures if is_restored else pictures[:1],
        "label": say("faces.face", number=face["number"]),
    }


def _figures(face: Mapping[str, Value]) -> str:
    if _is_restored(face):
        return say("faces.figures", identity=face["identity"], percent=round(100 * float(face["strength"])))
    return say("faces.figures.another", identity=face["cosine"]) if "cosine" in face else ""


def _query(picture: Picture, face: Mapping[str, Value], layer: int) -> str:
    """Return the part of an address that shows a face and what is around it, pixel by pixel."""
    layers = picture.done.layers
    left, top, width, height = (float(face[side]) * layers.enlarged for side in ("left", "top", "width", "height"))
    x, w = left - (_WIDER - 1) / 2 * width, _WIDER * width
    y, h = top - (_WIDER - 1) / 2 * height, _WIDER * height
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, layers.size[0]), min(y + h, layers.size[1])
    sides = {"x": x0, "y": y0, "w": x1 - x0, "h": y1 - y0, "out": x1 - x0}
    query = {"run": layers.id, "layer": layer} | {name: round(side) for name, side in sides.items()}
    return "&".join(f"{name}={value}" for name, value in query.items())


def _shares(picture: Picture, face: Mapping[str, Value]) -> list[float]:
    layers = picture.done.layers
    pixels = [float(face[side]) * layers.enlarged for side in ("left", "top", "width", "height")]
    return box(pixels, layers.size)


def _is_restored(face: Mapping[str, Value]) -> bool:
    return "identity" in face
