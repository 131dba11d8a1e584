"""What the bundled network makes of faces."""

import numpy as np
import pytest

from models import catalog
from models.runtime.engine import Engine
from pipeline.context import Context
from pipeline.methods import alignment, likeness
from pipeline.methods.alignment import FFHQ
from pipeline.methods.faces import EMBEDDER
from pipeline.stages import Faces
from tests.photographs import noisy, photograph, psnr
from tests.pipeline.methods.test_alignment import COLLINS
from tests.pipeline.portraits import soft

FACE = np.s_[90:170, 190:265]
"""Where the astronaut's face is at 512 pixels."""


@pytest.mark.parametrize("factor", [3, 4, 5])
def test_the_bundled_network_brings_a_small_face_nearer_to_the_person(factor):
    photo, engine = photograph("astronaut", 512), Engine("cpu", "float32")
    damaged = noisy(soft(photo, factor), 0.01)
    out = Faces().run(damaged, Context(engine))
    assert psnr(out[FACE], photo[FACE]) > psnr(damaged[FACE], photo[FACE])
    judge = engine.network(catalog.get(EMBEDDER))
    truth, before, after = (likeness.embedding(image, COLLINS, judge) for image in (photo, damaged, out))
    assert truth @ after > truth @ before


def test_a_second_run_changes_little():
    damaged, engine = soft(photograph("astronaut", 512), 4), Engine("cpu", "float32")
    once = Faces().run(damaged, Context(engine))
    assert psnr(Faces().run(once, Context(engine)), once) > 45


def test_a_second_run_changes_a_face_that_fills_the_picture_little():
    face = alignment.cut(photograph("astronaut", 512), alignment.align(COLLINS, FFHQ, 256), 256)
    damaged, engine = soft(face, 4), Engine("cpu", "float32")
    once = Faces().run(damaged, Context(engine))
    assert psnr(once, face) > psnr(damaged, face)
    assert psnr(Faces().run(once, Context(engine)), once) > 48


def test_a_sharp_face_comes_back_as_it_was():
    photo = photograph("astronaut", 512)
    assert psnr(Faces(always=True).run(photo, Context(Engine("cpu", "float32"))), photo) > 40
