"""The damage on a photograph: what the page shows of it, and the mask that a person corrects."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from models import own
from models.files import weights
from pipeline.context import Context
from pipeline.methods.detection import CLASSICAL, likelihood
from pipeline.photo import read_photo
from pipeline.plan import arrange, simple
from pipeline.run import run
from tests.api.asking import ask, ask_until_ready, blocked, decoded, png
from tests.photographs import noisy, photograph

SIZE = (200, 133)


@pytest.fixture
def album(shop):
    """A cat with a white scratch across it."""
    cat = (photograph("chelsea", SIZE[0])[: SIZE[1], :, ::-1] * 200).astype(np.uint8)
    cat[60:62, 20:180] = 255
    return shop.create([("cat.png", png(cat))])


def test_the_plate_is_the_photograph_as_the_stages_see_it(shop, album):
    status, headers, body = ask(shop, f"/studio/{album.id}/0/plate")
    assert (status, headers["content-type"]) == (200, "image/jpeg")
    assert decoded(body).shape[1::-1] == album.pictures[0].size == SIZE


def test_the_scratch_is_likelier_damaged_than_the_cat(shop, album):
    status, headers, body = ask_until_ready(shop, f"/studio/{album.id}/0/damage?model=classical")
    likely = decoded(body)
    assert (status, headers["content-type"]) == (200, "image/png")
    assert likely.shape == SIZE[::-1]
    assert likely[60:62, 30:170].mean() > 20 * max(likely[80:].mean(), 1)


def test_the_damage_is_that_of_the_photograph_without_its_grain(shop):
    """As Repair sees it in simple mode."""
    grainy = png((noisy(photograph("chelsea", 300), 0.08)[..., ::-1] * 255).astype(np.uint8))
    album, photo = shop.create([("grainy.png", grainy)]), read_photo(grainy)
    found = decoded(ask_until_ready(shop, f"/studio/{album.id}/0/damage?model=classical")[2])
    clean = run(arrange([simple(also=["repair"]).stages[0]]), photo, shop.engine).pixels
    expected, raw = (likelihood(image, CLASSICAL, Context(shop.engine)) * 255 for image in (clean, photo.pixels))
    assert np.abs(found - expected).max() < 0.51
    assert np.abs(raw - expected).max() > 100


def test_looking_for_damage_waits_in_the_queue_and_not_in_the_request(shop, album):
    path = f"/studio/{album.id}/0/damage?model=classical"
    with blocked(shop._networks):
        status, headers, body = ask(shop, path)
        assert (status, json.loads(body), headers["retry-after"]) == (202, {"state": "waiting"}, "1")
        assert headers["cache-control"] == "no-store"
    assert ask_until_ready(shop, path)[0] == 200


def test_whoever_looks_for_the_same_damage_waits_for_the_same_job(shop, album):
    path = f"/studio/{album.id}/0/damage?model=classical"
    with blocked(shop._networks), ThreadPoolExecutor(12) as visitors:
        answers = list(visitors.map(lambda _: ask(shop, path)[0], range(12)))
        assert len(shop._networks._waiting) == 1
    assert answers == [202] * 12
    assert ask_until_ready(shop, path)[0] == 200


def test_a_failure_is_told_once_and_then_tried_again(shop, album):
    folder = weights.folder() / own.FOLDER
    folder.mkdir(exist_ok=True)
    junk = folder / "junk.pth"
    junk.write_bytes(b"only words")
    path = f"/studio/{album.id}/0/damage?model={junk}"
    for _ in range(2):
        status, _, body = ask_until_ready(shop, path)
        assert status == 422
        assert "junk" in body.decode()
    with blocked(shop._networks):
        assert ask(shop, path)[0] == 202
    junk.unlink()


def test_only_detectors_are_asked(shop, album):
    assert ask(shop, f"/studio/{album.id}/0/damage?model=/etc/passwd")[0] == 422


def test_a_mask_is_kept_and_given_back(shop, album):
    assert ask(shop, f"/studio/{album.id}/0/mask")[0] == 404
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[10:20, 30:60] = 255
    assert ask(shop, f"/studio/{album.id}/0/mask", method="PUT", body=png(mask))[0] == 204
    assert (decoded(ask(shop, f"/studio/{album.id}/0/mask")[2]) == mask).all()


@pytest.mark.parametrize("body", [b"words", png(np.zeros((20, 30), np.uint8))], ids=["no picture", "another size"])
def test_what_is_no_mask_of_the_photograph_is_refused(shop, album, body):
    assert ask(shop, f"/studio/{album.id}/0/mask", method="PUT", body=body)[0] == 422
    assert album.pictures[0].mask is None
