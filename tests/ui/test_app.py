"""The application: the workshop opens and closes with the server."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

from streamlit import config

import app
from ui.shop import workshop


def test_the_workshop_opens_and_closes_with_the_server(monkeypatch):
    monkeypatch.setenv("STUDIO_MAX_UPLOAD_MEGABYTES", "7")
    before = os.umask(0o022)
    workshop.cache_clear()

    async def serve():
        async with app._open(app.app):
            shop = app._routes.state.workshop
            assert shop is workshop()  # pages and routes have the same
            folder = shop.create([("cat.png", b"cat")]).folder
            assert folder.exists()
            assert {path.stat().st_mode & 0o077 for path in (folder, *folder.rglob("*"))} == {0}
            assert config.get_option("server.maxUploadSize") == 7  # Streamlit refuses more than that
        return folder

    with ThreadPoolExecutor(1) as thread:  # a browser's test may have left an event loop in this one
        folder = thread.submit(asyncio.run, serve()).result()
    workshop.cache_clear()
    os.umask(before)
    assert not folder.parent.exists()
