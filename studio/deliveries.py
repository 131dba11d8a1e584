"""Send results and news of jobs to addresses that programs name, at allowed hosts."""

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipeline.errors import AddressUnusable, QueueFull, StudioError
from studio import remote
from studio.jobs import Job, JobQueue

SIGNATURE = "X-Studio-Signature"
"""Header of a webhook: ``t=SECONDS,v1=HEX``, of which HEX is the HMAC-SHA256 of ``SECONDS.BODY``."""

_PAUSES_S = (0, 2, 10)
"""Seconds before each try."""

_AT_ONCE = 2


Delivered = dict[str, str]
"""What became of the delivery of ``"output"`` and ``"webhook"``: waiting, done or failed."""


@dataclass(frozen=True)
class Delivery:
    """Where a result and the news of its job go."""

    output_url: str = ""
    """Takes the result by PUT, such as a presigned address of S3."""

    webhook_url: str = ""
    """Takes the document of the job by POST, once the job has ended and its result is sent."""

    key: str = field(default="", repr=False)
    """Signs the webhook."""


class Deliveries:
    """Sends what jobs made, in a queue of its own: no job waits for a slow host.

    Parameters
    ----------
    hosts : collection of str
        Allowed hosts; see `remote.fetch`.
    max_each : int
        Unfinished deliveries of one owner.
    """

    def __init__(self, hosts: Collection[str], max_each: int) -> None:
        self._hosts = hosts
        self._queue = JobQueue(max_each, max_each, at_once=_AT_ONCE)
        self._closing = threading.Event()

    def finish(self, seconds: float) -> None:
        """Wait until all is sent, at most so many seconds, and give up the rest."""
        self._queue.drain(seconds)
        self.close()

    def close(self) -> None:
        """Give up what is not sent yet."""
        self._closing.set()
        self._queue.close()

    def check(self, delivery: Delivery) -> None:
        """Refuse addresses at other hosts by an OptionError."""
        for url in filter(None, (delivery.output_url, delivery.webhook_url)):
            remote.check(url, self._hosts)

    def schedule(self, job: Job[Any], delivered: Delivered, delivery: Delivery, describe: Callable[[], bytes]) -> None:
        """Send what a job makes, once it has ended.

        Parameters
        ----------
        job : Job
            Its result has the path of a file.
        delivered : dict
            Gets the state of each delivery.
        delivery : Delivery
        describe : callable
            Returns the document of the job at that moment, for the webhook.
        """
        for name in ("output", "webhook"):
            if getattr(delivery, f"{name}_url"):
                delivered[name] = "waiting"
        if delivered:
            work = partial(self._deliver, job, delivered, delivery, describe)
            job.when_finished(lambda: self._begin(work, job.owner, delivered))

    def _begin(self, work: Callable[[Job[None]], None], owner: Hashable, delivered: Delivered) -> None:
        try:
            sent = self._queue.submit(work, owner)
        except QueueFull:
            _give_up(delivered)
        else:
            sent.when_finished(lambda: _give_up(delivered))

    def _deliver(
        self, job: Job[Any], delivered: Delivered, delivery: Delivery, describe: Callable[[], bytes], _: Job[None]
    ) -> None:
        if delivery.output_url:
            made = job.result
            is_sent = made is not None and self._try(
                lambda: remote.send("PUT", delivery.output_url, self._hosts, made.path, {})
            )
            delivered["output"] = "done" if is_sent else "failed"
        if delivery.webhook_url:
            body = describe()
            delivered["webhook"] = "done" if self._try(lambda: self._call(delivery, body)) else "failed"

    def _call(self, delivery: Delivery, body: bytes) -> None:
        headers = {"Content-Type": "application/json", SIGNATURE: sign(delivery.key, body, int(time.time()))}
        remote.send("POST", delivery.webhook_url, self._hosts, body, headers)

    def _try(self, send: Callable[[], None]) -> bool:
        """Send something in some tries; return whether one of them succeeded."""
        for pause in _PAUSES_S:
            if self._closing.wait(pause):
                return False
            try:
                send()
            except AddressUnusable:
                continue
            except (StudioError, OSError):
                return False
            return True
        return False


def _give_up(delivered: Delivered) -> None:
    """Note that what is not sent will never be."""
    delivered.update({name: "failed" for name, state in delivered.items() if state == "waiting"})


def sign(key: str, body: bytes, moment: int) -> str:
    """Return the signature of a webhook, sent at a moment in seconds since 1970."""
    digest = hmac.new(key.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"
