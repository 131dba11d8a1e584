"""The picture after each stage, stored on disk, and any part of it at any size.

A result of 32 megapixels takes 384 MB of memory. Here it is a memory-mapped file of 16-bit samples, with halves,
quarters and so on beside it, and viewing a part reads that part alone. The output of a filter is not stored, since it
is quick to compute for the part that is viewed.
"""

import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Image
from pipeline.finish import Finish
from pipeline.methods.filters import by_strips
from pipeline.methods.strengths import Blend, weights
from pipeline.stage import Filter, Stage
from studio import samples
from studio.view import View, with_halo

PHOTO, RESULT = 0, "result"
"""Names of the photograph, and of the finished blend of all pictures, in the address of a view.

A number stands for the picture after that many stages.
"""

MAX_SIDE = 4096
"""Longest side of a view in pixels; a larger screen enlarges it."""

SMALLEST_SIDE = 512
"""Sides in pixels of a picture that needs no smaller one beside it."""

_STRIP_ROWS = 256


@dataclass(frozen=True)
class _Layer:
    """One picture: its levels, each half the one before, and the filters that go over them."""

    name: str
    levels: tuple[Path, ...]
    size: tuple[int, int]
    filters: tuple[Filter, ...] = ()

    def halo(self, zoom: float = 1.0) -> int:
        """Return how many pixels away the filters look."""
        return sum(each.halo(zoom) for each in self.filters)

    def filtered(self, part: Image, zoom: float = 1.0) -> Image:
        """Return a part, of `zoom` times the size of the picture, under the filters."""
        for each in self.filters:
            part = each.filter(part, zoom)
        return part


