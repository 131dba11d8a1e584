"""The application: the workshop opens and closes with the server."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import app
from ui.shop import workshop


def test_the_workshop_opens_and_closes_with_the_server():
    workshop.cache_clear()

    async def serve():
        async with app._open(app.app):
            shop = app._routes.state.workshop
            assert shop is workshop()  # pages and routes have the same
            folder = shop.create([("cat.png", b"cat")]).folder
            assert folder.exists()
        return folder

    with ThreadPoolExecutor(1) as thread:  # a browser's test may have left an event loop in this one
        folder = thread.submit(asyncio.run, serve()).result()
    workshop.cache_clear()
    assert not folder.parent.exists()
