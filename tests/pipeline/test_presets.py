import pytest

from models import catalog
from models.files import weights
from pipeline.plan import from_json, to_json
from pipeline.presets import PRESETS
from pipeline.stages import Upscale


@pytest.mark.parametrize("name", PRESETS)
def test_presets_run_with_what_is_in_the_box(name):
    known = {spec.id: spec for spec in catalog.MODELS}
    for stage in PRESETS[name].stages:
        model = stage.spec().id if isinstance(stage, Upscale) else getattr(stage, "model", "")
        if model in known:
            assert weights.status(known[model]) == "bundled"


@pytest.mark.parametrize("name", PRESETS)
def test_presets_travel_as_settings(name):
    assert from_json(to_json(PRESETS[name])) == PRESETS[name]
