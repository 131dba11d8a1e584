"""Single photographs from one scan of several prints: find their outlines, and cut them out straight."""

from pipeline.scans.outline import Outline, cut
from pipeline.scans.search import find

__all__ = ["Outline", "cut", "find"]
