import pytest

from pipeline.plan import PRESETS, from_json, to_json


@pytest.mark.parametrize("name", PRESETS)
def test_presets_use_bundled_models(name):
    networks = [spec for stage in PRESETS[name].stages if (spec := stage.network())]
    assert networks
    assert all(spec.bundled for spec in networks)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_travel_as_settings(name):
    assert from_json(to_json(PRESETS[name])) == PRESETS[name]
