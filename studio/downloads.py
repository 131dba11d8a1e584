"""Files to download, made when somebody asks, on disk."""

import shutil
import tempfile
import threading
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline import disk
from pipeline.errors import OptionError
from pipeline.photo import Output, encode_photo, read_photo, restored_name, safe_stem
from studio.album import Album, Picture
from studio.workshop import give_back_memory, workshop

FOLDER = "made"
"""Folder of files to download, each in a folder of its own, in that of an album or of one of its pictures."""

_FETCHED_S = 600
"""A browser has fetched a file by then, or begun to."""

ONE_AT_A_TIME = threading.Lock()
"""Held while a picture is in memory at full size: sessions that download at once queue rather than add up."""


def read_output(asked: Mapping[str, Any]) -> Output:
    """Return the output that a page asks for.

    Raises
    ------
    OptionError
        If it is none.
    """
    known = {name: asked[name] for name in ("format", "quality", "metadata", "mark") if name in asked}
    return Output(**known)


def make(picture: Picture, output: Output, stem: str = "") -> tuple[Path, list[str]]:
    """Write a restored picture as it stands, and return the file and what it could not hold.

    Parameters
    ----------
    picture : Picture
        A restored one.
    output : Output
    stem : str
        The file's name without its ending; by default the photograph's with ``_restored``.
    """
    with ONE_AT_A_TIME:
        return _make(picture, output, stem)


def _make(picture: Picture, output: Output, stem: str) -> tuple[Path, list[str]]:
    folder = _new(picture.source.parent / FOLDER)
    photo = read_photo(picture.source, name=picture.name, max_pixels=workshop().config.max_pixels)
    done = picture.done
    encoded = encode_photo(picture.rendered(), photo, output, history=done.history, guesses=done.guesses)
    name = f"{safe_stem(stem + '.x')}{output.suffix}" if stem.strip() else restored_name(photo.name, output)
    path = folder / name
    with disk.making(path):
        path.write_bytes(encoded.data)
    notices = [notice.message for notice in encoded.notices]
    del encoded, photo
    give_back_memory()
    return path, notices


def make_zip(album: Album, output: Output) -> tuple[Path, list[str]]:
    """Write all restored pictures of an album into one ZIP; two of one name get numbers.

    Raises
    ------
    OptionError
        If none is restored.
    """
    restored = [picture for picture in album.pictures if picture.restored is not None]
    if not restored:
        msg = "None of these photographs is restored yet; restore them first."
        raise OptionError(msg)
    path = _new(album.folder / FOLDER) / "restored.zip"
    taken: set[str] = set()
    notices: list[str] = []
    with disk.making(path), zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:  # pictures are compressed
        for picture in restored:
            made, said = make(picture, output)
            archive.write(made, _free(made.name, taken))
            shutil.rmtree(made.parent)
            notices += [f"{picture.name}: {notice}" for notice in said]
    return path, notices


def _free(name: str, taken: set[str]) -> str:
    """Return the name, numbered where it is taken, and take it; not every system tells capitals apart."""
    stem, dot, suffix = name.rpartition(".")
    count, free = 1, name
    while free.casefold() in taken:
        count += 1
        free = f"{stem}_{count}{dot}{suffix}"
    taken.add(free.casefold())
    return free


def _new(folder: Path) -> Path:
    """Make a folder for one file, which somebody else may be making too, and delete those long fetched."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        with suppress(FileNotFoundError):  # a ZIP takes its parts away itself
            if time.time() - old.stat().st_mtime > _FETCHED_S:
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=folder))
