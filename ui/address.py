"""The page's address: the album, the photograph and the settings in it, so that reloading finds them again."""

from collections.abc import Callable, Iterable
from math import isfinite
from typing import NoReturn, TypeVar

import streamlit as st

from studio.album import Album
from ui.shop import workshop
from ui.words import KEY as LANGUAGE
from ui.words import say

T = TypeVar("T")

ALBUM = "album"
PICTURE = "picture"
RESTARTED = "restarted"
"""Names in the address; the last one tells that the server, and with it the photographs, went away."""

FOR, ALL, ONE = "for", "all", "this"
"""Name in the address, and its values: whether the settings in it are for all photographs of a list, or for one."""

_PLACES = ("faces.strengths", "colorize.hints")
"""Settings that name places on one photograph; another one has none of them."""

_OUTSIDE = (ALBUM, PICTURE, RESTARTED, LANGUAGE)
"""Names in the address that are no settings of a restoration."""


_KNOWN = "address.known"
"""Place in the session of the address written last, and of those that it replaced since the browser moved."""
_MOST_KNOWN = 8


def arrive() -> None:
    """Accept the browser's address; the first thing that a run of the whole page does.

    With every message the browser sends the address that it has. Where somebody changes two settings faster than the
    server answers, the second message comes with the address before the first: see `record`.
    """
    older, current = _known()
    here = st.query_params.to_dict()
    st.session_state[_KNOWN] = (older if here == current else (), here)


def draw_again() -> None:
    """Run the whole page again from a fragment; not yet, where the browser's address is behind a setting's change."""
    older, _ = _known()
    if st.query_params.to_dict() not in older:
        st.rerun(scope="app")


def _known() -> tuple[tuple[dict[str, str], ...], dict[str, str] | None]:
    known: tuple[tuple[dict[str, str], ...], dict[str, str] | None] = st.session_state.get(_KNOWN, ((), None))
    return known


def album() -> Album | None:
    """Return the album in the address."""
    album_id = st.query_params.get(ALBUM)
    if not album_id:
        return None
    found = workshop().album(album_id)
    if found is None:
        _forget()
        st.info(say("album.gone"))
    return found


def picture(album: Album) -> int | None:
    """Return the number of the photograph that is open; None where the list of several is."""
    number = asked(PICTURE, int)
    if number in album.numbered:
        return number
    if len(album.numbered) == 1:
        return next(iter(album.numbered))
    if number is not None:
        close(album)
        st.info(say("album.removed"))
    return None


def enter(album: Album) -> NoReturn:
    """Go to an album."""
    _replace({ALBUM: album.id})
    st.rerun()


def leave(album: Album) -> NoReturn:
    """Go back to the first screen; the album stays where it is."""
    st.query_params.from_dict(_for_all(album))
    _forget()
    st.rerun()


def open_picture(album: Album, number: int) -> NoReturn:
    """Open one photograph of an album, with its own settings where it has some."""
    place = _for_all(album) | {PICTURE: str(number)}
    own = album.numbered[number].own
    if own is not None:
        album.settings = _settings(place)
        place = _outside(place) | dict(own.address) | {FOR: ONE}
    st.query_params.from_dict(place)
    st.rerun(scope="app")


def close(album: Album) -> None:
    """Go back to the list; for a button's `on_click`."""
    place = _for_all(album)
    place.pop(PICTURE, None)
    st.query_params.from_dict(place)


def is_for_one() -> bool:
    """Return whether the settings are for one photograph of a list alone."""
    return st.query_params.get(FOR) == ONE


def narrow(album: Album) -> None:
    """Let the settings be for the photograph that is open alone; those for all stay as they are."""
    if not is_for_one() and len(album.numbered) > 1:
        album.settings = _settings(_without(*_PLACES))
        record(FOR, ONE, ALL)


def widen() -> None:
    """Let the settings that are here be for all photographs."""
    record(FOR, ALL, ALL)


def reset(album: Album) -> None:
    """Let the open photograph have the settings for all; for a button's `on_click`."""
    st.query_params.from_dict(_for_all(album))


def settings() -> dict[str, str]:
    """Return the settings in the address."""
    return _settings(st.query_params.to_dict())


def _settings(place: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in place.items() if name not in _OUTSIDE}


def _outside(place: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in place.items() if name in _OUTSIDE}


def _for_all(album: Album) -> dict[str, str]:
    """Return the address with the settings for all photographs, which name no places on one."""
    place = _without(FOR, *_PLACES)
    return _outside(place) | dict(album.settings) if is_for_one() else place


def forget_places() -> None:
    """Remove the settings that name places on the photograph that was open."""
    st.query_params.from_dict(_without(*_PLACES))


def asked(key: str, read: Callable[[str], T]) -> T | None:
    """Return what the address says of a setting; None where it says nothing, or what `read` refuses by a ValueError."""
    text = st.query_params.get(key)
    if text is None:
        return None
    try:
        return read(text)
    except ValueError:
        return None


def setting(key: str, read: Callable[[str], T], default: T) -> T:
    """Return a setting as the address says, else its default; the widget of that key shows it, with `keep` for changes.

    So Back, Forward and Reload find every setting. Streamlit's own binding writes a choice as people read it, so that
    the address would change with the language, and forgets what is not drawn, such as the settings of a photograph that
    is being restored.
    """
    found = asked(key, read)
    value = default if found is None else found
    st.session_state[key] = value
    return value


def keep(key: str, default: object) -> None:
    """Write what a widget was set to into the address; for the widget's `on_change`."""
    record(key, st.session_state[key], default)


def one_of(options: Iterable[T]) -> Callable[[str], T]:
    """Return what reads one of these options from an address."""
    known = {_written(option): option for option in options}

    def read(text: str) -> T:
        if text not in known:
            raise ValueError(text)
        return known[text]

    return read


def switch(text: str) -> bool:
    """Read from an address whether a switch is on."""
    return one_of((True, False))(text)


def within(low: float, high: float) -> Callable[[str], float]:
    """Return what reads a number from an address, and brings it into a range."""

    def read(text: str) -> float:
        number = float(text)
        if not isfinite(number):
            raise ValueError(text)
        return min(max(number, low), high)

    return read


def record(key: str, choice: object, default: object) -> None:
    """Write a choice into the address, unless it is the default; changes that the browser has not seen yet stay."""
    older, current = _known()
    if current is not None and st.query_params.to_dict() in older:
        st.query_params.from_dict(current)
    before = st.query_params.to_dict()
    if choice != default:
        st.query_params[key] = _written(choice)
    elif key in st.query_params:
        del st.query_params[key]
    here = st.query_params.to_dict()
    if here != before:
        replaced = [place for place in (*older, before) if place != here]
        st.session_state[_KNOWN] = (tuple(replaced[-_MOST_KNOWN:]), here)


def _written(choice: object) -> str:
    return str(choice).lower() if isinstance(choice, bool) else str(choice)


def _forget() -> None:
    _replace({})


def _replace(place: dict[str, str]) -> None:
    """Write another place into the address, in one entry of the browser's history; the settings stay."""
    st.query_params.from_dict(_without(ALBUM, PICTURE, RESTARTED, FOR, *_PLACES) | place)


def _without(*names: str) -> dict[str, str]:
    """Return the address without some names."""
    return {name: text for name, text in st.query_params.items() if name not in names}
