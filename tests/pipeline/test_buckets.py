"""Photographs of a bucket restored into a bucket or a folder (moto's server on this machine)."""

import io
import pickle

import pytest
from PIL import Image

from pipeline.batch import actors, buckets
from pipeline.batch.buckets import Object, parse
from pipeline.command.cli import main
from tests.api.v1.asking import picture
from tests.pipeline.test_cluster import Batch
from tests.pipeline.test_kills import ask

SHARPEN = ("--only", "sharpen")
NAMES = ("Öst & 1.png", "b/2.png", "b/2.jpg", "bad.jpg", ".hidden/x.png", "note.txt", "b//3.png")


@pytest.fixture
def s3(store, monkeypatch):
    """A client of a server that the command line finds, with a bucket of photographs and one for results."""
    client = store()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{client.port}")
    for name, value in {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    buckets._store.cache_clear()
    for bucket in ("scans", "restored"):
        client.create_bucket(Bucket=bucket)
    for name in NAMES:
        client.put_object(
            Bucket="scans", Key=f"in/{name}", Body=b"none" if name in ("bad.jpg", "note.txt") else picture()
        )
    client.put_object(Bucket="scans", Key="in/b/", Body=b"")  # as consoles mark a folder
    yield client
    for bucket in ("scans", "restored"):
        for key in objects(client, bucket):
            client.delete_object(Bucket=bucket, Key=key)
    buckets._store.cache_clear()


def objects(s3, bucket):
    """Return the objects of a bucket by their names, with what changes when one is written."""
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", ())
    return {each["Key"]: (each["ETag"], each["LastModified"]) for each in found}


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command line from bucket to bucket; return its exit code and what it says."""

    def call(*flags, source="s3://scans/in", out="s3://restored/new", journal=True):
        kept = ["--journal", str(tmp_path / "kept")] if journal else []
        code = main(["restore", source, "-o", str(out), *SHARPEN, *kept, *flags])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def test_a_bucket_is_restored_into_another_and_resumed(s3, run, tmp_path):
    before = objects(s3, "scans")
    code, said = run()
    assert code == 1, said
    assert "s3://scans/in/bad.jpg: Expected a picture" in said
    assert "b/3.png cannot be read: there is no object of this name" in said  # nor is another one taken
    made = objects(s3, "restored")
    assert set(made) == {"new/Öst & 1.png", "new/b/2_png.png", "new/b/2_jpg.png"}
    found = s3.get_object(Bucket="restored", Key="new/Öst & 1.png")
    assert found["ContentType"] == "image/png"
    assert Image.open(io.BytesIO(found["Body"].read())).size == (40, 40)

    s3.delete_object(Bucket="restored", Key="new/b/2_png.png")
    s3.put_object(Bucket="scans", Key="in/bad.jpg", Body=picture())
    code, said = run()
    assert "2 restored, 2 restored earlier, 1 failed" in said
    now = objects(s3, "restored")
    assert now["new/Öst & 1.png"] == made["new/Öst & 1.png"]
    assert set(now) == {*made, "new/bad.png"}
    assert {**objects(s3, "scans"), "in/bad.jpg": 0} == {**before, "in/bad.jpg": 0}
    code, said = run("--verify")
    assert code == 0, said
    assert "4 results compared" in said

    (tmp_path / "kept" / ".studio" / "run.sqlite").unlink()
    code, said = run()
    assert objects(s3, "restored") == now  # known by their metadata, and not made again


def test_a_bucket_is_restored_into_a_folder_and_a_folder_into_a_bucket(s3, run, tmp_path):
    run(out=tmp_path / "out", journal=False)
    assert (tmp_path / "out/b/2_png.png").is_file()
    code, said = run(source=str(tmp_path / "out"))
    assert code == 0, said
    assert "new/b/2_jpg.png" in objects(s3, "restored")
    code, said = run(source="s3://scans/in/b/2.jpg", out="s3://restored/one.webp", journal=False)
    assert code == 0, said
    assert Image.open(io.BytesIO(s3.get_object(Bucket="restored", Key="one.webp")["Body"].read())).format == "WEBP"


def test_actors_restore_from_bucket_to_bucket(s3, run, monkeypatch, tmp_path):
    def events(packed, settings, where):
        actor = actors.Restorer(pickle.loads(pickle.dumps(settings)), where)
        for each in packed:
            yield from (pickle.loads(said["event"][0]) for said in actor(Batch([each])))

    monkeypatch.setattr(actors, "connected", lambda _: io.BytesIO())
    monkeypatch.setattr(actors, "events", events)
    code, said = run("--engine", "ray")
    assert code == 1, said
    assert "s3://scans/in/bad.jpg: Expected a picture" in said
    assert len(objects(s3, "restored")) == 3
    assert ask(tmp_path / "kept", "SELECT state, count(*) FROM photographs GROUP BY state") == [
        ("done", 3),
        ("failed", 2),
    ]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"source": "s3://nowhere/in"}, "s3://nowhere/in does not exist"),
        ({"out": "s3://nowhere/out"}, "There is no bucket s3://nowhere"),
        ({"out": "s3://scans/in/new"}, "never written to"),
        ({"journal": False}, "--journal FOLDER"),
        ({"out": "gs://restored/new"}, "s3://BUCKET/PREFIX, got gs://"),
        ({"out": "s3://"}, "s3://BUCKET/PREFIX, got s3://"),
    ],
)
def test_what_is_wrong_for_every_photograph_is_one_error(s3, run, more, said):
    try:
        code, found = run(**more)
    except SystemExit as stopped:
        code, found = stopped.code, said
    assert code in (1, 2)
    assert said in found
    assert not objects(s3, "restored")


def test_what_needs_folders_is_refused(s3, run):
    code, said = run("--report", "--sidecar", "xmp", "--watch", "--dry-run")
    assert code == 2
    assert "--watch, --sidecar, --report, --dry-run: not possible with s3://" in said
    assert "--journal is for results in a bucket" in run(out="out")[1]


def test_refused_keys_are_one_error(s3, run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.settings.INITIAL_NO_AUTH_ACTION_COUNT", 0)
        code, said = run()
    assert code == 1
    assert len(said.splitlines()) == 1
    assert "Check its name, the keys" in said


def test_a_bucket_that_takes_no_results_ends_the_run(s3, run, monkeypatch):
    put = Object.write_bytes

    def gone(self, data):
        return put(Object("s3://gone") / self.name, data)

    monkeypatch.setattr(Object, "write_bytes", gone)
    code, said = run()
    assert code == 2, said
    assert said.count("cannot be written") == 1


def test_a_path_of_files_stays_one():
    assert not isinstance(parse("a:b//c"), Object)
    path = pickle.loads(pickle.dumps(Object("s3://scans/in") / "a.jpg"))
    assert (str(path), str(path.relative_to("s3://scans/in"))) == ("s3://scans/in/a.jpg", "a.jpg")
