"""Albums: photographs that were uploaded together, and where they are on disk.

An album outlives the page that created it: whoever knows its id finds it again, until it is evicted.
"""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.errors import OptionError
from studio.jobs import Job, State
from studio.picture import Made, Picture


@dataclass(eq=False)
class Album:
    """Photographs that were uploaded together, in a folder of their own."""

    id: str
    """Hard to guess: who knows it may see the album."""

    folder: Path
    numbered: dict[int, Picture] = field(default_factory=dict)
    """Its photographs by their numbers, which stand in addresses: no other photograph ever gets the number of one."""

    scans: dict[int, Picture] = field(default_factory=dict)
    """Scans that were cut, by their numbers; they are no longer among the photographs."""

    taken: int = 0
    """How many numbers were given away."""

    visitor: str = ""
    """Who uploaded them, where that is known."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """The settings for all photographs, as the address of the page held them when it turned to those of one alone."""

    used: float = field(default_factory=time.monotonic)
    """When it was last asked for, on the monotonic clock."""

    downloads: dict[str, Job[Made]] = field(default_factory=dict)
    """Jobs that make files to download, by their ids; the newest are last."""

    requested: Job[Any] | None = None
    """The job of a program, which makes a file of its only photograph; see `studio.submissions`."""

    delivered: dict[str, str] = field(default_factory=dict)
    """What became of the delivery of that job's result; see `studio.deliveries`."""

    def __post_init__(self) -> None:
        self._sized: State | None = None
        """State of `requested` when the files were measured last."""

        self._nbytes = 0

    @property
    def pictures(self) -> list[Picture]:
        """Its photographs in order."""
        return list(self.numbered.values())

    @property
    def busy(self) -> bool:
        """Whether any of its photographs waits or is being restored."""
        return any(picture.busy for picture in self.pictures)

    @property
    def in_use(self) -> bool:
        """Whether any job needs its files."""
        jobs: list[Job[Any]] = [*self.downloads.values(), *([self.requested] if self.requested else [])]
        for picture in self.pictures:
            jobs += picture.jobs
        return "waiting" in self.delivered.values() or not all(job.finished for job in jobs)

    def turn_to(self, number: int, page: int) -> None:
        """Choose another page of a photograph's file; whatever was made of the earlier one is dropped.

        Parameters
        ----------
        number : int
            Of the photograph.
        page : int
            From 1.

        Raises
        ------
        OptionError
            If the photograph waits or is being restored.
        """
        old = self._at_rest(number)
        turned = Picture(old.name, old.source, page)
        turned.folder.mkdir(exist_ok=True)
        self.numbered[number] = turned
        old.drop()

    def remove(self, number: int) -> None:
        """Remove a photograph, with its files and whatever was made of it.

        Parameters
        ----------
        number : int
            Of the photograph.

        Raises
        ------
        OptionError
            If the photograph waits or is being restored.
        """
        picture = self._at_rest(number)
        del self.numbered[number]
        self._discard(number, picture)

    def _discard(self, number: int, picture: Picture) -> None:
        picture.drop()
        shutil.rmtree(self.folder / str(number), ignore_errors=True)

    def set_aside(self, number: int, cut: Sequence[int]) -> None:
        """Put a scan aside for the photographs that were cut out of it.

        Parameters
        ----------
        number : int
            Of the scan.
        cut : sequence of int
            Numbers of the photographs.
        """
        for each in cut:
            self.numbered[each].scan = number
        before = dict(self.numbered)
        self.scans[number] = before[number]
        places = [(cut if each == number else [each]) for each in before if each not in cut]
        self.numbered = {each: before[each] for place in places for each in place}

    def put_back(self, number: int) -> None:
        """Put a scan back into its place, and remove the photographs that were cut out of it, or out of their parts.

        Raises
        ------
        OptionError
            If one of them waits or is being restored.
        """
        cut = [each for each, picture in self.numbered.items() if number in self._origins(picture)]
        for each in cut:
            self._at_rest(each)
        places = [(number if each == cut[0] else each) for each in self.numbered if each not in cut[1:]]
        parts = {each: picture for each, picture in self.scans.items() if number in self._origins(picture)}
        pictures = self.numbered | {number: self.scans.pop(number)}
        self.numbered = {each: pictures[each] for each in places}
        for each in cut:
            self._discard(each, pictures[each])
        for each, part in parts.items():
            self._discard(each, self.scans.pop(each, part))

    def _origins(self, picture: Picture) -> list[int]:
        """Return the numbers of the scans that a photograph was cut out of, the nearest first."""
        found = []
        while picture.scan in self.scans:
            found.append(picture.scan)
            picture = self.scans[picture.scan]
        return found

    def _at_rest(self, number: int) -> Picture:
        picture = self.numbered[number]
        if picture.busy:
            msg = (
                f"Expected a photograph that is at rest, got {picture.name} in its restoration. "
                "Wait for it, or cancel it."
            )
            raise OptionError(msg)
        return picture

    def nbytes(self) -> int:
        """Return the total size of its files in bytes."""
        state = self.requested.state if self.requested else State.RUNNING
        if state is State.RUNNING:
            return self._measured()
        if self._sized is not state:  # programs have thousands of albums, in which nothing else writes
            self._sized, self._nbytes = state, self._measured()
        return self._nbytes

    def _measured(self) -> int:
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(OSError):  # a job may be deleting files
                    total += Path(folder, name).stat().st_size
        return total
