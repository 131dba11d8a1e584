"""Settings of an installation, from ``studio.toml`` in the working folder and from the environment, which wins."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.errors import OptionError


@dataclass(frozen=True)
class Config:
    """Limits of an installation; each field is also an environment variable, such as ``STUDIO_MAX_PIXELS``."""

    max_pixels: int = 2_000_000
    """The cap in pixels; larger photographs are reduced to it, with a notice."""

    max_waiting: int = 30
    """Largest number of visitors who may wait while others' jobs run."""

    max_upload_megabytes: int = 100
    """Largest upload in megabytes."""

    max_pictures: int = 200
    """Largest number of photographs in one upload."""

    keep_megabytes: int = 8000
    """Disk space in megabytes for uploads and results."""

    keep_hours: int = 24
    """Hours after their last use for which uploads and results are kept."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                msg = f"{field.name} must be a whole number of at least 1, not {value!r}. Correct the setting."
                raise OptionError(msg)


def load(folder: Path | None = None) -> Config:
    """Return the settings of this installation.

    Parameters
    ----------
    folder : Path, optional
        Folder of ``studio.toml``, which need not exist; the working folder by default.

    Raises
    ------
    OptionError
        If the file is not valid TOML, a setting is unknown, or a value is not a whole number of at least 1.
    """
    path = (folder or Path()) / "studio.toml"
    known = {field.name for field in fields(Config)}
    values: dict[str, int] = {}
    if path.is_file():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            msg = f"{path} must be valid TOML, with lines such as max_pixels = 4000000: {error}."
            raise OptionError(msg) from error
        if not set(values) <= known:
            unknown = ", ".join(sorted(set(values) - known))
            msg = f"{path} has unknown settings: {unknown}. Known are {', '.join(sorted(known))}."
            raise OptionError(msg)
    for name in known:
        text = os.environ.get(f"STUDIO_{name.upper()}")
        if text is not None:
            values[name] = _whole(name, text)
    return Config(**values)


def _whole(name: str, text: str) -> int:
    try:
        return int(text.replace("_", ""))
    except ValueError as error:
        msg = f"STUDIO_{name.upper()} must be a whole number, not {text!r}."
        raise OptionError(msg) from error
