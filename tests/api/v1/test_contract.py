"""The description in OpenAPI against the server: every operation answers what it states, and takes what it says."""

import json

import jsonschema
import pytest

from api.v1.openapi import document
from api.v1.routes import OPERATIONS
from pipeline.errors import OptionError
from pipeline.plan import from_json
from tests.api.asking import blocked
from tests.api.v1.asking import SHARPEN, Program, picture, refused

DOCUMENT = document(OPERATIONS, "/api/v1")
SETTINGS = DOCUMENT["components"]["schemas"]["Settings"]
STAGES = SETTINGS["properties"]["stages"]["properties"]
OPTIONS = [(stage, name) for stage, schema in STAGES.items() for name in schema["properties"]]
METHODS = [(path, name) for path, methods in DOCUMENT["paths"].items() for name in methods if name != "parameters"]
NEEDING_A_TOKEN = [(path, name) for path, name in METHODS if DOCUMENT["paths"][path][name].get("security") != []]
WRONG_KINDS = (None, [], {}, "\n", True, 1e9)


def fits(value, schema):
    """Whether a value is what a schema of the description describes."""
    whole = {**DOCUMENT, **schema} if "$ref" in schema else {"components": DOCUMENT["components"], **schema}
    return jsonschema.Draft202012Validator(whole).is_valid(value)


def checked(answer, path, method):
    """Check that an answer is one that the description states, and return its status."""
    stated = DOCUMENT["paths"][path][method]["responses"].get(str(answer.status_code))
    assert stated is not None, (path, method, answer.status_code, answer.content[:300])
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    assert kind in (stated.get("content") or {"": None}), (path, method, answer.status_code, kind)
    schema = (stated.get("content") or {}).get(kind, {}).get("schema")
    assert schema is None or fits(answer.json(), schema), answer.text
    return answer.status_code


def send(program, path, method, job, **options):
    """Send what the operation takes."""
    if "requestBody" in DOCUMENT["paths"][path][method]:
        options = {"files": {"file": ("a.png", picture())}, "data": {"settings": json.dumps(SHARPEN)}} | options
    return program.ask(method.upper(), path.replace("{id}", job), **options)


@pytest.fixture
def job(program):
    """A job that is done."""
    program.submit(picture(), known_as="contract", name="a.png")
    assert program.until_ended("contract")["state"] == "done"
    yield "contract"
    program.ask("DELETE", "/jobs/contract")


def test_the_server_sends_the_description(program):
    assert program.ask("GET", "/openapi.json").json() == json.loads(json.dumps(DOCUMENT))


