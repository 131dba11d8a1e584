"""Photographs from a bucket, and results into one, by presigned addresses of S3 (moto's server on this machine)."""

import json
import socket
from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from studio import deliveries, remote
from tests.api.v1.asking import SHARPEN, picture, refused
from tests.api.v1.test_remote import NAME, delivered

KEY = "scans/Öst & 1.png"


@pytest.fixture(scope="module")
def s3(store):
    """A client of a server with one bucket, whose name in addresses counts as one of the internet."""
    client = store()
    client.create_bucket(Bucket="album")
    client.put_object(Bucket="album", Key=KEY, Body=picture())
    client.named = store(NAME)
    return client


@pytest.fixture
def presigned(s3, shop, monkeypatch):
    """Return the presigned address of an operation on an object, at an allowed host."""
    find = socket.getaddrinfo
    elsewhere = lambda name, *rest, **more: find("127.0.0.1" if name == NAME else name, *rest, **more)  # noqa: E731
    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    monkeypatch.setattr(remote, "is_public", lambda _: True)
    monkeypatch.setattr(shop, "config", replace(shop.config, api_hosts=(f"{NAME}:{s3.port}",)))
    monkeypatch.setattr(shop.submissions.deliveries, "_hosts", shop.config.api_hosts)
    monkeypatch.setattr(deliveries, "_PAUSES_S", (0, 0, 0))
    return lambda operation, key: s3.named.generate_presigned_url(operation, Params={"Bucket": "album", "Key": key})


def test_a_photograph_goes_from_one_object_to_another(program, s3, presigned):
    form = {
        "input_url": (None, presigned("get_object", KEY)),
        "output_url": (None, presigned("put_object", "restored/1.png")),
        "settings": (None, json.dumps(SHARPEN)),
    }
    assert program.ask("PUT", "/jobs/bucket", files=form).status_code == 202
    assert delivered(program, "bucket")["delivered"]["output"] == "done"
    stored = s3.get_object(Bucket="album", Key="restored/1.png")["Body"].read()
    assert stored == program.ask("GET", "/jobs/bucket/result").content
    assert Image.open(BytesIO(stored)).size == (40, 40)
    assert s3.get_object(Bucket="album", Key=KEY)["Body"].read() == picture()


def test_an_object_that_is_not_there_is_refused(program, presigned):
    form = {"input_url": (None, presigned("get_object", "none.png"))}
    assert "status 404" in refused(program.ask("POST", "/jobs", files=form), 422, "address-unusable")


def test_a_bucket_that_is_not_there_fails_the_delivery_and_not_the_job(program, s3, presigned):
    url = s3.named.generate_presigned_url("put_object", Params={"Bucket": "nowhere", "Key": "1.png"})
    files = {"file": ("a.png", picture())}
    assert program.ask("PUT", "/jobs/nowhere", files=files, data={"output_url": url}).status_code == 202
    assert delivered(program, "nowhere")["delivered"]["output"] == "failed"
    assert program.ask("GET", "/jobs/nowhere/result").status_code == 200
