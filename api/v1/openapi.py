"""The description of the API in OpenAPI 3.1, made from its operations and the rules of options."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.v1 import schemas
from api.v1.problems import MEDIA_TYPE, TITLES
from api.v1.tokens import OPEN

_ALWAYS = (413, 500)
_CLOSED = (401, 403)
"""What answers where a token is needed."""


@dataclass(frozen=True)
class Operation:
    """What a method of a path does."""

    handler: Callable[[Request], Awaitable[Response]]
    answers: Mapping[int, tuple[str, ...]]
    """What it sends by status: names of schemas, or media types."""

    refusals: tuple[int, ...] = ()
    """Statuses of problems, beside those of every operation."""

    takes_form: bool = False

    @property
    def summary(self) -> str:
        """What it does, in a sentence."""
        return (self.handler.__doc__ or "").partition("\n")[0]


Operations = Mapping[str, Mapping[str, Operation]]
"""Operations by path and method."""


def document(operations: Operations, root: str) -> dict[str, Any]:
    """Return the description.

    Parameters
    ----------
    operations : mapping
    root : str
        Address of the API.
    """
    paths = {path: _path(path, methods) for path, methods in operations.items()}
    bearer = {"type": "http", "scheme": "bearer", "description": "a token of STUDIO_API_TOKENS"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Restoration Studio", "version": "1"},
        "servers": [{"url": root}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas.components(), "securitySchemes": {"token": bearer}},
    }


def _path(path: str, methods: Mapping[str, Operation]) -> dict[str, Any]:
    said: dict[str, Any] = {name.lower(): _operation(path, name, each) for name, each in methods.items()}
    if "{id}" in path:
        said["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    return said


def _operation(path: str, method: str, operation: Operation) -> dict[str, Any]:
    is_open = path in OPEN
    refusals = sorted({*operation.refusals, *_ALWAYS, *(() if is_open else _CLOSED)})
    answers = {status: _answer(status, kinds) for status, kinds in operation.answers.items()}
    problem = {MEDIA_TYPE: {"schema": _reference("Problem")}}
    answers |= {status: {"description": TITLES[status], "content": problem} for status in refusals}
    said = {
        "operationId": re.sub(r"\W+", "_", f"{method.lower()}{path}").strip("_"),  # a name in programs
        "summary": operation.summary,
        "responses": {str(status): answer for status, answer in answers.items()},
    }
    if is_open:
        said["security"] = []
    return said | (_form() if operation.takes_form else {})


def _answer(status: int, kinds: tuple[str, ...]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for kind in kinds:
        if "/" in kind:
            content[kind] = {}
        else:
            content["application/json"] = {"schema": _reference(kind)} if kind != "OpenAPI" else {}
    return {"description": HTTPStatus(status).phrase, **({"content": content} if content else {})}


def _form() -> dict[str, Any]:
    """Return what an operation takes that takes a photograph."""
    encoding = {name: {"contentType": "application/json"} for name in ("settings", "output")}
    body = {"multipart/form-data": {"schema": _reference("Form"), "encoding": encoding}}
    wait = {
        "name": "Prefer",
        "in": "header",
        "description": "wait=N answers with the picture where it is done within so many seconds, at most 60",
        "schema": {"type": "string", "examples": ["wait=30"]},
    }
    return {"parameters": [wait], "requestBody": {"required": True, "content": body}}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
