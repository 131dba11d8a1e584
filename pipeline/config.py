"""Settings of an installation, from ``studio.toml`` in the working folder and from the environment, which wins."""

import os
import tomllib
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from pipeline.errors import OptionError

LEAST_TOKEN = 16
"""Fewest characters of a token: nobody guesses so many at one try a second."""


@dataclass(frozen=True)
class Config:
    """Settings of an installation; each is also an environment variable, such as ``STUDIO_MAX_PIXELS``."""

    max_pixels: int = 2_000_000
    """The cap in pixels; larger photographs are reduced to it, with a notice."""

    max_full_pixels: int = 24_000_000
    """The cap where a person asks for the full size; 24 megapixels take 1.5 GB of memory."""

    max_waiting: int = 30
    """Largest number of visitors who may wait while others' jobs run."""

    max_upload_megabytes: int = 100
    """Largest upload in megabytes."""

    max_pictures: int = 500
    """Largest number of photographs in one upload."""

    keep_megabytes: int = 50_000
    """Disk space in megabytes for uploads and results."""

    keep_hours: int = 24
    """Hours after their last use for which uploads and results are kept."""

    stop_seconds: int = 20
    """Seconds in which jobs of programs that run may end once the server is asked to stop (SIGTERM)."""

    admin_token: str = field(default="", repr=False)
    """Password that lets a visitor change models; if empty, whoever uses the page on the server's machine may."""

    api_tokens: tuple[str, ...] = field(default=(), repr=False)
    """Tokens that let programs use the HTTP API, each an owner of jobs; if empty, programs on the server's machine."""

    api_hosts: tuple[str, ...] = ()
    """Hosts that programs may let the server fetch photographs from and send results to; if empty, none."""

    allowed_hosts: tuple[str, ...] = ()
    """Names by which the server may be addressed, without ports; if empty, every name."""

    metrics: bool = False
    """Whether Streamlit's routes of inspection, such as ``_stcore/metrics``, are served."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value: Any = getattr(self, each.name)
            kind: type[object] = type(each.default)
            if kind is tuple and isinstance(value, list):  # TOML has no tuples
                value = tuple(value)
                object.__setattr__(self, each.name, value)
            is_wrong = type(value) is not kind or (type(value) is int and value < 1)
            if is_wrong or (kind is tuple and not all(isinstance(name, str) and name for name in value)):
                shown = repr(value) if each.repr else "another value"
                msg = f"{each.name} must be {_EXPECTED[kind]}, not {shown}. Correct the setting."
                raise OptionError(msg)
        _check_length("admin_token", *([self.admin_token] if self.admin_token else []))
        _check_length("api_tokens", *self.api_tokens)


def _check_length(name: str, *tokens: str) -> None:
    """Refuse tokens that can be guessed."""
    for token in tokens:
        if len(token) < LEAST_TOKEN:
            msg = f"{name} must have at least {LEAST_TOKEN} characters, not {len(token)}. Make it longer."
            raise OptionError(msg)


_EXPECTED = {int: "a whole number of at least 1", str: "a text", tuple: "a list of names", bool: "true or false"}


def load(folder: Path | None = None) -> Config:
    """Return the settings of this installation.

    Parameters
    ----------
    folder : Path, optional
        Folder of ``studio.toml``, which need not exist; the working folder by default.

    Raises
    ------
    OptionError
        If the file is not valid TOML, a setting is unknown, or a value is of another kind than its setting.
    """
    path = (folder or Path()) / "studio.toml"
    known = {each.name: each for each in fields(Config)}
    values: dict[str, object] = {}
    if path.is_file():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            msg = f"{path} must be valid TOML, with lines such as max_pixels = 4000000: {error}."
            raise OptionError(msg) from error
        if not set(values) <= set(known):
            unknown = ", ".join(sorted(set(values) - set(known)))
            msg = f"{path} has unknown settings: {unknown}. Known are {', '.join(sorted(known))}."
            raise OptionError(msg)
    for name, each in known.items():
        text = os.environ.get(f"STUDIO_{name.upper()}")
        if text is not None:
            values[name] = _from_text(each, text)
    return Config(**values)  # type: ignore[arg-type]  # it checks them


def _from_text(setting: "Field[object]", text: str) -> object:
    """Return the value that an environment variable states."""
    kind = type(setting.default)
    try:
        if kind is int:
            return int(text.replace("_", ""))
        if kind is bool:
            return {"true": True, "false": False}[text.strip().lower()]
    except (ValueError, KeyError) as error:
        msg = f"STUDIO_{setting.name.upper()} must be {_EXPECTED[kind]}, not {text!r}."
        raise OptionError(msg) from error
    return tuple(name.strip() for name in text.split(",") if name.strip()) if kind is tuple else text
