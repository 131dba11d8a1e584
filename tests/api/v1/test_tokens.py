"""Who may use the API."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from api.v1.routes import application
from pipeline.config import Config
from studio.visitors import COOKIE
from tests.api.asking import scope_of
from tests.api.v1.asking import TOKEN, refused


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer \xff"},
        {"Cookie": f"{COOKIE}={TOKEN}; token={TOKEN}; Authorization=Bearer {TOKEN}"},
    ],
)
def test_a_request_without_a_token_is_refused(url, headers):
    for method, path in (("GET", "/models"), ("POST", "/jobs"), ("GET", "/metrics"), ("GET", "/openapi.json")):
        answer = requests.request(method, url + path, headers=headers, timeout=60)
        refused(answer, 401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    refused(requests.get(f"{url}/jobs/health", headers=headers, timeout=60), 401, "unauthorized")


def test_a_token_is_taken(url):
    for kind in ("Bearer", "bearer"):
        assert requests.get(f"{url}/models", headers={"Authorization": f"{kind} {TOKEN}"}, timeout=60).ok


def test_a_cookie_is_no_owner(url, shop):
    cookie = {"Cookie": f"{COOKIE}={shop.visitors.new()}"}
    refused(requests.get(f"{url}/models", headers=cookie, timeout=60), 401, "unauthorized")


def test_whoever_supervises_the_server_needs_no_token(url):
    assert requests.get(f"{url}/health", timeout=60).json() == {"status": "ok"}
    assert requests.get(f"{url}/ready", timeout=60).json() == {"status": "ready"}


class Open:
    """A workshop without tokens, as far as these requests need it."""

    config = Config()


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {"host": "localhost:8501"}, 200),
        ("::1", {"host": "[::1]:8501"}, 200),
        ("127.0.0.1", {"host": "localhost", "sec-fetch-site": "none"}, 200),
        ("192.0.2.7", {"host": "localhost"}, 403),
        ("127.0.0.1", {"host": "evil.example"}, 403),
        ("127.0.0.1", {}, 403),
        ("127.0.0.1", {"host": "localhost", "x-forwarded-for": "192.0.2.7"}, 403),
        ("127.0.0.1", {"host": "localhost", "origin": "http://evil.example"}, 403),
        ("127.0.0.1", {"host": "localhost", "origin": "null"}, 403),
        ("127.0.0.1", {"host": "localhost", "sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_without_tokens_only_programs_of_the_servers_machine_are_served(address, headers, status):
    told = []
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    app, scope = application(Open), scope_of("/models", headers=pairs, address=address)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        told.append(message)

    with ThreadPoolExecutor(1) as aside:
        aside.submit(lambda: asyncio.run(app(scope, receive, send))).result()
    assert told[0]["status"] == status


def test_settings_keep_tokens_secret_and_long():
    assert TOKEN not in repr(Config(api_tokens=(TOKEN,)))
    with pytest.raises(ValueError, match="at least 16 characters") as caught:
        Config(api_tokens=(TOKEN, "short-secret"))
    assert "short-secret" not in str(caught.value)
