"""How near a restored picture is to a reference that a person has."""

from dataclasses import dataclass

from models.runtime import memory
from pipeline.methods.measures import compare
from pipeline.photo import LEAST_CAP, read_photo
from studio.picture import Picture


@dataclass(frozen=True)
class Comparison:
    """A restored picture beside a reference."""

    size: tuple[int, int]
    """Width and height of the reference."""

    psnr: float | None = None
    """In decibels, over all channels; None where the sizes differ."""

    ssim: float | None = None
    """Of the luma, from -1 to 1; None where the sizes differ."""


def against(picture: Picture, name: str, data: bytes) -> Comparison:
    """Compare a restored picture, under its finish and strengths, with a reference.

    Parameters
    ----------
    picture : Picture
        A restored one.
    name : str
        The reference's file name.
    data : bytes
        Its content.

    Raises
    ------
    PhotoError
        If the reference cannot be read.
    """
    width, height = picture.done.layers.size
    truth = read_photo(data, name=name, max_pixels=max(width * height, LEAST_CAP))
    if truth.original_size != (width, height):
        return Comparison(truth.original_size)
    psnr, ssim = compare(picture.rendered(), truth.pixels)
    memory.give_back()
    return Comparison(truth.original_size, psnr, ssim)
