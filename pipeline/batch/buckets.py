"""Photographs in buckets of S3, and results into them: an object is asked like a file, and fetched or put whole.

Addresses and keys of the store are those of every program for S3: ``AWS_ENDPOINT_URL``, ``AWS_REGION``,
``AWS_ACCESS_KEY_ID`` and the like, or the files in ``~/.aws``.
"""

import errno
import mimetypes
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PosixPath
from typing import Any, Self

from pipeline import disk
from pipeline.errors import OptionError, PackageMissing, PhotoTooLarge, PhotoUnreadable, PhotoUnwritable
from pipeline.photo import MAX_BYTES

_SCHEME = "s3:"
_MISSING = "there is no object of this name; one with an empty part, as in a//b, cannot be read"
_CHECK = "Check its name, the keys, AWS_REGION and AWS_ENDPOINT_URL"
_REFUSED = ("ACCESS_DENIED", "NO_SUCH_BUCKET", "INVALID_ACCESS_KEY_ID", "SIGNATURE_DOES_NOT_MATCH", "status 403")
"""What the errors say that are those of every object."""


class Object(PosixPath):
    """Path of an object, ``s3://bucket/in/a.jpg``, or of all objects whose names begin so, as a folder.

    Its methods ask the store, and raise `PhotoUnreadable` where it does not answer.
    """

    def __str__(self) -> str:
        """Return the address; a part of one, such as a name, is as for files."""
        first, *rest = self.parts or ("",)
        return f"{_SCHEME}//{'/'.join(rest)}" if first == _SCHEME else super().__str__()

    def absolute(self) -> Self:
        """Return the path itself."""
        return self

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        """Return kind, size and date."""
        with _told(self):
            (found,) = _store().get_file_info([self._key])
        if found.type.name == "NotFound":
            raise FileNotFoundError(errno.ENOENT, _MISSING, str(self))
        return _stat(found)

    def exists(self) -> bool:
        """Return whether there is an object, or one whose name goes on."""
        return self._mode() != 0

    def is_file(self) -> bool:
        """Return whether it is an object."""
        return stat.S_ISREG(self._mode())

    def is_dir(self) -> bool:
        """Return whether there are objects whose names go on."""
        return stat.S_ISDIR(self._mode())

    def listed(self, *, recursive: bool) -> dict["Object", os.stat_result]:
        """Return the objects below with size and date, by a thousand a request."""
        from pyarrow.fs import FileSelector

        with _told(self):
            found = _store().get_file_info(FileSelector(self._key, allow_not_found=True, recursive=recursive))
        return {Object(f"{_SCHEME}//{each.path}"): _stat(each) for each in found if each.is_file}

    def open(self, *_: Any, **__: Any) -> Any:
        """Return a binary stream of the object, of which only what is read is fetched."""
        with _told(self):
            return _store().open_input_file(self._key)

    def write_bytes(self, data: Any) -> int:
        """Put an object; it appears when all of it has arrived.

        Raises
        ------
        OptionError
            If the bucket takes none.
        PhotoUnwritable
            If it does not take this one.
        """
        kind = {"Content-Type": mimetypes.guess_type(self.name)[0] or "application/octet-stream"}
        try:
            with _store().open_output_stream(self._key, metadata=kind) as stream:
                return int(stream.write(data))
        except OSError as error:
            msg = f"{self} cannot be written: {_line(error)}. {_CHECK}, and run the same command again."
            is_all = any(text in str(error) for text in _REFUSED)
            raise (OptionError(msg) if is_all else PhotoUnwritable(msg)) from error

    @property
    def _key(self) -> str:
        return "/".join(self.parts[1:])

    def _mode(self) -> int:
        try:
            return self.stat().st_mode
        except FileNotFoundError:
            return 0


def parse(text: str) -> Path:
    """Return the path of a file, or of an object where a text is an address.

    Raises
    ------
    OptionError
        If the address is of another kind of store, or names no bucket.
    """
    scheme, mark, rest = text.partition("://")
    if not (mark and scheme.isalnum()):
        return Path(text)
    if scheme != "s3" or not rest.strip("/"):
        msg = f"Expected a path or s3://BUCKET/PREFIX, got {text}. Stores with the interface of S3 can be named so."
        raise OptionError(msg)
    return Object(text)


def check(target: Path) -> None:
    """Refuse results in a bucket that is not there.

    Raises
    ------
    OptionError
    """
    if isinstance(target, Object) and not (bucket := Object(*target.parts[:2])).exists():
        msg = f"There is no bucket {bucket} for the results. Make it, or name another output."
        raise OptionError(msg)


@contextmanager
def at_hand(path: Path) -> Iterator[Path]:
    """Context with a file of this machine: the path itself, or a temporary copy of an object."""
    if not isinstance(path, Object):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="restoration-object-") as folder:
        file = Path(folder) / "object"
        try:
            with _told(path), path.open() as source, file.open("wb") as copy:
                if source.size() > MAX_BYTES:
                    msg = f"Expected an object of at most {MAX_BYTES} bytes, got {path} of {source.size()}. Reduce it."
                    raise PhotoTooLarge(msg)
                shutil.copyfileobj(source, copy, 1 << 20)
        except FileNotFoundError as error:
            msg = f"{path} cannot be read: {_MISSING}. Look for it in the bucket."
            raise PhotoUnreadable(msg) from error
        yield file


@cache
def _store() -> Any:
    """Return a client of the store."""
    try:
        from pyarrow import fs
    except ImportError as error:
        msg = "Buckets need pyarrow, which is not installed: run `pip install -r requirements.txt`."
        raise PackageMissing(msg) from error
    place = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    retries = fs.AwsStandardS3RetryStrategy(max_attempts=3)
    return fs.S3FileSystem(endpoint_override=place, retry_strategy=retries, connect_timeout=10)


def _stat(found: Any) -> os.stat_result:
    """Return what is known of an object as of a file; dates are in whole seconds, since a listing may state more."""
    if not found.is_file:
        return os.stat_result((stat.S_IFDIR, *[0] * 9))
    seconds = found.mtime_ns // 1_000_000_000
    values = (stat.S_IFREG, 0, 0, 1, 0, 0, found.size, seconds, seconds, seconds)
    return os.stat_result(values, {"st_mtime_ns": seconds * 1_000_000_000})


@contextmanager
def _told(path: Object) -> Iterator[None]:
    """Context that raises an error of ours for those of the store."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError) or disk.is_full(error):
            raise
        msg = f"{path} cannot be read: {_line(error)}. {_CHECK}."
        raise PhotoUnreadable(msg) from error


def _line(error: OSError) -> str:
    """Return what a store says, in one line."""
    return " ".join(str(error).split()).rstrip(".")
