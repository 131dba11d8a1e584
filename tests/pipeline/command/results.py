"""What tests of the command line ask of a result."""

from PIL import Image


def size(path):
    with Image.open(path) as image:
        return image.format, image.size
