"""The bundled networks of faces on photographs that are free to share: an astronaut, a cat, coffee and a rocket."""

import cv2
import numpy as np
import pytest

from models import catalog
from models.runtime.engine import Engine
from pipeline.arrays import Image
from pipeline.methods import faces, likeness
from pipeline.methods.faces import EMBEDDER, FINDER, Face
from tests.photographs import noisy, photograph

BOX = (179.3, 60.4, 91.8, 114.6)
POINTS = ((203.9, 101.9), (247.7, 107.2), (222.9, 130.4), (199.7, 140.2), (241.5, 144.7))
"""The astronaut's face in 512 x 512 pixels, as YuNet sees it."""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine("cpu")


def found(image: Image, engine: Engine) -> tuple[Face, ...]:
    return faces.find(np.ascontiguousarray(image), engine.network(catalog.get(FINDER)))


def overlap(face: Face, box: tuple[float, ...]) -> float:
    """Return the intersection over union."""
    near = np.maximum(face.box[:2], box[:2])
    far = np.minimum(np.add(face.box[:2], face.box[2:]), np.add(box[:2], box[2:]))
    common = np.prod(np.clip(far - near, 0, None))
    return float(common / (np.prod(face.box[2:]) + np.prod(box[2:]) - common))


def grey(image: Image) -> Image:
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        grey,
        lambda image: noisy(image, 0.08),
        lambda image: cv2.GaussianBlur(image, (0, 0), 3),
        lambda image: np.float32(0.35) + np.float32(0.3) * image,
    ],
    ids=["clean", "grey", "noisy", "blurred", "faded"],
)
def test_finds_the_face_and_its_points(change, engine: Engine) -> None:
    (face,) = found(change(photograph("astronaut", 512)), engine)
    assert overlap(face, BOX) > 0.6
    assert np.abs(face.points - POINTS).max() < 12


@pytest.mark.parametrize("side", [100, 160, 250, 1000, 1600])
def test_finds_it_at_every_size(side: int, engine: Engine) -> None:
    """The face is 18 to 290 pixels wide."""
    image = cv2.resize(photograph("astronaut", 512), (side, side), interpolation=cv2.INTER_AREA)
    (face,) = found(image, engine)
    assert overlap(face, tuple(value * side / 512 for value in BOX)) > 0.5


def test_finds_a_face_that_fills_the_frame(engine: Engine) -> None:
    left, top, width, height = (round(value) for value in BOX)
    (face,) = found(photograph("astronaut", 512)[top : top + height, left : left + width], engine)
    assert overlap(face, (0, 0, width, height)) > 0.6


def test_finds_every_face_of_a_group(engine: Engine) -> None:
    """Twelve faces of 25 pixels, the right-hand half of them in a mirror."""
    small = cv2.resize(photograph("astronaut", 512), (140, 140), interpolation=cv2.INTER_AREA)
    group = np.tile(np.hstack([small, small, small[:, ::-1], small[:, ::-1]]), (3, 1, 1))
    people = found(group, engine)
    assert len(people) == 12
    assert all(face.points[0, 0] < face.points[1, 0] and face.points[3, 0] < face.points[4, 0] for face in people)


@pytest.mark.parametrize("degrees", [-25, 25])
def test_finds_a_tilted_face(degrees: int, engine: Engine) -> None:
    turn = cv2.getRotationMatrix2D((225, 118), degrees, 1.0)
    (face,) = found(cv2.warpAffine(photograph("astronaut", 512), turn, (512, 512)), engine)
    assert np.abs(face.points - (np.array(POINTS) @ turn[:, :2].T + turn[:, 2])).max() < 14


@pytest.mark.parametrize("name", ["chelsea", "coffee", "rocket"])
def test_a_cat_a_cup_and_a_rocket_have_no_face(name: str, engine: Engine) -> None:
    assert found(photograph(name, 450), engine) == ()


def vector(image: Image, engine: Engine) -> Image:
    """Return the embedding of the astronaut's face in a picture of 512 pixels."""
    return likeness.embedding(np.ascontiguousarray(image), np.float32(POINTS), engine.network(catalog.get(EMBEDDER)))


def test_the_same_face_stays_near_and_others_are_far(engine: Engine) -> None:
    photo = photograph("astronaut", 512)
    clean = vector(photo, engine)
    assert np.linalg.norm(clean) == pytest.approx(1, abs=1e-3)
    same = [grey(photo), cv2.GaussianBlur(photo, (0, 0), 1.2), noisy(photo, 0.05)]
    assert min(clean @ vector(image, engine) for image in same) > 0.75
    cat = cv2.resize(photograph("chelsea", 451), (512, 512))
    assert clean @ vector(cat, engine) < 0.5
