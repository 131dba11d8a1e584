"""Measure the input ranges of a network's convolutions, with which it can compute in 8 bits."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.runtime import graphs, quantised
from models.runtime.quantised import Ranges
from pipeline.arrays import Image
from training import graph_files
from training.damage.recipes import Recipe
from training.data import random_patch, read_photographs

_SHARE = 99.99
"""Percentile that counts as a picture's largest value: cutting one in 10,000 makes the steps of 8 bits finer."""


def calibrate(path: Path, data: Path, damage: Recipe, *, patch: int, patches: int, seed: int = 0) -> None:
    """Measure a graph's ranges on damaged patches, and write them into its file.

    Parameters
    ----------
    path : Path
        The ``.xml`` of a network from pictures to pictures, as `training.export` writes it.
    data : Path
        Folder or tar file of photographs.
    damage : callable
        Makes the network's input from a clean patch.
    patch : int
        Side of the clean patch in pixels.
    patches : int
        How many to measure.
    seed : int
        Seed of patches and damage.

    Raises
    ------
    OptionError
        If there are no photographs.
    """
    rng = np.random.default_rng(seed)
    photographs = read_photographs(data, side=patch)
    graph = graphs.read(path)
    measured = ranges(graph, (damage(random_patch(photographs, patch, rng), rng) for _ in range(patches)))
    quantised.keep(graph, measured)
    graph_files.write(graph, path)


def ranges(graph: Any, pictures: Iterable[Image]) -> Ranges:
    """Return the smallest and largest input of each of a graph's convolutions over pictures, RGB in [0, 1]."""
    watched = graph.clone()
    watched.add_outputs([node.input_value(0) for node in quantised.convolutions(watched)])
    request = graphs.core().compile_model(watched, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    least, most = [], []
    for picture in pictures:
        answers = request.infer({0: _batch(picture)})
        into = [answers[place] for place in range(1, len(watched.outputs))]
        least.append([np.percentile(values, 100 - _SHARE) for values in into])
        most.append([np.percentile(values, _SHARE) for values in into])
    return np.stack([np.min(least, axis=0), np.max(most, axis=0)], axis=1).astype(np.float32)


def _batch(picture: Image) -> NDArray[np.float32]:
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
