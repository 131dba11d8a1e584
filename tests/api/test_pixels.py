"""What the page looks at: views of pixels, the finish, previews; and what is refused."""

import numpy as np
import pytest

from pipeline.config import Config
from pipeline.finish import Finish
from pipeline.plan import arrange
from pipeline.stages import PostDenoise, Sharpen
from tests.api.asking import ask, decoded, png, restored_album
from tests.photographs import photograph


@pytest.fixture(scope="module")
def album(shop):
    cat = png((photograph("chelsea", 200)[..., ::-1] * 255).astype(np.uint8))
    return restored_album(
        shop, ("cat.png", cat), ("broken.jpg", b"words"), plan=arrange([PostDenoise(1.0), Sharpen(1.0)])
    )


def test_a_view_is_the_part_that_was_asked_for(shop, album):
    status, headers, body = ask(shop, f"/studio/{album.id}/0/view?layer=0&x=10&y=20&w=50&h=40")
    assert (status, headers["content-type"]) == (200, "image/png")
    expected = (photograph("chelsea", 200)[20:60, 10:60] * 255).astype(np.uint8)
    assert (decoded(body)[..., ::-1] == expected).all()


def test_a_view_is_cut_to_the_picture_and_never_enlarged(shop, album):
    *_, body = ask(shop, f"/studio/{album.id}/0/view?x=190&y=0&w=900&h=30&out=5000")
    assert decoded(body).shape == (30, 10, 3)


@pytest.mark.parametrize("query", ["layer=9", "layer=x", "x=a", "blur=99", "strengths=a,b"])
def test_what_is_no_view_is_refused(shop, album, query):
    assert ask(shop, f"/studio/{album.id}/0/view?{query}")[0] == 422


@pytest.mark.parametrize("path", ["nosuch/0/view", "{id}/7/view", "{id}/1/view", "nosuch/0/preview"])
def test_what_is_not_there_is_not_found(shop, album, path):
    assert ask(shop, "/studio/" + path.format(id=album.id))[0] == 404


@pytest.mark.parametrize(
    "said", [{}, {"blur": 9, "sharpen": 0, "strengths": {}}, {"blur": 0, "sharpen": 0, "strengths": {"sharpen": 2}}]
)
def test_a_finish_out_of_range_is_refused(shop, album, said):
    before = album.pictures[0].finish
    assert ask(shop, f"/studio/{album.id}/0/finish", method="POST", body=said)[0] == 422
    assert album.pictures[0].finish == before


@pytest.mark.parametrize("body", [b"words", b"[1, 2]"], ids=["no JSON", "no object"])
def test_a_finish_that_is_no_object_is_refused(shop, album, body):
    assert ask(shop, f"/studio/{album.id}/0/finish", method="POST", body=body)[0] == 422


def test_a_body_above_the_limit_is_refused(shop, album, monkeypatch):
    monkeypatch.setattr(shop, "config", Config(max_pixels=100))
    for method, place in (("PUT", "0/mask"), ("POST", "0/finish"), ("POST", "0/make"), ("POST", "make")):
        endless = (bytes(1000) for _ in range(10**6))
        assert ask(shop, f"/studio/{album.id}/{place}", method=method, body=endless)[0] == 413
        assert sum(1 for _ in endless) > 10**6 - 20  # the rest was not read


def test_a_mask_of_any_photograph_has_room_in_its_body(shop, album):
    noise = np.random.default_rng(0).integers(0, 256, (1000, 2000, 4), np.uint8)
    assert len(png(noise)) < shop.config.max_pixels * 4 + 16_000
    status, _, told = ask(shop, f"/studio/{album.id}/0/mask", method="PUT", body=png(noise))
    assert (status, b"of the photograph" in told) == (422, True)


def test_a_photograph_that_cannot_be_read_has_a_placeholder(shop, album):
    status, headers, _ = ask(shop, f"/studio/{album.id}/1/preview")
    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert ask(shop, f"/studio/{album.id}/0/preview")[1]["content-type"] == "image/jpeg"


def test_a_request_about_an_earlier_run_is_refused(shop, album):
    picture = album.pictures[0]
    run, finish = picture.done.layers.id, picture.finish
    assert ask(shop, f"/studio/{album.id}/0/view?run={run}")[0] == 200
    assert ask(shop, f"/studio/{album.id}/0/view?run=layers-before")[0] == 409
    said = {"blur": 1.0, "sharpen": 1.0, "strengths": {}, "run": "layers-before"}
    assert ask(shop, f"/studio/{album.id}/0/finish", method="POST", body=said)[0] == 409
    assert picture.finish == finish


def test_the_finish_is_recorded(shop, album):
    said = {"blur": 1.5, "sharpen": 0.0, "strengths": {"sharpen": 0.5}}
    assert ask(shop, f"/studio/{album.id}/0/finish", method="POST", body=said)[0] == 204
    picture = album.pictures[0]
    assert (picture.finish, picture.strengths) == (Finish(1.5, 0.0), {"sharpen": 0.5})
