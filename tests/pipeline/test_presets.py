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


def test_each_preset_does_what_its_photographs_need():
    names = {name: {stage.name for stage in plan.stages} for name, plan in PRESETS.items()}
    assert "tone" in names["faded"]
    assert not any("colorize" in stages for stages in names.values())  # only a person decides to guess colours
    assert all("upscale" in stages for stages in names.values())
    assert "deblur" not in names["drawing"]
