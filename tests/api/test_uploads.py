"""Uploads at the same time: few are handled at once, and slow ones keep nobody out."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from api import uploads
from api.uploads import BoundedBodies
from tests.api.asking import scope_of

ADDRESS = "/_stcore/upload_file/session/file"


def test_few_uploads_are_handled_at_a_time_and_slow_ones_keep_none_out(shop):
    handled, most, served = [], [], []

    async def app(scope, receive, send):
        for _ in range(3):
            await receive()
            handled.append(1)
            most.append(len(handled))
            await asyncio.sleep(0.005)  # as a part is written to disk
            handled.pop()
        served.append(scope["client"])

    async def upload(bounded, number, *, is_slow):
        async def receive():
            await asyncio.Event().wait() if is_slow else await asyncio.sleep(0)
            return {"type": "http.request", "body": b"part", "more_body": True}

        async def send(_):
            pass

        await bounded(scope_of(ADDRESS, method="PUT", address=f"visitor {number}"), receive, send)

    async def all_of_them():
        bounded = BoundedBodies(app, workshop=lambda: shop, held=lambda: 0)
        slow = [asyncio.create_task(upload(bounded, n, is_slow=True)) for n in range(20)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(20):
            await asyncio.gather(*(upload(bounded, n, is_slow=False) for n in range(40)))
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    with ThreadPoolExecutor(1) as aside:  # this thread may have the loop of a browser
        aside.submit(lambda: asyncio.run(all_of_them())).result()
    assert len(served) == 40
    assert max(most) == uploads._AT_ONCE
