"""The routes of the page, all under ``/studio``."""

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from api import files, pixels, server, shared
from api.safety import OwnPagesOnly
from pipeline.errors import StudioError


class _Number(IntegerConvertor):
    """The number of a photograph; Python refuses to read one of thousands of digits."""

    regex = "[0-9]{1,9}"


register_url_convertor("number", _Number())

ROUTES: list[BaseRoute] = [
    Route("/server", server.identity),
    Route("/{album}/{number:number}/preview", pixels.preview),
    Route("/{album}/{number:number}/view", pixels.view),
    Route("/{album}/{number:number}/finish", pixels.set_finish, methods=["POST"]),
    Route("/{album}/{number:number}/excerpt", pixels.excerpt),
    Route("/{album}/{number:number}/plate", pixels.plate),
    Route("/{album}/{number:number}/damage", pixels.damage),
    Route("/{album}/{number:number}/mask", pixels.mask),
    Route("/{album}/{number:number}/mask", pixels.keep_mask, methods=["PUT"]),
    Route("/{album}/{number:number}/make", files.make, methods=["POST"]),
    Route("/{album}/make", files.make, methods=["POST"]),
    Route("/{album}/jobs/{job}", files.job),
    Route("/{album}/files/{path:path}", files.fetch),
]


def application() -> Starlette:
    """Return the application that serves the routes; set its ``state.workshop`` before the first request."""
    refusals = {StudioError: shared.refuse}
    return Starlette(routes=ROUTES, middleware=[Middleware(OwnPagesOnly)], exception_handlers=refusals)
