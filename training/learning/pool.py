"""A fixed pool of patches on disk, for goals that are too slow to compute at every step: a teacher's answers."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from training.data import Patches, quiet_worker
from training.learning.teacher import Teacher

FOLDER = "pool"
"""Name of the pool in a run's folder."""
PARTS = ("damaged.npy", "goal.npy")
TEACHER_BATCH = 64 if torch.cuda.is_available() else 8
CLEAN, DAMAGED = 1.5 / 255, 5 / 255
"""Mean difference of an input from the reduced truth up to which the truth is the goal, and from which the teacher's
answer is."""
REPORT_EVERY = 500


class Pool(Dataset[tuple[Tensor, Tensor]]):
    """Patches that `make` wrote, randomly turned or mirrored each time they are drawn.

    Parameters
    ----------
    folder : Path
        Where they are.
    seed : int
        Draw `i` depends on the seed and on `i` alone.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self.seed = seed
        self.parts = [_open(folder / name) for name in PARTS]

    def __len__(self) -> int:
        return len(self.parts[0])

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return draw number `index`: input and goal, RGB in [0, 1]."""
        rng = np.random.default_rng((self.seed, index))
        chosen, quarter, mirror = (int(rng.integers(n)) for n in (len(self), 4, 2))
        damaged, goal = (_turned(_unpack(part[chosen]), quarter, mirror) for part in self.parts)
        return damaged, goal

    def on_card(self, batch: int, device: torch.device) -> Iterator[list[Tensor]]:
        """Yield random batches from a copy of the pool in a card's memory, each turned or mirrored as one.

        A card takes more patches than processes can unpack: 1,500 of 256 pixels are more than a gigabyte.
        """
        parts = [torch.from_numpy(np.array(part)).to(device) for part in self.parts]
        rng = np.random.default_rng(self.seed)
        while True:
            chosen = torch.from_numpy(rng.integers(len(self), size=batch)).to(device)
            quarter, mirror = int(rng.integers(4)), int(rng.integers(2))
            yield [_turned(part[chosen].float() / 255, quarter, mirror) for part in parts]


def is_made(folder: Path, size: int) -> bool:
    """Return whether a folder holds a complete pool of `size` patches."""
    paths = [folder / name for name in PARTS]
    return all(path.is_file() and len(_open(path)) == size for path in paths)


def make(folder: Path, patches: Patches, size: int, *, teacher: Teacher | None = None, workers: int = 0) -> None:
    """Write a pool of patches into a folder.

    With a teacher, the goal of a damaged patch is the teacher's answer and that of a clean one the truth; between the
    two, see `teacher_share`. An answer that is larger than the truth is reduced to its size, so a teacher for x4 serves
    an upscaler for x2.

    Parameters
    ----------
    folder : Path
        Where to write; an earlier pool is replaced once the last patch is made.
    patches : Patches
        The first `size` of them are kept; a patch of 192 pixels takes 120 kB at x4.
    size : int
        How many to keep.
    teacher : Teacher, optional
        Network whose answers become goals.
    workers : int
        Processes that make patches.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drafts = [folder / f"{name}.partial" for name in PARTS]
    files = [
        np.lib.format.open_memmap(draft, "w+", np.uint8, (size, *part.shape))
        for draft, part in zip(drafts, patches[0], strict=True)
    ]
    start = 0
    loader = DataLoader(
        patches, TEACHER_BATCH, sampler=range(size), num_workers=workers, worker_init_fn=quiet_worker,
        generator=torch.Generator(),
    )  # fmt: skip
    for damaged, clean in loader:
        stop = start + len(clean)
        files[0][start:stop] = _pack(damaged)
        files[1][start:stop] = _pack(_goal(_unpack(files[0][start:stop]), clean, teacher) if teacher else clean)
        if start // REPORT_EVERY != stop // REPORT_EVERY:
            print(f"made {stop} of a pool of {size} patches", flush=True)
        start = stop
    for file, draft, name in zip(files, drafts, PARTS, strict=True):
        file.flush()
        draft.replace(folder / name)


def _goal(damaged: Tensor, clean: Tensor, teacher: Teacher) -> Tensor:
    answers = _reduced(teacher(damaged), clean)
    return torch.lerp(clean, answers, teacher_share(damaged, clean).view(-1, 1, 1, 1))


def teacher_share(damaged: Tensor, clean: Tensor) -> Tensor:
    """Return the teacher's share of the goal: 0 for clean inputs, 1 for damaged ones, between the two for few.

    Parameters
    ----------
    damaged : Tensor, shape (N, 3, h, w)
        Inputs, RGB in [0, 1].
    clean : Tensor, shape (N, 3, H, W)
        Truth; H and W are multiples of h and w.

    Returns
    -------
    Tensor, shape (N,)
        In [0, 1].
    """
    difference = (damaged - _reduced(clean, damaged)).abs().mean((1, 2, 3))
    return ((difference - CLEAN) / (DAMAGED - CLEAN)).clamp(0, 1)


def _reduced(images: Tensor, like: Tensor) -> Tensor:
    """Return pictures reduced to the size of others, or unchanged where they have it."""
    height, width = like.shape[-2:]
    return functional.adaptive_avg_pool2d(images, (height, width))


def _open(path: Path) -> NDArray[np.uint8]:
    return np.load(path, mmap_mode="r")


def _turned(image: Tensor, quarter: int, mirror: int) -> Tensor:
    image = image.rot90(quarter, (-2, -1))
    return (image.flip(-1) if mirror else image).contiguous()


def _pack(images: Tensor) -> NDArray[np.uint8]:
    """Round to 8 bits."""
    return (images.clamp(0, 1) * 255 + 0.5).to(torch.uint8).numpy()


def _unpack(images: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.divide(images, 255, dtype=np.float32))
