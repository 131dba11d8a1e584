"""Reuse the stages of an earlier run, whose pictures are on disk."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.notices import Notice
from pipeline.plan import Plan, files
from pipeline.run import Entry, Timing
from studio.layers import Layers


@dataclass(frozen=True)
class EarlierRun:
    """A run over the same photograph, whose pictures were kept."""

    plan: Plan
    layers: Layers
    timings: Sequence[Timing]
    notices: Sequence[Notice]
    same_mask: bool = True
    """Whether the mask that a person drew is still the same."""

    def find(self, plan: Plan, index: int) -> Entry | None:
        """Return what a stage of another plan would make, where this run did the same up to there; else None.

        None also for a stage that left the picture alone: it may decide otherwise now, and deciding is quick.

        Parameters
        ----------
        plan : Plan
            The other plan.
        index : int
            Of the stage in it.
        """
        same = index < len(self.plan.stages) and self.plan.key(index + 1) == plan.key(index + 1)
        if not same or self.timings[index].outcome == "skipped":
            return None
        if not self.same_mask and any(stage.takes_mask for stage in plan.stages[: index + 1]):
            return None
        if any(_changed_since(file, self.layers.made) for stage in plan.stages[: index + 1] for file in files(stage)):
            return None
        name = plan.stages[index].name
        said = tuple(notice for notice in self.notices if notice.stage == name)
        return Entry(partial(self.layers.picture, index + 1), said, self.timings[index].seconds)


def _changed_since(file: Path, moment: float) -> bool:
    """Return whether a file was replaced after a moment; a copy may keep the time of its content, but not the other."""
    state = file.stat() if file.exists() else None
    return state is None or max(state.st_mtime, state.st_ctime) > moment
