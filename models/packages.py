"""The packages that bundled networks run without: those of requirements-full.txt and requirements-diffusion.txt."""

from collections.abc import Sequence
from importlib.util import find_spec

from models.errors import PackageMissing

FULL = ("torch", "torchvision", "spandrel", "safetensors")
"""What official networks, model files of one's own and CUDA cards need."""

INSTALL = "run `make full`, or `pip install -r requirements-full.txt -c constraints.txt`"
"""How to get them."""

_DIFFUSION = ("diffusers", "transformers")
_INSTALL_DIFFUSION = "run `pip install -r requirements-diffusion.txt -c constraints.txt`"


def missing() -> tuple[str, ...]:
    """Return which packages of the full installation are not installed; none is imported."""
    return _absent(FULL)


def require_full(what: str) -> None:
    """Check that the full installation is there.

    Parameters
    ----------
    what : str
        What needs it, as the subject of the message.

    Raises
    ------
    PackageMissing
        If a package is not installed; the text says how to install it.
    """
    _require(what, FULL, INSTALL)


def require_diffusers(what: str) -> None:
    """Check that what Stable Diffusion needs is there; otherwise as `require_full`."""
    _require(what, (*FULL, *_DIFFUSION), _INSTALL_DIFFUSION)


def _require(what: str, names: Sequence[str], install: str) -> None:
    if absent := _absent(names):
        msg = f"{what} needs {', '.join(absent)}, which this installation lacks: {install}."
        raise PackageMissing(msg)


def _absent(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if find_spec(name) is None)
