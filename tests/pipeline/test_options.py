import math
from dataclasses import replace

import pytest

from pipeline.errors import OptionError
from pipeline.finish import Finish
from pipeline.options import Choice, Line, Number, Switch, Text, rules
from pipeline.photo import Output
from pipeline.stages import STAGES, Upscale


def every_option():
    return [(kind, name, rule) for kind in (*STAGES, Finish) for name, rule in rules(kind).items()]


@pytest.mark.parametrize(("kind", "name", "rule"), every_option())
def test_values_outside_the_rule_are_refused_by_name(kind, name, rule):
    match rule:
        case Number(low=low, high=high):
            wrong = [low - 1e-6, high + 1e-6, "1", True, float("nan"), None]
        case Choice(open=True):
            wrong = ["", 1, None]
        case Choice():
            wrong = ["nothing-like-it", 1, None]
        case Switch():
            wrong = ["yes", 1, None]
        case Text():
            wrong = ["no text of that form", 1, None]
        case Line():
            wrong = ["two\nlines", 1, None]
    for value in wrong:
        with pytest.raises(OptionError, match=f"{kind.__name__}.{name} must be"):
            replace(kind(), **{name: value})


@pytest.mark.parametrize(("kind", "name", "rule"), every_option())
def test_defaults_and_ends_of_ranges_are_accepted(kind, name, rule):
    if isinstance(rule, Number):
        assert getattr(replace(kind(), **{name: rule.low}), name) == rule.low
        assert getattr(replace(kind(), **{name: rule.high}), name) == rule.high


def test_a_path_may_stand_for_an_upscaler():
    assert Upscale(model="mine.safetensors").model == "mine.safetensors"


@pytest.mark.parametrize("quality", [50.5, 50.0, "50", True, math.nan])
def test_a_whole_number_is_asked_for_where_only_that_is_taken(quality):
    with pytest.raises(OptionError, match=r"Output.quality must be a whole number from 1 to 100, not"):
        Output(quality=quality)
