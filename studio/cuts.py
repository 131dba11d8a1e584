"""Cut photographs out of scans: find their outlines, and put the cut ones into the place of the scan."""

import threading
from collections.abc import Sequence
from itertools import count

from pipeline import scans
from pipeline.batch.split import single
from pipeline.errors import OptionError
from pipeline.photo import Output, Photo, encode_photo, read_photo
from pipeline.scans import Outline
from pipeline.scans.outline import INSET
from studio.album import Album
from studio.jobs import Job, JobQueue, is_useful
from studio.picture import Picture
from studio.shelf import Shelf

Corners = Sequence[tuple[float, float]]
"""Four corners as shares of width and height, clockwise from the print's top left."""


class Cuts:
    """Finds prints on scans, and cuts them out.

    Parameters
    ----------
    queue : JobQueue
        Each job holds one scan in memory.
    shelf : Shelf
        Where the albums are.
    max_pixels : int
        Of a scan; a larger one is reduced, as memory is shared by all visitors.
    """

    def __init__(self, queue: JobQueue, shelf: Shelf, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._queue = queue
        self._shelf = shelf
        self._lock = threading.Lock()

    def find(self, visitor: str, picture: Picture) -> Job[list[Corners]]:
        """Return the job that finds the prints on a scan, none where it is one picture; submitted once.

        Raises
        ------
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        with self._lock:
            job = picture.outlines
            if job is None or not is_useful(job):
                job = picture.outlines = self._queue.submit(lambda _: self._found(picture), visitor, light=True)
            return job

    def cut(self, visitor: str, album: Album, number: int, outlines: Sequence[Corners]) -> Job[list[int]]:
        """Return the job that replaces a scan by the photographs on it; its result are their numbers.

        Parameters
        ----------
        visitor : str
        album : Album
        number : int
            Of the scan.
        outlines : sequence of corners
            One for each photograph.

        Raises
        ------
        OptionError
            If an outline is not convex, or there is none.
        QueueFull
            If too many visitors wait, or too many jobs of this one.
        """
        if not outlines:
            msg = "Expected at least one outline to cut along, got none. Add one."
            raise OptionError(msg)
        for corners in outlines:
            _outline(corners, (1000, 1000))  # refuses what cannot be cut before it waits
        picture = album.numbered[number]
        return self._queue.submit(lambda _: self._replaced(album, number, picture, outlines), visitor)

    def _replaced(self, album: Album, number: int, picture: Picture, outlines: Sequence[Corners]) -> list[int]:
        if album.numbered.get(number) is not picture or picture.busy:  # another tab was faster
            msg = f"Expected a photograph of the list that is at rest, got {picture.name}. Reload the page."
            raise OptionError(msg)
        scan = self._read(picture)
        files = []
        for place, corners in zip(count(1), outlines):
            photo = single(scan, _outline(corners, scan.size), place)
            name = picture.name if len(outlines) == 1 else f"{photo.name}.png"
            files.append((name, encode_photo(photo.pixels, photo, Output("png")).data))
        added = self._shelf.add(album, files)
        album.set_aside(number, added)
        return added

    def _found(self, picture: Picture) -> list[Corners]:
        scan = self._read(picture)
        width, height = scan.size
        return [[(x / width, y / height) for x, y in outline.corners] for outline in scans.find(scan.pixels)]

    def _read(self, picture: Picture) -> Photo:
        return read_photo(picture.source, name=picture.name, max_pixels=self._max_pixels, page=picture.page)


def _outline(corners: Corners, size: tuple[int, int]) -> Outline:
    """Return an outline in pixels; where it follows the scan's own edge, there is no glass to leave out."""
    first, second, third, fourth = (
        (_beyond_edge(x * size[0], size[0]), _beyond_edge(y * size[1], size[1])) for x, y in corners
    )
    return Outline((first, second, third, fourth))


def _beyond_edge(place: float, most: int) -> float:
    return -INSET if place <= 0 else most + INSET if place >= most else place
