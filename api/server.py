"""Which server answers, by which a page that was open before finds out that it was restarted."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api import shared


async def identity(request: Request) -> Response:
    """Send what tells this server from the one before a restart."""
    return PlainTextResponse(shared.workshop(request).id, headers=shared.FRESH)
