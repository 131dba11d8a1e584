"""Print lines on the terminal; names of files cannot control it."""

import sys
import unicodedata

from pipeline.run import Progress

_JOINERS = "\u200c\u200d"
"""Zero-width characters that Persian, Hindi and emoji need."""


def say(text: str) -> None:
    """Print one line to standard output."""
    sys.stdout.write(f"{escaped(text)}\n")


def warn(text: str) -> None:
    """Print one line to standard error."""
    sys.stderr.write(f"{escaped(text)}\n")


def escaped(text: str) -> str:
    r"""Return a text in one line, without characters that control a terminal or the direction of writing.

    Examples
    --------
    >>> print(escaped("a\x1b[31m\nb"))
    a\x1b[31m\nb
    """
    return "".join(c.encode("unicode_escape").decode() if _controls(c) else c for c in text)


def _controls(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in _JOINERS


class Line:
    """A progress line on a terminal; nothing in a pipe.

    Parameters
    ----------
    count : int
        Number of photographs.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._shown = sys.stderr.isatty()

    def progress(self, number: int, progress: Progress) -> None:
        """Show how far a photograph is."""
        if self._shown:
            text = f"[{number + 1}/{self._count}] {progress.stage} {progress.fraction:4.0%}"
            sys.stderr.write(f"\r{text:<40}")
            sys.stderr.flush()

    def share(self, what: str, fraction: float) -> None:
        """Show how far something else is."""
        if self._shown:
            sys.stderr.write(f"\r{what} {fraction:4.0%} ")
            sys.stderr.flush()

    def clear(self) -> None:
        """Erase the line."""
        if self._shown:
            sys.stderr.write(f"\r{'':<40}\r")
