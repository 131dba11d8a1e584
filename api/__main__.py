"""The HTTP API without the page: ``python -m api``."""

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from api.hosting import AllowedHosts
from api.lifetime import opened
from api.safety import SafeHeaders
from api.v1 import routes as v1
from pipeline import config
from pipeline.config import Config
from studio.workshop import Workshop

_PORT = 8502
_STOP_S = 20
"""Seconds in which requests may end once all jobs have."""


def application(settings: Config, host: str) -> Starlette:
    """Return the application of a server that listens at an address; it has a workshop as long as the server runs."""
    workshop = cache(lambda: Workshop(settings))
    api = v1.application(workshop)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with opened(workshop, host) as api.state.workshop:
            yield

    guards = [Middleware(SafeHeaders), Middleware(AllowedHosts, config=lambda: settings)]
    return Starlette(routes=[Mount("/api/v1", app=api)], middleware=guards, lifespan=lifespan)


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve the API until Ctrl-C, or until the work has ended after SIGTERM; jobs that wait are cancelled then."""
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the HTTP API without the page.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=_PORT, help=f"port to listen at (default {_PORT})")
    args = parser.parse_args(arguments)
    settings = config.load()
    uvicorn.run(application(settings, args.host), host=args.host, port=args.port, timeout_graceful_shutdown=_STOP_S)


if __name__ == "__main__":
    main()
