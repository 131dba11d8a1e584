"""What a program sends: a photograph or its address, settings and output, as ``multipart/form-data``."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO, Any
from urllib import parse

from anyio import to_thread
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api import shared
from api.uploads import MEGABYTE
from models import own
from pipeline.errors import OptionError
from pipeline.options import clipped, rules, shown
from pipeline.photo import Output
from pipeline.plan import MOST_SETTINGS, Plan, files, from_json, simple
from studio import remote
from studio.deliveries import Delivery
from studio.submissions import Wish

FIELDS = ("file", "input_url", "mask", "page", "full", "settings", "output", "output_url", "webhook_url")
"""Names of the form's fields; one of the first two is needed."""


@dataclass(frozen=True)
class Form:
    """What is to be done with a photograph."""

    file: IO[bytes]
    name: str
    wish: Wish
    mask: IO[bytes] | None
    delivery: Delivery


@asynccontextmanager
async def sent(request: Request) -> AsyncIterator[Form]:
    """Context with the form in a request's body; its file is closed with it.

    Raises
    ------
    HTTPException
        415 if the body is no form, 400 if it is malformed, 422 if a field is missing or unknown.
    OptionError
        If a field breaks a rule.
    """
    if not request.headers.get("Content-Type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(415, "Expected a body of the type multipart/form-data.")
    async with request.form(max_files=2, max_fields=len(FIELDS), max_part_size=MOST_SETTINGS) as form:
        given = form.multi_items()
        if sorted({name for name, _ in given}) != sorted(name for name, _ in given) or {*form} - {*FIELDS}:
            raise HTTPException(422, f"Expected each of the fields {', '.join(FIELDS)} at most once, and no other.")
        wish = _wish(form)
        rest = wish, _mask(form, wish), _delivery(request, form)
        file, url = form.get("file"), _text(form, "input_url")
        if url and file is None:
            with await _fetched(request, url) as got:
                yield Form(got, parse.unquote(parse.urlsplit(url).path.rpartition("/")[2]), *rest)
        elif isinstance(file, UploadFile) and not url:
            yield Form(file.file, file.filename or "", *rest)
        else:
            raise HTTPException(422, "Expected a photograph in the field file, with a file name, or its input_url.")


def _wish(form: Any) -> Wish:
    """Return what is to be done."""
    page, full = _text(form, "page"), _text(form, "full")
    if not re.fullmatch(r"(?:[1-9][0-9]{0,5})?", page):
        msg = f"page must be a whole number from 1, not {shown(page)}."
        raise OptionError(msg)
    if full not in ("", "true", "false"):
        msg = f"full must be true or false, not {shown(full)}."
        raise OptionError(msg)
    plan, output = _plan(_text(form, "settings")), _output(_text(form, "output"))
    return Wish(plan, output, int(page) if page else None, full == "true")


def _mask(form: Any, wish: Wish) -> IO[bytes] | None:
    """Return the file of the mask, where there is one."""
    mask = form.get("mask")
    if mask is None:
        return None
    if not isinstance(mask, UploadFile):
        raise HTTPException(422, "Expected a picture in the field mask, with a file name.")
    if not any(stage.takes_mask for stage in wish.plan.stages):
        msg = "A mask was sent, but no stage takes it. Add the stage repair to the settings."
        raise OptionError(msg)
    return mask.file


def _delivery(request: Request, form: Any) -> Delivery:
    """Return where the result and the news of its job go."""
    delivery = Delivery(_text(form, "output_url"), _text(form, "webhook_url"), request.state.key)
    if delivery.webhook_url and not delivery.key:
        msg = "Expected a token, which signs the webhook; this server has none (STUDIO_API_TOKENS)."
        raise OptionError(msg)
    shared.workshop(request).submissions.deliveries.check(delivery)
    return delivery


async def _fetched(request: Request, url: str) -> IO[bytes]:
    """Return the photograph at an address."""
    shop = shared.workshop(request)
    most = shop.config.max_upload_megabytes * MEGABYTE

    def fetch() -> IO[bytes]:
        with shop.room(most):
            return remote.fetch(url, shop.config.api_hosts, most)

    return await to_thread.run_sync(fetch, limiter=request.app.state.fetching)


def _text(form: Any, name: str) -> str:
    value = form.get(name, "")
    if not isinstance(value, str):
        raise HTTPException(422, f"Expected a text in the field {name}, got a file. Remove its file name.")
    return value


def _plan(text: str) -> Plan:
    """Return the plan that settings describe; that of simple mode where there are none."""
    if not text:
        return simple()
    plan = from_json(text)
    for stage in plan.stages:
        for path in files(stage):
            if str(path) not in own.files():  # a path would tell what is on the server's disk
                msg = f"Expected a model of this server for {stage.name}, got a path. GET /models lists them."
                raise OptionError(msg)
    return plan


def _output(text: str) -> Output:
    """Return the output that a JSON object describes."""
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError) as error:
        msg = "output must be a JSON object."
        raise OptionError(msg) from error
    known = rules(Output)
    if not isinstance(said, dict) or not {*said} <= {*known}:
        got = clipped(", ".join(sorted({*said} - {*known}))) if isinstance(said, dict) else shown(said)
        msg = f"output must be an object with any of {', '.join(known)}, not {got}."
        raise OptionError(msg)
    return Output(**said)
