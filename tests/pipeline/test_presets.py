import pytest

from models import catalog, weights
from pipeline.plan import from_json, to_json
from pipeline.presets import PRESETS
from pipeline.stages import Upscale


@pytest.mark.parametrize("name", PRESETS)
def test_presets_run_with_what_is_in_the_box(name):
    for stage in PRESETS[name].stages:
        spec = (
            stage.spec()
            if isinstance(stage, Upscale)
            else catalog.get(stage.model)
            if hasattr(stage, "model")
            else None
        )
        assert spec is None or weights.status(spec) == "in the box" or stage.name in PRESETS[name].optional


@pytest.mark.parametrize("name", PRESETS)
def test_presets_travel_as_settings(name):
    assert from_json(to_json(PRESETS[name])) == PRESETS[name]
