"""What a first look at a photograph suggests, beyond what simple mode does to all of them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pipeline.colour import suggest_colorize
from pipeline.notices import Notice
from pipeline.stage import Image
from pipeline.tone import suggest_tone

ADVISERS: Mapping[str, Callable[[Image], Notice | None]] = MappingProxyType(
    {"tone": suggest_tone, "colorize": suggest_colorize}
)
"""By the stage that each may suggest, in the order of the pipeline."""


def suggestions(image: Image) -> dict[str, Notice]:
    """Return why stages are suggested for a photograph, by their names.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W, 3)
        RGB in [0, 1].
    """
    found = {name: suggest(image) for name, suggest in ADVISERS.items()}
    return {name: notice for name, notice in found.items() if notice is not None}
