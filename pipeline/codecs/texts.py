"""Texts and comments of the photographer: where each format holds them."""

import re
from dataclasses import dataclass

from pipeline.codecs.xmp import PROPERTIES
from pipeline.notices import Notice

Texts = tuple[tuple[str, str], ...]
SOFTWARE, COMMENT, RESTORATION = "Software", "Comment", "Restoration"
"""Keywords of PNG; the last one is used where the photographer has a comment."""

MACHINE_MADE = re.compile(r"(date|exif|jpeg|png|tiff|icc|Thumb|signature)(:|$)|Software$|Restoration$|Creation Time$")
"""Keywords that programs write by themselves, from what a file states elsewhere."""

_PLACE = re.compile(r"gps|city|country|location|place|latitude|longitude", re.IGNORECASE)
_MOST_TOLD = 10
"""Keywords that a notice names."""

_KEYWORD_BYTES = 79


@dataclass(frozen=True)
class Placed:
    """Texts as a format can hold them."""

    texts: Texts = ()
    """For PNG, all; for JPEG, one comment."""

    properties: Texts = ()
    """For XMP, by the keywords of `PROPERTIES`."""

    notices: tuple[Notice, ...] = ()


def without_places(texts: Texts) -> Texts:
    """Return the texts whose keyword does not name a place."""
    return tuple((keyword, text) for keyword, text in texts if not _PLACE.search(keyword))


def place(texts: Texts, form: str, software: str, history: str) -> Placed:
    """Return where a format holds the photographer's texts, and beside them program and restoration steps.

    Parameters
    ----------
    texts : tuple of (str, str)
        Keywords and texts of the photograph.
    form : {'png', 'jpeg', 'webp', 'tiff'}
    software, history : str
        Written as texts to PNG only, since XMP holds them in every format; not at all if `history` is empty.
    """
    if form == "png":
        named = tuple((keyword, text) for keyword, text in texts if _is_keyword(keyword))
        return Placed(_with_history(named, software, history) if history else named)
    comments = tuple(pair for pair in texts if pair[0] == COMMENT)
    properties = tuple(pair for pair in texts if pair[0] in PROPERTIES and not (form == "jpeg" and pair in comments))
    lost = [keyword for keyword, _ in texts if keyword not in PROPERTIES and not MACHINE_MADE.match(keyword)]
    names = list(dict.fromkeys(lost))
    told = ", ".join(names[:_MOST_TOLD]) + (f", … ({len(names)})" if len(names) > _MOST_TOLD else "")
    notices = (Notice("texts-no-place", keywords=told, format=form.upper()),) if lost else ()
    joined = ((COMMENT, "\n".join(text for _, text in comments)),) if comments and form == "jpeg" else ()
    return Placed(joined, properties, notices)


def _is_keyword(keyword: str) -> bool:
    """Return whether PNG allows a keyword: 1 to 79 bytes of printable Latin-1."""
    try:
        return 1 <= len(keyword.encode("latin-1")) <= _KEYWORD_BYTES and keyword.isprintable()
    except UnicodeEncodeError:
        return False


def _with_history(texts: Texts, software: str, history: str) -> Texts:
    """Return the texts with the steps of this restoration behind those of earlier ones."""
    is_ours = (SOFTWARE, software) in texts
    keyword = COMMENT if is_ours or COMMENT not in dict(texts) else RESTORATION
    if RESTORATION in dict(texts):
        keyword = RESTORATION
    earlier = [text for name, text in texts if name == keyword]
    others = tuple((name, text) for name, text in texts if name != keyword)
    named = () if SOFTWARE in dict(texts) else ((SOFTWARE, software),)
    return (*others, *named, (keyword, "\n".join([*earlier, history])))
