"""What an installation may set: by ``studio.toml`` in the working folder, or by the environment, which wins."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from pipeline.errors import OptionError


@dataclass(frozen=True)
class Config:
    """Limits of one installation; each field is also an environment variable, such as ``STUDIO_MAX_PIXELS``."""

    max_pixels: int = 2_000_000
    """Larger photographs are brought under this, with a notice."""

    max_waiting: int = 8
    """Orders, of one album each, that may wait their turn."""

    max_upload_megabytes: int = 100
    """Largest file that the page takes."""

    max_pictures: int = 200
    """Photographs that are taken at once."""

    keep_megabytes: int = 8000
    """Disk for uploads and results, so that a page that is opened again finds them."""

    keep_hours: int = 24
    """How long those are kept unused."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                msg = f"{field.name} must be a whole number from 1 up, not {value!r}."
                raise OptionError(msg)


def load(folder: Path | None = None) -> Config:
    """Read the configuration.

    Parameters
    ----------
    folder : Path, optional
        Where ``studio.toml`` may lie; the working folder by default.

    Raises
    ------
    OptionError
        If the file or a variable holds something else than whole numbers of known names.
    """
    path = (folder or Path()) / "studio.toml"
    known = {field.name for field in fields(Config)}
    values: dict[str, int] = {}
    if path.is_file():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            msg = f"{path} must be TOML: {error}."
            raise OptionError(msg) from error
        if not set(values) <= known:
            unknown = ", ".join(sorted(set(values) - known))
            msg = f"{path} has unknown settings: {unknown}. It knows {', '.join(sorted(known))}."
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
