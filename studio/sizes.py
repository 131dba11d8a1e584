"""On how many pixels of a photograph the stages work."""

from pipeline.codecs.geometry import fit
from pipeline.config import Config
from pipeline.plan import Plan
from studio.picture import Picture

_LARGEST_FACTOR = 4
"""At full size a result is as large as one of this factor at the usual cap, or smaller."""


def cap(config: Config, plan: Plan, *, is_full: bool) -> int:
    """Return the cap of photographs in pixels: the usual one, or that of work at full size."""
    if not is_full:
        return config.max_pixels
    largest = int(config.max_pixels * (_LARGEST_FACTOR / plan.enlarges) ** 2)
    return max(config.max_pixels, min(config.max_full_pixels, largest))


def working(config: Config, picture: Picture, plan: Plan, *, is_full: bool = False) -> tuple[int, int]:
    """Return the width and height that the stages of a plan see; (0, 0) while nobody looked at the photograph."""
    seen = picture.preview.result if is_full and picture.preview else None
    return fit(seen.size, cap(config, plan, is_full=True)) if seen and not seen.error else picture.size
