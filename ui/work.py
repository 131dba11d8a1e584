"""What all browser sessions share, and the job that one of them orders."""

from dataclasses import dataclass

import streamlit as st

from models.engine import Engine
from pipeline import config
from pipeline.cache import ResultCache
from pipeline.config import Config
from pipeline.jobs import Job, JobQueue
from pipeline.photo import read_photo
from pipeline.plan import Plan
from pipeline.run import Result, run


@dataclass(frozen=True)
class Workshop:
    """The engine, the queue and the cache of this server."""

    config: Config
    engine: Engine
    queue: JobQueue
    cache: ResultCache


@st.cache_resource(show_spinner=False)
def workshop() -> Workshop:
    """Return the one workshop of this server."""
    settings = config.load()
    cache = ResultCache(settings.cache_megabytes * 1_000_000)
    return Workshop(settings, Engine(), JobQueue(settings.max_waiting), cache)


def order(data: bytes, name: str, plan: Plan) -> Job[Result]:
    """Put the restoration of an uploaded file into the queue.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    name : str
        Its name in the browser.
    plan : Plan
        What to do.

    Raises
    ------
    QueueFull
        If too many jobs are waiting.
    """
    shop = workshop()

    def work(job: Job[Result]) -> Result:
        photo = read_photo(data, name=name, max_pixels=shop.config.max_pixels)
        return run(plan, photo, shop.engine, progress=job.report, cancelled=job.cancelled, cache=shop.cache)

    return shop.queue.submit(work)
