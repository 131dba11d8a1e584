"""Settings of every test: properties are tried with the same examples each time, and no clock decides."""

import signal

import hypothesis
import pytest

import models  # noqa: F401 - before anything imports OpenVINO, whose telemetry it keeps from loading

hypothesis.settings.register_profile("studio", deadline=None, derandomize=True)
hypothesis.settings.load_profile("studio")

# A shell ignores Ctrl-C in what it starts in the background, and so would the programs that tests stop by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_folder_of_models(tmp_path_factory):
    """Leave the models and the compiled networks of whoever runs the tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="session")
def store():
    """Return a client of S3 for a name of this machine; buckets are named in the path, not in the host."""
    import boto3
    from botocore.config import Config
    from moto.server import ThreadedMotoServer

    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    config = Config(signature_version="s3v4", s3={"addressing_style": "path"}, proxies={})
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)

    def client(name="127.0.0.1"):
        _, port = server.get_host_and_port()
        made = boto3.client("s3", endpoint_url=f"http://{name}:{port}", config=config, **keys)
        made.port = port
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("moto.settings.S3_IGNORE_SUBDOMAIN_BUCKETNAME", True)
        server.start()
        yield client
        server.stop()
