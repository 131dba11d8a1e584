"""The routes of the page, all under ``/studio``."""

from starlette.routing import BaseRoute, Route

from api import files, pixels

ROUTES: list[BaseRoute] = [
    Route("/{album}/{number:int}/preview", pixels.preview),
    Route("/{album}/{number:int}/view", pixels.view),
    Route("/{album}/{number:int}/finish", pixels.set_finish, methods=["POST"]),
    Route("/{album}/{number:int}/plate", pixels.plate),
    Route("/{album}/{number:int}/damage", pixels.damage),
    Route("/{album}/{number:int}/mask", pixels.mask),
    Route("/{album}/{number:int}/mask", pixels.keep_mask, methods=["PUT"]),
    Route("/{album}/{number:int}/make", files.make, methods=["POST"]),
    Route("/{album}/make", files.make, methods=["POST"]),
    Route("/{album}/jobs/{job}", files.job),
    Route("/{album}/files/{path:path}", files.fetch),
]
