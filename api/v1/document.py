"""The JSON document of a job."""

from collections.abc import Mapping
from typing import Any

from api import shared
from api.v1.problems import code_of
from pipeline.notices import Notice, figures, headline
from studio.jobs import Job
from studio.submissions import Product, Submission, Submissions


def describe(submission: Submission, submissions: Submissions, root: str) -> dict[str, Any]:
    """Return the document of a job.

    Parameters
    ----------
    submission : Submission
    submissions : Submissions
        Where it is.
    root : str
        Address of the API, for links.
    """
    job, links = submission.job, {"self": f"{root}/jobs/{submission.id}"}
    links |= {"events": f"{links['self']}/events", "result": f"{links['self']}/result"}
    made = job.result
    return {
        "id": submission.id,
        "state": job.state.value,
        "cancelling": job.cancelled() and not job.finished,
        "ahead": submissions.ahead(submission),
        **_progress(job),
        "notices": [_notice(each) for each in made.notices] if made else [],
        "error": {"code": code_of(job.error), "detail": shared.failure(job)} if job.error else None,
        "delivered": {name: submission.delivered.get(name) for name in ("output", "webhook")},
        "links": links,
    }


def _progress(job: Job[Product]) -> Mapping[str, Any]:
    """Return the stage that runs, and the share of all stages that is done."""
    if job.result is not None or job.progress is None:
        return {"stage": None, "progress": float(job.result is not None)}
    at = job.progress
    return {"stage": at.stage, "progress": round((at.index + at.fraction) / at.count, 3)}


def _notice(notice: Notice) -> dict[str, str]:
    return {
        "code": notice.code,
        "stage": notice.stage,
        "text": headline(notice),
        "figures": figures(notice),
    }
