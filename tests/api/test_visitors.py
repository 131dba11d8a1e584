"""Who asks: a signed cookie, or the address; each visitor has turns and bounds of their own."""

import re

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.visitors import VisitorCookie
from pipeline.plan import arrange
from studio.visitors import COOKIE, Visitors
from tests.api.asking import ask, blocked, png
from tests.photographs import photograph

CAT = png((photograph("chelsea", 64)[..., ::-1] * 255).astype(np.uint8))


def test_a_token_is_known_to_the_server_that_signed_it_alone():
    here, elsewhere = Visitors(), Visitors()
    token = here.new()
    assert here.knows(token)
    assert not elsewhere.knows(token)
    assert not here.knows(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert not any(here.knows(forged) for forged in (None, "", "x", "ж" * 90, token[1:], token + "0"))


def test_a_visitor_without_a_token_is_an_address():
    visitors = Visitors()
    one, other = visitors.new(), visitors.new()
    names = {visitors.name(one, "1.2.3.4"), visitors.name(other, "1.2.3.4"), visitors.name("forged", "1.2.3.4")}
    assert len(names) == 3
    assert visitors.name(one, "5.6.7.8") == visitors.name(one, "1.2.3.4")  # on the way from home to work
    assert visitors.name(None, "1.2.3.4") == visitors.name("forged", "1.2.3.4") != visitors.name(None, "5.6.7.8")
    assert visitors.name(None, "127.0.0.1") == visitors.name(None, None)  # Streamlit says none of this computer


@pytest.fixture
def server():
    """A server with a page and a picture, and its visitors."""
    visitors = Visitors()
    routes = [Route("/", lambda _: HTMLResponse("page")), Route("/picture", lambda _: PlainTextResponse("picture"))]
    return Starlette(routes=routes, middleware=[Middleware(VisitorCookie, visitors=lambda: visitors)]), visitors


def test_a_browser_gets_its_token_with_the_page_and_keeps_it(server):
    app, visitors = server
    browser = TestClient(app)
    assert "set-cookie" not in browser.get("/picture", headers={"Accept": "*/*"}).headers
    given = browser.get("/").headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[\w-]+; Path=/; HttpOnly; SameSite=Lax", given)
    token = browser.cookies[COOKIE]
    assert visitors.knows(token)
    assert "set-cookie" not in browser.get("/").headers
    assert "set-cookie" in browser.get("/", headers={"Cookie": f"{COOKIE}={Visitors().new()}"}).headers  # a restart


def test_a_token_goes_by_https_alone_where_it_came_so(server):
    assert TestClient(server[0], base_url="https://studio").get("/").headers["set-cookie"].endswith("; Secure")


def test_one_visitor_with_many_albums_takes_turns_with_another(shop):
    """Damage, each map once an order of an owner of its own, filled the queue for everybody."""
    many, few = (f"{COOKIE}={shop.visitors.new()}" for _ in range(2))
    albums, other = [shop.create([("cat.png", CAT)]) for _ in range(40)], shop.create([("cat.png", CAT)])
    place = "/studio/{}/0/damage?model=classical"
    with blocked(shop._networks):
        assert {ask(shop, place.format(album.id), cookie=many)[0] for album in albums} == {202}
        assert ask(shop, place.format(other.id), cookie=few)[0] == 202
        assert shop._networks.ahead(other.pictures[0].damage["classical"]) == 2
    assert all(album.pictures[0].damage["classical"].wait(60) for album in (*albums, other))


def test_two_visitors_of_one_album_each_have_their_turn(shop):
    album = shop.create([("cat.png", CAT), ("dog.png", CAT)])
    with blocked(shop._networks):
        for _ in range(3):
            shop.submit("many", [shop.create([("cat.png", CAT)]).pictures[0]], arrange([]))
        shop.submit("many", album.pictures[:1], arrange([]))
        shop.submit("few", album.pictures[1:], arrange([]))
        assert [shop.ahead(picture.job) for picture in album.pictures] == [5, 2]
    assert all(picture.job.wait(60) for picture in album.pictures)


def test_the_visitor_of_a_page_is_that_of_its_requests(shop, monkeypatch):
    from ui import shop as page

    token = shop.visitors.new()
    monkeypatch.setattr(page, "workshop", lambda: shop)
    monkeypatch.setattr(type(page.st.context), "cookies", {COOKIE: token})
    album = shop.create([("cat.png", CAT)])
    with blocked(shop._networks):
        ask(shop, f"/studio/{album.id}/0/damage?model=classical", cookie=f"{COOKIE}={token}")
        assert album.pictures[0].damage["classical"].owner == page.visitor()
    assert album.pictures[0].damage["classical"].wait(60)
