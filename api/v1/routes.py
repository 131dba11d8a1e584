"""The operations of the API, and the application that serves them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from anyio import CapacityLimiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api import shared
from api.uploads import BoundedBodies
from api.v1 import jobs, problems, server
from api.v1.openapi import Operation, Operations, document
from api.v1.tokens import Tokens
from pipeline.errors import StudioError
from studio.workshop import Workshop


async def description(request: Request) -> Response:
    """Send this description."""
    return JSONResponse(document(OPERATIONS, request.scope["root_path"]), headers=shared.FRESH)


_RESULT = tuple(jobs.MEDIA_TYPES.values())
_SUBMITTED = {200: ("Job", *_RESULT), 202: ("Job",)}
_UNFIT = (400, 409, 415, 422, 429, 503, 507)

OPERATIONS: Operations = {
    "/jobs": {"POST": Operation(jobs.post, _SUBMITTED, _UNFIT, takes_form=True)},
    "/jobs/{id}": {
        "GET": Operation(jobs.get, {200: ("Job",)}, (404,)),
        "PUT": Operation(jobs.put, _SUBMITTED, _UNFIT, takes_form=True),
        "DELETE": Operation(jobs.delete, {202: ("Job",), 204: ()}, (404,)),
    },
    "/jobs/{id}/events": {"GET": Operation(jobs.events, {200: ("text/event-stream",), 204: ()}, (404,))},
    "/jobs/{id}/result": {"GET": Operation(jobs.result, {200: _RESULT}, (404, 409, 422, 503))},
    "/models": {"GET": Operation(server.models, {200: ("Models",)})},
    "/health": {"GET": Operation(server.health, {200: ("Status",)})},
    "/ready": {"GET": Operation(server.ready, {200: ("Status",)}, (503,))},
    "/metrics": {"GET": Operation(server.metrics, {200: ("text/plain",)})},
    "/openapi.json": {"GET": Operation(description, {200: ("OpenAPI",)})},
}


def application(workshop: Callable[[], Workshop]) -> Starlette:
    """Return the application that serves the API; set its ``state.workshop`` before the first request.

    Parameters
    ----------
    workshop : callable
        Returns the workshop of this server.
    """
    bounds: dict[str, Any] = {"held": lambda: 0, "upload": "/jobs", "passed": (), "refuse": problems.of_error}
    app = Starlette(
        routes=[Route(path, _serve(methods), methods=list(methods)) for path, methods in OPERATIONS.items()],
        middleware=[
            Middleware(Tokens, config=lambda: workshop().config),
            Middleware(BoundedBodies, workshop=workshop, **bounds),
        ],
        exception_handlers=dict.fromkeys((HTTPException, StudioError, Exception), problems.answer)
        | {ClientDisconnect: problems.gone},
    )
    app.state.storing = CapacityLimiter(1)  # of threads that write photographs; pages need the others
    app.state.fetching = CapacityLimiter(2)  # of threads that fetch photographs
    return app


def _serve(methods: Mapping[str, Operation]) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        return await methods[method].handler(request)

    return serve
