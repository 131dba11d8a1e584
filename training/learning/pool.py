"""A fixed pool of patches, for what is too slow to make at every step: a teacher's answers."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from training.data import Patches, crispen, to_tensor

TEACHER_BATCH = 16


class Pool(Dataset[tuple[Tensor, ...]]):
    """Patches made once, and randomly turned or mirrored each time they are drawn.

    Parameters
    ----------
    patches : Patches
        The first `size` of them are kept.
    size : int
        How many to keep; a patch of 192 pixels takes 120 kB, twice as much with a teacher.
    teacher : torch.nn.Module, optional
        Network whose answers are kept too.
    crisp : float
        Strength of `crispen` on the teacher's answers.
    seed : int
        Draw `i` depends on the seed and on `i` alone.
    """

    def __init__(self, patches: Patches, size: int, teacher: nn.Module | None, *, crisp: float, seed: int) -> None:
        print(f"making a pool of {size} patches")
        self.seed = seed
        pairs = [tuple(_pack(part) for part in patches[i]) for i in range(size)]
        kept = [torch.stack(parts) for parts in zip(*pairs, strict=True)]
        if teacher is not None:
            kept.append(_answers(teacher, kept[0], crisp))
        self.kept = kept

    def __len__(self) -> int:
        return len(self.kept[0])

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        """Return draw number `index`: damaged, clean and, with a teacher, its answer; RGB in [0, 1]."""
        rng = np.random.default_rng((self.seed, index))
        chosen, quarter, mirror = (int(rng.integers(n)) for n in (len(self), 4, 2))
        return tuple(_turned(_unpack(part[chosen]), quarter, mirror) for part in self.kept)


@torch.inference_mode()
def _answers(teacher: nn.Module, damaged: Tensor, crisp: float) -> Tensor:
    """Return the teacher's answers, sharpened as the clean patches are."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    teacher = teacher.to(device)
    answers = []
    for batch in damaged.split(TEACHER_BATCH):
        for answer in teacher(_unpack(batch).to(device)).clamp(0, 1).cpu():
            image = crispen(answer.permute(1, 2, 0).numpy(), crisp)
            answers.append(_pack(to_tensor(image)))
    return torch.stack(answers)


def _turned(image: Tensor, quarter: int, mirror: int) -> Tensor:
    image = image.rot90(quarter, (-2, -1))
    return (image.flip(-1) if mirror else image).contiguous()


def _pack(image: Tensor) -> Tensor:
    """Return a picture in 8 bits, to save memory."""
    return (image.clamp(0, 1) * 255 + 0.5).to(torch.uint8)


def _unpack(image: Tensor) -> Tensor:
    return image.float() / 255
