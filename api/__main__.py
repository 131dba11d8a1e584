"""The HTTP API without the page: ``python -m api``."""

import argparse
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from functools import cache

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from api.hosting import AllowedHosts
from api.safety import SafeHeaders
from api.v1 import routes as v1
from pipeline import config
from studio.workshop import Workshop

_PORT = 8502
_STOP_S = 10
"""Seconds in which requests may end once the server is asked to stop."""


def application() -> Starlette:
    """Return the application; it opens a workshop with the server, and closes it with the server."""
    workshop = cache(lambda: Workshop(config.load()))
    api = v1.application(workshop)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        os.umask(0o077)  # photographs are for the server's user alone
        with closing(workshop()) as api.state.workshop:
            yield

    guards = [Middleware(SafeHeaders), Middleware(AllowedHosts, config=lambda: workshop().config)]
    return Starlette(routes=[Mount("/api/v1", app=api)], middleware=guards, lifespan=lifespan)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the API until Ctrl-C or SIGTERM; jobs that wait or run are cancelled then."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the HTTP API without the page.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=_PORT, help=f"port to listen at (default {_PORT})")
    args = parser.parse_args(arguments)
    uvicorn.run(application(), host=args.host, port=args.port, timeout_graceful_shutdown=_STOP_S)


if __name__ == "__main__":
    main()
