"""The application: the workshop opens and closes with the server."""

import asyncio

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

    folder = asyncio.run(serve())
    workshop.cache_clear()
    assert not folder.parent.exists()