def test_the_description_is_whole():
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(DOCUMENT)
    for name in DOCUMENT["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, f"{name} is used nowhere"
    operations = [DOCUMENT["paths"][path][name] for path, name in METHODS]
    assert all(each["summary"].endswith(".") for each in operations)
    assert len({each["operationId"] for each in operations}) == len(operations)


@pytest.mark.parametrize(("path", "method"), METHODS)
def test_every_operation_answers_as_stated(program, job, path, method):
    assert checked(send(program, path, method, job), path, method) < 300


@pytest.mark.parametrize(("path", "method"), METHODS)
def test_every_operation_with_a_job_that_waits(program, shop, path, method):
    with blocked(shop._networks):
        waiting = program.submit(picture(30), known_as="waiting").json()["id"]
        options = {"stream": True} if path.endswith("/events") else {}
        checked(send(program, path, method, waiting, **options), path, method)
        program.ask("DELETE", f"/jobs/{waiting}")
    program.ask("DELETE", f"/jobs/{waiting}")


@pytest.mark.parametrize(("path", "method"), [each for each in METHODS if "{id}" in each[0] and each[1] != "put"])
def test_every_operation_of_a_job_that_is_not_there(program, path, method):
    for strange in ("nosuch", "%00", "..%5c", "%ff", "a" * 3000):
        answer = send(program, path, method, strange)
        assert checked(answer, path, method) == 404


@pytest.mark.parametrize(("path", "method"), NEEDING_A_TOKEN)
def test_every_operation_without_a_token(url, path, method):
    with Program(url, "x" * 20) as stranger:
        answer = send(stranger, path, method, "contract")
        assert checked(answer, path, method) == 401
        refused(answer, 401, "unauthorized")


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_every_other_method_is_refused(program, path):
    for method in {"get", "put", "post", "delete", "patch", "options"} - {*DOCUMENT["paths"][path]}:
        answer = program.ask(method.upper(), path.replace("{id}", "contract"))
        refused(answer, 405, "method-not-allowed")
        assert {*answer.headers["Allow"].lower().split(", ")} - {"head"} == {*DOCUMENT["paths"][path]} - {"parameters"}


@pytest.mark.parametrize(("path", "method"), [each for each in METHODS if each[1] in ("post", "put")])
@pytest.mark.parametrize("data", [b"", b"x", b"--edge", b"--edge\r\n\r\n", b"\xff" * 5000])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=edge", "multipart/form-data", "text/plain", ""])
def test_every_form_that_is_malformed(program, path, method, data, kind):
    answer = program.ask(method.upper(), path.replace("{id}", "new"), data=data, headers={"Content-Type": kind})
    assert checked(answer, path, method) in (400, 415, 422)


@pytest.mark.parametrize(("path", "method"), METHODS)
def test_every_body_that_is_too_large(program, path, method):
    assert checked(program.ask(method.upper(), path.replace("{id}", "x"), data=bytes(3_000_000)), path, method) == 413


def accepted(settings):
    """Whether the check of settings, which the server uses, takes them."""
    try:
        from_json(json.dumps(settings))
    except OptionError:
        return False
    return True


def values(schema):
    """Yield values of an option, good ones and bad ones."""
    yield from (schema["default"], *schema.get("enum", ()), *schema.get("examples", ()), *WRONG_KINDS)
    if "minimum" in schema:
        low, high = schema["minimum"], schema["maximum"]
        yield from (low, high, low - 0.5, high + 0.5, (low + high) // 2, (low + high) / 2 + 1e-9)


@pytest.mark.parametrize(("stage", "option"), OPTIONS)
def test_the_schema_of_every_option_agrees_with_its_check(stage, option):
    schema = STAGES[stage]["properties"][option]
    for value in values(schema):
        settings = {"version": 2, "stages": {stage: {option: value}}}
        if isinstance(value, str) and "enum" not in schema:  # names of models, and forms, are not all in the schema
            assert fits(settings, SETTINGS) or not accepted(settings), value
        else:
            assert fits(settings, SETTINGS) == accepted(settings), value


@pytest.mark.parametrize(
    "settings",
    [
        {"version": 2, "more": 1},
        {"version": 3},
        {"version": 2, "stages": {"nosuch": {}}},
        {"version": 2, "stages": {"sharpen": {"nosuch": 1}}},
        {"version": 2, "optional": ["nosuch"]},
        {"version": 2, "strengths": {"upscale": 1.5}},
        {"version": 2, "strengths": {"nosuch": 1}},
        {"version": 2, "finish": {"blur": 4}},
        {"version": 2, "finish": {"nosuch": 1}},
        [],
        None,
    ],
)
def test_what_no_schema_allows_is_refused(program, settings):
    assert not fits(settings, SETTINGS)
    refused(program.submit(picture(), settings), 422, "option-error")


@pytest.mark.parametrize("output", [{"format": "bmp"}, {"quality": 0}, {"quality": 1.5}, {"mark": 1}, {"nosuch": 1}])
def test_an_output_that_no_schema_allows_is_refused(program, output):
    assert not fits(output, {"$ref": "#/components/schemas/Output"})
    refused(program.submit(picture(), output=output), 422, "option-error")
