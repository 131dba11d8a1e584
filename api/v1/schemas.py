"""JSON Schemas of what goes in and out; those of settings come from the options' own rules."""

from collections.abc import Mapping
from typing import Any

from api.v1.problems import TITLES
from pipeline.finish import Finish
from pipeline.options import Choice, Dataclass, Line, Number, Rule, Switch, Text, rules
from pipeline.photo import Output
from pipeline.plan import VERSION
from pipeline.stages import STAGES
from studio.jobs import State

Schema = Mapping[str, Any]

_TEXT: Schema = {"type": "string"}
_DELIVERED: Schema = {"enum": [None, "waiting", "done", "failed"]}
_LINK: Schema = {"type": "string", "format": "uri-reference"}


def of_rule(rule: Rule) -> Schema:
    """Return the schema of an option."""
    said = {"default": rule.default, "description": rule.help}
    match rule:
        case Number(low=low, high=high):
            kind = "integer" if isinstance(rule.step, int) else "number"
            return {"type": kind, "minimum": low, "maximum": high, **said}
        case Choice(choices=choices, open=False):
            return {"type": "string", "enum": list(choices), **said}
        case Choice(choices=choices):
            return {"type": "string", "examples": list(choices), **said}
        case Switch():
            return {"type": "boolean", **said}
        case Text(pattern=pattern, form=form):
            return {"type": "string", "pattern": f"^(?:{pattern})$", **said, "description": f"{rule.help}: {form}"}
        case Line():
            return {"type": "string", **said}


def of_options(kind: type[Dataclass], description: str = "") -> Schema:
    """Return the schema of the options of a dataclass."""
    said = {"description": description} if description else {}
    return _object({name: of_rule(rule) for name, rule in rules(kind).items()}, needs_all=False) | said


def _object(properties: Mapping[str, Schema], *, needs_all: bool = True) -> dict[str, Any]:
    needed = {"required": list(properties)} if needs_all else {}
    return {"type": "object", "properties": dict(properties), "additionalProperties": False, **needed}


def _settings() -> Schema:
    names = [kind.name for kind in STAGES]
    share = {"type": "number", "minimum": 0, "maximum": 1}
    parts = {
        "version": {"const": VERSION},
        "stages": _object({kind.name: of_options(kind, kind.summary) for kind in STAGES}, needs_all=False),
        "optional": {"type": "array", "items": {"enum": names}, "description": "left out where a model is missing"},
        "strengths": _object(dict.fromkeys(names, share), needs_all=False),
        "finish": of_options(Finish),
    }
    return _object(parts, needs_all=False) | {"required": ["version"]}


def _notice() -> Schema:
    return _object(dict.fromkeys(("code", "stage", "text", "figures"), _TEXT))


def _job() -> Schema:
    parts: dict[str, Schema] = {
        "id": _TEXT,
        "state": {"enum": [state.value for state in State]},
        "cancelling": {"type": "boolean", "description": "it was asked to stop, and has not stopped yet"},
        "ahead": {"type": "integer", "minimum": 0, "description": "jobs of everybody that come before it"},
        "stage": {"type": ["string", "null"], "description": "the stage that runs"},
        "progress": {"type": "number", "minimum": 0, "maximum": 1},
        "notices": {"type": "array", "items": _reference("Notice")},
        "error": {"oneOf": [{"type": "null"}, _object({"code": _TEXT, "detail": _TEXT})]},
        "delivered": _object(dict.fromkeys(("output", "webhook"), _DELIVERED)),
        "links": _object(dict.fromkeys(("self", "events", "result"), _LINK)),
    }
    return _object(parts)


def _problem() -> Schema:
    parts = dict.fromkeys(("type", "title", "detail", "code"), _TEXT)
    return _object({**parts, "status": {"enum": list(TITLES)}})


def _models() -> Schema:
    either: Schema = {"type": ["string", "null"]}
    texts = {"id": _TEXT, "title": _TEXT, "task": either, "tier": _TEXT, "licence": either}
    model = _object({**texts, "available": {"type": "boolean"}})
    return _object({"models": {"type": "array", "items": model}})


def _form() -> Schema:
    parts: dict[str, Schema] = {
        "file": {"description": "the photograph"},
        "input_url": {"type": "string", "format": "uri", "description": "its address instead, at an allowed host"},
        "mask": {
            "description": "the damage in the photograph's proportions, light on dark or opaque; for the stage repair"
        },
        "page": {"type": "integer", "minimum": 1, "description": "page of a file that has several"},
        "full": {"type": "boolean", "description": "work at full size, as far as max_full_pixels allows"},
        "settings": _reference("Settings"),
        "output": _reference("Output"),
        "output_url": {"type": "string", "format": "uri", "description": "takes the picture by PUT"},
        "webhook_url": {"type": "string", "format": "uri", "description": "takes the job by POST when it has ended"},
    }
    return _object(parts, needs_all=False) | {"oneOf": [{"required": ["file"]}, {"required": ["input_url"]}]}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def components() -> Schema:
    """Return all schemas by name."""
    return {
        "Form": _form(),
        "Settings": _settings(),
        "Output": of_options(Output),
        "Job": _job(),
        "Notice": _notice(),
        "Problem": _problem(),
        "Models": _models(),
        "Status": _object({"status": _TEXT}),
    }
