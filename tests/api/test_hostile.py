"""Whatever is sent to the routes, the answer is no failure of the server, and a refusal is a sentence."""

import json
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.plan import arrange
from pipeline.stages import Sharpen
from tests.api.asking import ask, png, restored_album
from tests.photographs import photograph

PLACES = {
    "GET": ["preview", "view", "plate", "damage", "mask"],
    "POST": ["finish", "make"],
    "PUT": ["mask"],
}
HUGE = "9" * 5000

texts = st.one_of(
    st.sampled_from(
        ["", "0", "1", "-1", "nan", "inf", "-inf", "1e999", "x", "\0", "result", "classical", HUGE, "-" + HUGE]
    ),
    st.text(max_size=8),
)
names = ["x", "y", "w", "h", "out", "layer", "blur", "sharpen", "strengths", "run", "model"]
queries = st.dictionaries(st.sampled_from(names), texts, max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["sharpen", "post-denoise"]) | texts, inner)
    ),
    max_leaves=4,
)
fields = st.dictionaries(
    st.sampled_from(
        ["blur", "sharpen", "strengths", "run", "format", "quality", "metadata", "mark", "name", "language"]
    ),
    values,
)
bodies = st.one_of(
    fields.map(lambda said: json.dumps(said).encode()),
    values.map(lambda said: json.dumps(said).encode()),
    st.binary(max_size=20),
    st.sampled_from(
        [b"", b"[" * 9000, b'{"name": "\\ud800"}', b'{"strengths": {"\\ud800": 1}}', b'{"blur": ' + b"9" * 5000]
    ),
)


@pytest.fixture(scope="module")
def album(shop):
    cat = png((photograph("chelsea", 64)[..., ::-1] * 255).astype(np.uint8))
    return restored_album(shop, ("cat.png", cat))


def refused_or_served(answer):
    status, _, body = answer
    assert status < 500, body
    if status >= 400:
        assert body.decode().strip()


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_request_makes_the_server_fail(shop, album, data):
    method = data.draw(st.sampled_from(list(PLACES)))
    place = data.draw(st.sampled_from(PLACES[method]))
    number = data.draw(st.sampled_from(["0", "0", "0", "7", "-1", "x", HUGE]))
    query = "&".join(f"{name}={quote(text)}" for name, text in data.draw(queries).items())
    refused_or_served(ask(shop, f"/studio/{album.id}/{number}/{place}?{query}", method=method, body=data.draw(bodies)))


@settings(max_examples=50)
@given(text=st.one_of(texts, st.sampled_from(["made/../../x", "0/made/" + "y" * 5000, "0/made/\0/x"])))
def test_no_address_makes_the_server_fail(shop, album, text):
    for place in (f"{album.id}/files/", f"{album.id}/jobs/", ""):
        refused_or_served(ask(shop, f"/studio/{place}{quote(text)}"))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"blur": 0, "sharpen": 0},
        {"blur": 0, "sharpen": 0, "strengths": [1]},
        {"blur": 0, "sharpen": 0, "strengths": {"sharpen": float("nan")}},
        {"blur": float("inf"), "sharpen": 0, "strengths": {}},
        {"blur": "1", "sharpen": 0, "strengths": {}},
    ],
)
def test_a_finish_of_a_wrong_type_is_refused_in_words(shop, album, said):
    status, _, told = ask(shop, f"/studio/{album.id}/0/finish", method="POST", body=said)
    assert (status, told[:18]) == (422, b"This is no finish:")


@pytest.mark.parametrize("query", ["out=" + "9" * 400, "strengths=nan", "w=1.5", "x=" + HUGE])
def test_a_view_of_a_wrong_size_is_refused_in_words(shop, query):
    cat = png((photograph("chelsea", 64)[..., ::-1] * 255).astype(np.uint8))
    album = restored_album(shop, ("cat.png", cat), plan=arrange([Sharpen(1.0)]))
    status, _, told = ask(shop, f"/studio/{album.id}/0/view?{query}")
    assert (status, told[:28]) == (422, b"This is no view of the pictu")
    assert len(told) < 200


@pytest.mark.parametrize("said", [{"name": ["x"]}, {"quality": 50.5}, {"format": None}, {"mark": 1}])
def test_an_order_of_a_wrong_type_is_refused_in_words(shop, album, said):
    status, _, told = ask(shop, f"/studio/{album.id}/0/make", method="POST", body=said)
    assert status == 422
    assert b"must be" in told


@pytest.mark.parametrize(
    ("method", "place"), [("POST", "0/finish"), ("POST", "0/make"), ("POST", "make"), ("PUT", "0/mask")]
)
def test_a_page_of_another_site_can_change_nothing(shop, album, method, place):
    """Its browser asks before it sends a header of the studio's own, and without that header nothing is changed."""
    address = f"/studio/{album.id}/{place}"
    for asked in (method, "OPTIONS"):
        status, headers, told = ask(shop, address, method=asked, body={"format": "png"}, own=False)
        assert (status, told[:19]) == (403, b"Expected the header")
        assert not [name for name in headers if name.startswith("access-control")]
