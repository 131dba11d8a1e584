"""Choose the page of a TIFF file that is the photograph."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.codecs import tags
from pipeline.errors import PhotoUnreadable
from pipeline.notices import Notice

SUBFILE_TYPE, OLD_SUBFILE_TYPE, WIDTH, HEIGHT, COMPRESSION, PHOTOMETRIC = 254, 255, 256, 257, 259, 262
SAMPLES, DEPTH, TILE_WIDTH, TILE_HEIGHT, TILE_DEPTH, SUB_TABLES, DNG_VERSION = 277, 32997, 322, 323, 32998, 330, 50706
ONE_NUMBER = (WIDTH, HEIGHT, SAMPLES, DEPTH, TILE_WIDTH, TILE_HEIGHT, TILE_DEPTH)
"""Tags that hold one number; the reader of pages multiplies them without looking."""

REDUCED, MASK = 1, 4
OLD_REDUCED = 2
GREY = (0, 1)
CFA, LINEAR_RAW = 32803, 34892
RAW_COMPRESSIONS = (32767, 32769, 34713, 65000, 65535)
"""Of Sony, Epson, Nikon, Kodak and Pentax."""

RAW_MARKS = ((8, b"CR"), (8, b"IIII"), (8, b"MMMM"))
"""Canon's and Phase One's own headers, behind that of TIFF."""

MOST_PAGES, MOST_SUB_TABLES = 1000, 8
PREVIEW = 4
"""A page of at most a quarter of the largest one's pixels, a half of each side, is a preview of it."""


@dataclass(frozen=True)
class Page:
    """What the tags of one page state."""

    index: int
    size: tuple[int, int]
    is_reduced: bool
    """Whether it is marked as a reduced copy or a mask of another page."""

    is_raw: bool
    is_grey: bool = False
    """Whether it may hold a scanner's infrared channel: grey, and not marked as a reduced copy."""

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.size[0] * self.size[1]


@dataclass(frozen=True)
class Choice:
    """The page to be read."""

    page: Page
    count: int
    """Number of pages that are pictures of their own."""

    number: int
    """Which of them `page` is, from 1."""

    notices: tuple[Notice, ...]
    infrared: int | None = None
    """Index of the page that may hold the scanner's infrared channel of this one."""


def choose(data: bytes, wanted: int | None) -> Choice:
    """Return the page that a person asked for, or the first one that is not a small preview of another.

    Parameters
    ----------
    data : bytes
        The whole file.
    wanted : int or None
        From 1; pages that are marked as reduced copies are not counted.

    Raises
    ------
    ValueError
        If the tags are damaged.
    PhotoUnreadable
        If the file holds a camera's raw data, or has no such page.
    """
    has_mark = any(data.startswith(mark, at) for at, mark in RAW_MARKS)
    found = [] if has_mark else list(_pages(data))
    pages = found[:MOST_PAGES]
    if has_mark or any(page.is_raw for page in pages):
        msg = "Expected a photograph, got a camera's raw data. Develop it in a raw converter and save it as TIFF."
        raise PhotoUnreadable(msg)
    whole = [page for page in pages if not page.is_reduced] or pages
    if wanted is not None:
        if wanted > len(whole):
            msg = f"Expected a page from 1 to {len(whole)}, got {wanted}. Choose another page."
            raise PhotoUnreadable(msg)
        chosen = whole[wanted - 1]
        return Choice(chosen, len(whole), wanted, _left_out(found), _infrared(pages, chosen))
    largest = max(page.pixels for page in whole)
    pictures = [page for page in whole if page.pixels * PREVIEW > largest] or whole
    page, notices = pictures[0], [*_left_out(found)]
    infrared = _infrared(pages, page)
    if page.index > 0:
        notices.append(Notice("preview-skipped", page=page.index + 1, pages=len(pages), w=page.size[0], h=page.size[1]))
    if sum(each.index != infrared for each in pictures) > 1:
        notices.append(Notice("first-frame", format="TIFF"))
    return Choice(page, len(whole), whole.index(page) + 1, tuple(notices), infrared)


def _infrared(pages: list[Page], chosen: Page) -> int | None:
    """Return the index of a grey page of the same size behind a coloured one; there may be a small copy between."""
    behind = [page for page in pages[chosen.index + 1 :] if page.pixels * PREVIEW > chosen.pixels]
    found = next((page for page in behind if page.is_grey or not page.is_reduced), None)
    is_infrared = found is not None and not chosen.is_grey and found.is_grey and found.size == chosen.size
    return found.index if found and is_infrared else None


def _left_out(found: list[Page]) -> tuple[Notice, ...]:
    return (Notice("pages-left-out", limit=MOST_PAGES),) if len(found) > MOST_PAGES else ()


def _pages(data: bytes) -> Iterator[Page]:
    """Yield the pages, at most one more than are used; a damaged table behind the first one ends them."""
    offset, seen, left = tags.first_table(data), set[int](), 4 * len(data) + (1 << 24)
    while (offset or not seen) and offset not in seen and len(seen) <= MOST_PAGES:
        try:
            entries, link = tags.read_table(data, offset)
        except ValueError:
            if seen:
                return
            raise
        left -= sum(len(entry.value) for entry in entries.values())
        if left < 0:
            msg = "the values of the pages overlap"
            raise ValueError(msg)
        yield _page(data, len(seen), entries)
        seen.add(offset)
        offset = tags.next_table(data, link)


def _page(data: bytes, index: int, entries: dict[int, tags.Entry]) -> Page:
    for tag in ONE_NUMBER:
        if tag in entries and (entries[tag].count != 1 or tags.number(data, entries[tag]) is None):
            msg = f"tag {tag} must hold one whole number"
            raise ValueError(msg)
    width, height = (tags.number(data, entries.get(tag)) or 0 for tag in (WIDTH, HEIGHT))
    kind = tags.number(data, entries.get(SUBFILE_TYPE)) or 0
    reduced = bool(kind & (REDUCED | MASK)) or tags.number(data, entries.get(OLD_SUBFILE_TYPE)) == OLD_REDUCED
    inner = [_table(data, offset) for offset in tags.numbers(data, entries.get(SUB_TABLES))[:MOST_SUB_TABLES]]
    is_raw = any(_is_raw(data, table) for table in (entries, *inner))
    photometric, samples = (tags.number(data, entries.get(tag)) for tag in (PHOTOMETRIC, SAMPLES))
    is_grey = photometric in GREY and samples in (None, 1) and not kind & REDUCED
    return Page(index, (width, height), reduced, is_raw, is_grey)


def _table(data: bytes, offset: int) -> dict[int, tags.Entry]:
    try:
        return tags.read_table(data, offset)[0]
    except ValueError:
        return {}


def _is_raw(data: bytes, entries: dict[int, tags.Entry]) -> bool:
    """Return whether a table describes a camera's raw data."""
    return (
        DNG_VERSION in entries
        or tags.number(data, entries.get(PHOTOMETRIC)) in (CFA, LINEAR_RAW)
        or tags.number(data, entries.get(COMPRESSION)) in RAW_COMPRESSIONS
    )
