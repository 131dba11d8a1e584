"""Settings of every test: properties are tried with the same examples each time, and no clock decides."""

import hypothesis
import pytest

import models  # noqa: F401 - before anything imports OpenVINO, whose telemetry it keeps from loading

hypothesis.settings.register_profile("studio", deadline=None, derandomize=True)
hypothesis.settings.load_profile("studio")


@pytest.fixture(scope="session", autouse=True)
def own_folder_of_models(tmp_path_factory):
    """Leave the models and the compiled networks of whoever runs the tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_MODELS", str(tmp_path_factory.mktemp("models")))
        yield
