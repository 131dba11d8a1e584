"""Descriptions of the server: its models, health and figures."""

from collections.abc import Iterator
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api import shared
from api.v1.problems import problem
from models import own
from models.catalog import MODELS
from models.files import weights
from pipeline.errors import ServerStopped
from studio.jobs import State
from studio.submissions import Figures


async def models(_: Request) -> Response:
    """Send the models that settings may name."""
    known = [
        {
            "id": spec.id,
            "title": spec.title,
            "task": spec.task,
            "tier": spec.tier,
            "licence": spec.licence,
            "available": weights.status(spec) != "missing",
        }
        for spec in MODELS
    ]
    mine = [
        {"id": path, "title": Path(path).stem, "task": None, "tier": "own", "licence": None, "available": True}
        for path in own.files()
    ]
    return JSONResponse({"models": known + mine}, headers=shared.FRESH)


async def health(_: Request) -> Response:
    """Send that the server answers."""
    return JSONResponse({"status": "ok"}, headers=shared.FRESH)


async def ready(request: Request) -> Response:
    """Send whether jobs are taken."""
    if shared.workshop(request).submissions.is_open:
        return JSONResponse({"status": "ready"}, headers=shared.FRESH)
    return problem(503, str(ServerStopped()), headers=shared.AFTER_RESTART)


async def metrics(request: Request) -> Response:
    """Send the figures of the server in the text format of Prometheus."""
    lines = "".join(f"{line}\n" for line in _lines(shared.workshop(request).submissions.figures()))
    return PlainTextResponse(lines, headers=shared.FRESH, media_type="text/plain; version=0.0.4")


def _lines(figures: Figures) -> Iterator[str]:
    yield "# HELP studio_jobs_running Jobs of the network queue that run, those of pages included."
    yield "# TYPE studio_jobs_running gauge"
    yield f"studio_jobs_running {figures.running}"
    yield "# HELP studio_jobs_waiting Jobs of the network queue that wait, those of pages included."
    yield "# TYPE studio_jobs_waiting gauge"
    yield f"studio_jobs_waiting {figures.waiting}"
    yield "# HELP studio_api_jobs_total Jobs of the API that ended, by their last state."
    yield "# TYPE studio_api_jobs_total counter"
    for state in (State.DONE, State.FAILED, State.CANCELLED):
        yield f'studio_api_jobs_total{{state="{state.value}"}} {figures.ended.get(state.value, 0)}'
    yield "# HELP studio_api_job_seconds Time from the submission of a job of the API to its end."
    yield "# TYPE studio_api_job_seconds summary"
    yield f"studio_api_job_seconds_sum {figures.seconds:.3f}"
    yield f"studio_api_job_seconds_count {sum(figures.ended.values())}"
