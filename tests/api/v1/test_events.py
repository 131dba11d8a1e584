"""The state of a job as it changes."""

import json

import anyio

from api.v1 import events
from tests.api.asking import blocked
from tests.api.v1.asking import picture


def blocks(answer):
    """Yield the events of an answer, each a mapping of its fields; a comment has the field of no name."""
    fields = {}
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        else:
            yield fields
            fields = {}


def test_the_states_of_a_job_come_until_its_end(program, shop):
    with blocked(shop._networks):
        job = program.submit(picture(20)).json()["id"]
        answer = program.ask("GET", f"/jobs/{job}/events", stream=True)
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        coming = blocks(answer)
        first = next(coming)
    rest = list(coming)
    assert (first["event"], json.loads(first["data"])["state"]) == ("state", "waiting")
    assert json.loads(rest[-1]["data"])["state"] == "done"
    ids = [each["id"] for each in (first, *rest)]
    assert len(set(ids)) == len(ids)
    again = program.ask("GET", f"/jobs/{job}/events", headers={"Last-Event-ID": ids[-1]})
    assert (again.status_code, again.content) == (204, b"")


def test_a_program_that_comes_back_is_not_told_the_same_again(program, shop):
    with blocked(shop._networks):
        job = program.submit(picture(21)).json()["id"]
        first = next(blocks(program.ask("GET", f"/jobs/{job}/events", stream=True)))
        answer = program.ask("GET", f"/jobs/{job}/events", stream=True, headers={"Last-Event-ID": first["id"]})
    assert json.loads(next(blocks(answer))["data"])["state"] != "waiting"


def test_silence_is_broken_by_comments(program, shop, monkeypatch):
    monkeypatch.setattr(events, "_HEARTBEAT_S", 0.5)
    with blocked(shop._networks):
        job = program.submit(picture(22)).json()["id"]
        coming = blocks(program.ask("GET", f"/jobs/{job}/events", stream=True))
        assert "data" in next(coming)
        assert next(coming) == {"": "heartbeat"}


def test_events_go_on_until_the_result_is_sent():
    documents = iter({"state": "done", "delivered": {"output": None, "webhook": said}} for said in ("waiting", "done"))

    async def collected():
        return [event async for event in events._events(lambda: next(documents), "")]

    assert '"done"}' in anyio.run(collected)[-1]
