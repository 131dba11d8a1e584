"""Faces are found where a network says that they are, at every size, and once each."""

import numpy as np
import pytest

from models.runtime.network import Network
from pipeline.arrays import Image
from pipeline.methods import faces
from pipeline.methods.faces import STRIDES


class Squares:
    """Stands for the network: each green square of 8 to 130 pixels is a face."""

    score = 0.9

    def run(self, x: Image) -> Image:
        """Return a face at the cells nearest to the middle of the square in each picture."""
        return np.stack([self._answer(picture) for picture in x])

    def _answer(self, picture: Image) -> Image:
        rows, columns = np.nonzero((picture[1] > 0.7) & (picture[0] < 0.3))
        answers = []
        for stride in STRIDES:
            answer = np.zeros((picture.shape[1] // stride, picture.shape[2] // stride, 15), np.float32)
            if len(rows) and 8 <= np.ptp(rows) <= 130:
                top, left, bottom, right = rows.min(), columns.min(), rows.max() + 1, columns.max() + 1
                row, column = (int((a + b) / 2 / stride) for a, b in ((top, bottom), (left, right)))
                x0, y0 = (column + 0.5) * stride, (row + 0.5) * stride
                sides = [x0 - left, y0 - top, right - x0, bottom - y0]
                answer[row, column] = [self.score, *sides, *[left - x0, top - y0] * 5]
            answers.append(answer.reshape(-1, 15))
        return np.concatenate(answers)


class Once(Squares):
    """Takes each square for a face at the first look, and never again."""

    def run(self, x: Image) -> Image:
        """Return no faces in the two pictures of a second look."""
        return super().run(x) * (len(x) == 1)


def squares(height: int, width: int, *boxes: tuple[int, int, int]) -> Image:
    image = np.full((height, width, 3), 0.5, np.float32)
    for left, top, side in boxes:
        image[max(0, top) : top + side, max(0, left) : left + side] = (0, 1, 0)
    return image


@pytest.mark.parametrize(
    ("height", "width", "box"),
    [
        (480, 640, (200, 100, 48)),
        (480, 640, (40, 30, 12)),
        (480, 640, (20, 10, 400)),
        (1500, 2000, (1700, 900, 60)),
        (100, 90, (5, 5, 80)),
        (1700, 60, (4, 1000, 40)),
    ],
)
def test_finds_faces_of_every_size_in_pixels_of_the_picture(height: int, width: int, box: tuple[int, int, int]) -> None:
    network: Network = Squares()  # type: ignore[assignment]
    (face,) = faces.find(squares(height, width, box), network)
    left, top, side = box
    near = max(2.0, side / 20, width / 200)
    assert face.box == pytest.approx((left, top, side, side), abs=near)
    assert face.points == pytest.approx(np.tile([left, top], (5, 1)), abs=near)
    assert face.score == pytest.approx(0.9)


def test_what_is_a_face_at_the_first_look_only_is_none() -> None:
    network: Network = Once()  # type: ignore[assignment]
    assert faces.find(squares(480, 640, (200, 100, 48)), network) == ()


class Anywhere:
    """Answers with faces of any size at any place, also outside the picture."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def run(self, x: Image) -> Image:
        """Return as many answers as the network does."""
        cells = sum((x.shape[2] // stride) * (x.shape[3] // stride) for stride in STRIDES)
        answers = self.rng.normal(0, 40, (len(x), cells, 15)).astype(np.float32)
        answers[..., :5] = np.abs(answers[..., :5])  # distances are positive
        answers[..., 0] = self.rng.random((len(x), cells))
        return answers


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 700), (9, 2500), (130, 90), (600, 800)])
def test_faces_have_their_middle_in_the_picture_whatever_the_network_says(height: int, width: int) -> None:
    network: Network = Anywhere()  # type: ignore[assignment]
    for face in faces.find(np.full((height, width, 3), 0.5, np.float32), network):
        left, top, wide, high = face.box
        assert 0 <= left + wide / 2 < width
        assert 0 <= top + high / 2 < height
        assert min(wide, high) >= faces.SMALLEST
