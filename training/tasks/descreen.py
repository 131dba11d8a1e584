"""The task of removing printed dots from scans of prints."""

from functools import partial

import numpy as np

from pipeline.arrays import Image
from training.damage import screens
from training.data import Pair
from training.settings import Settings
from training.tasks.task import BLOCKS, FOLD, Restoration, unet


class Descreen(Restoration):
    """Learn to remove printed dots; the goal is grey where the print has one ink."""

    def pair(self, image: Image, rng: np.random.Generator, settings: Settings) -> Pair:
        """Return the scan of a print with its screens and its filtered copy, and the picture that was printed."""
        return screens.printed(image, rng)


DESCREEN = Descreen(
    name="descreen",
    damage=lambda image, rng: screens.printed(image, rng)[0],
    build=partial(unet, pictures=3),
    features=32,
    multiple=FOLD * 2 ** (len(BLOCKS) - 1),
)