class Layers:
    """The photograph and the picture after each stage.

    Parameters
    ----------
    folder : Path
        An empty or missing folder, which belongs to this object from now on.
    stages : iterable of Stage
        Filters among them are run when a part is viewed; what any other stage makes is stored.
    earlier : Layers, optional
        Those of an earlier run over the same photograph; what is reused is linked to their files.

    Attributes
    ----------
    made : float
        When, in seconds of the epoch.
    """

    def __init__(self, folder: Path, stages: Iterable[Stage] = (), earlier: "Layers | None" = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._earlier = earlier
        self.made = time.time()
        self._filters = {stage.name: found for stage in stages if (found := stage.filter_of_view)}
        self._layers: list[_Layer] = []

    def begin(self, image: Image) -> None:
        """Store the photograph, RGB in [0, 1], or link to it where an earlier run has stored it."""
        self._store("photo", image) if self._earlier is None else self._link(self._earlier._layers[0])  # noqa: SLF001 - of the same class

    def add(self, name: str, image: Image) -> None:
        """Store the picture that a stage made, or note the filter.

        Parameters
        ----------
        name : str
            The stage.
        image : ndarray of float32, shape (H, W, 3)
            RGB in [0, 1].
        """
        if name in self._filters:
            before = self._layers[-1]
            self._layers.append(replace(before, name=name, filters=(*before.filters, self._filters[name])))
        else:
            self._store(name, image)

    def repeat(self, name: str) -> None:
        """Note that a stage left the picture alone; this takes no room."""
        self._layers.append(replace(self._layers[-1], name=name))

    def link(self, name: str) -> None:
        """Take over what a stage made in the earlier run, without reading it.

        Raises
        ------
        ValueError
            If there was no earlier run with that stage.
        """
        layers = self._earlier._layers if self._earlier else []  # noqa: SLF001 - of the same class
        kept = next((layer for layer in layers if layer.name == name), None)
        if kept is None:
            msg = f"Expected an earlier run with the stage {name}, got none. Add its picture instead."
            raise ValueError(msg)
        if name in self._filters:
            self._layers.append(replace(self._layers[-1], name=name, filters=kept.filters))
        else:
            self._link(kept)

    def seal(self) -> None:
        """Let go of the earlier run; nothing is linked after this."""
        self._earlier = None

    def _store(self, name: str, image: Image) -> None:
        """Write a picture and its halves."""
        size = (image.shape[1], image.shape[0])
        paths: list[Path] = []
        while True:
            paths.append(self._path(len(paths)))
            samples.write(paths[-1], image)
            if max(image.shape[:2]) <= SMALLEST_SIDE:
                break
            half = ((image.shape[1] + 1) // 2, (image.shape[0] + 1) // 2)
            image = np.asarray(cv2.resize(image, half, interpolation=cv2.INTER_AREA), np.float32)
        self._layers.append(_Layer(name, tuple(paths), size))

    def _link(self, kept: _Layer) -> None:
        """Give the files of a layer of the earlier run a second name here."""
        paths = tuple(self._path(level) for level in range(len(kept.levels)))
        for source, target in zip(kept.levels, paths, strict=True):
            samples.link(source, target)
        self._layers.append(replace(kept, levels=paths))

    def _path(self, level: int) -> Path:
        return self._folder / f"{len(self._layers)}-{level}.npy"

    @property
    def id(self) -> str:
        """Tells these pictures from those of another run."""
        return self._folder.name

    @property
    def names(self) -> tuple[str, ...]:
        """What made each picture, in order."""
        return tuple(layer.name for layer in self._layers)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the last picture, which is the result."""
        return self._layers[-1].size

    @property
    def enlarged(self) -> float:
        """How many times wider the result is than the photograph."""
        return self.size[0] / self._layers[0].size[0]

    def only(self, index: int) -> list[float]:
        """Return the weights that show one picture alone.

        Raises
        ------
        ValueError
            If there is no such picture.
        """
        if not 0 <= index < len(self._layers):
            msg = f"Expected the number of one of {len(self._layers)} pictures, from 0, got {index}."
            raise ValueError(msg)
        return [float(index == i) for i in range(len(self._layers))]

    def mix(self, strengths: Mapping[str, float]) -> list[float]:
        """Return the weights that these strengths of stages, in [0, 1], mean."""
        return weights(self.names[1:], strengths)

    def full(self, shares: list[float]) -> Image:
        """Return the blend of all pictures at full size.

        Parameters
        ----------
        shares : list of float
            One for each picture, as `mix` gives them.
        """
        if shares == self.only(len(shares) - 1):
            return self.picture(-1)
        blend = Blend(shares)
        for index in range(len(self._layers)):
            blend.take(self.picture(index))
        return blend.result()

    def picture(self, index: int) -> Image:
        """Return one picture at its own size."""
        layer = self._layers[index]
        image = samples.read(np.load(layer.levels[0], mmap_mode="r"))
        for each in layer.filters:
            image = by_strips(image, each.filter, halo=each.halo(), advance=lambda _: None, reuse=True)
        return image

    def look(self, view: View, shares: list[float], finish: Finish) -> Image:
        """Return a part of the blend, finished; at a zoom of 1 the pixels are the result's own.

        Parameters
        ----------
        view : View
            What to see, inside the result.
        shares : list of float
            One for each picture, as `mix` gives them.
        finish : Finish
            Goes over it.
        """
        seen = [layer.halo(view.zoom) for layer, share in zip(self._layers, shares, strict=True) if share]
        wider, left, top = with_halo(view, finish.halo(view.zoom) + max(seen, default=0), self.size)
        total: Image | None = None
        for layer, share in zip(self._layers, shares, strict=True):
            if share:
                part = layer.filtered(self._part(layer, wider), wider.zoom * self.size[0] / layer.size[0])
                if share != 1:
                    part *= np.float32(share)
                total = part if total is None else np.add(total, part, out=total)
        if total is None:
            total = np.zeros((wider.out_height, wider.out_width, 3), np.float32)
        np.clip(total, 0.0, 1.0, out=total)
        done = finish.apply(total, zoom=view.zoom, reuse=True)
        return done[top : top + view.out_height, left : left + view.out_width]

    def crop(self, index: int, side: int) -> Image:
        """Return the middle of one picture, at its own size.

        Parameters
        ----------
        index : int
            Which picture.
        side : int
            Pixels, at most, of both sides.
        """
        layer = self._layers[index]
        data, halo = np.load(layer.levels[0], mmap_mode="r"), layer.halo()
        middle = [(max(length - side, 0) // 2, min(side, length)) for length in data.shape[:2]]
        wide = tuple(slice(max(start - halo, 0), start + length + halo) for start, length in middle)
        inner = tuple(slice(min(start, halo), min(start, halo) + length) for start, length in middle)
        return layer.filtered(samples.read(data[wide]))[inner]

    def _part(self, layer: _Layer, view: View) -> Image:
        """Return a rectangle of one picture, brought to the view's size."""
        wanted = view.zoom * self.size[0] / layer.size[0]
        level = min(max(int(np.floor(-np.log2(wanted) + 1e-6)), 0), len(layer.levels) - 1)
        data = np.load(layer.levels[level], mmap_mode="r")
        height, width = data.shape[:2]
        across, down = width / self.size[0], height / self.size[1]
        x, y = view.x * across, view.y * down
        step_x, step_y = view.width * across / view.out_width, view.height * down / view.out_height
        if step_x == 1 and step_y == 1 and x == int(x) and y == int(y):
            return samples.read(data[int(y) : int(y) + view.out_height, int(x) : int(x) + view.out_width])
        part = np.empty((view.out_height, view.out_width, 3), np.float32)
        for row in range(0, view.out_height, _STRIP_ROWS):  # the samples under the whole part may take a gigabyte
            strip = part[row : row + _STRIP_ROWS]
            _resample(data, strip, (x, y + row * step_y), (step_x, step_y))
        return part

    def remove(self) -> None:
        """Delete the files."""
        shutil.rmtree(self._folder, ignore_errors=True)


def _resample(data: NDArray[np.uint16], part: Image, start: tuple[float, float], step: tuple[float, float]) -> None:
    """Fill a part from stored samples: its corner is at `start` among them, and its pixels are `step` apart."""
    (x, y), (step_x, step_y), (height, width) = start, step, part.shape[:2]
    x0, y0 = max(int(x) - 3, 0), max(int(y) - 3, 0)
    x1, y1 = int(np.ceil(x + width * step_x)) + 3, int(np.ceil(y + height * step_y)) + 3
    cut = samples.read(data[y0:y1, x0:x1])
    map_back = np.array([[step_x, 0, x - x0 + step_x / 2 - 0.5], [0, step_y, y - y0 + step_y / 2 - 0.5]], np.float64)
    flags = (cv2.INTER_CUBIC if step_x < 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    cv2.warpAffine(cut, map_back, (width, height), dst=part, flags=flags, borderMode=cv2.BORDER_REPLICATE)
