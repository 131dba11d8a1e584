import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import OptionError
from pipeline.finish import Finish
from pipeline.options import Choice, Line, Number, Text, rules
from pipeline.plan import FINEST, VERSION, Plan, arrange, from_json, simple, stage, to_json
from pipeline.stages import BY_NAME, STAGES, Colorize, Denoise, Sharpen, Upscale


def values(rule):
    match rule:
        case Number(low=low, high=high):
            return st.floats(low, high)
        case Choice(choices=choices):
            return st.sampled_from(choices)
        case Text(default=default):
            return st.just(default)
        case Line():
            return st.text(st.characters(exclude_categories=("C", "Z")))
    return st.booleans()


def options(kind):
    return st.fixed_dictionaries({name: values(rule) for name, rule in rules(kind).items()}).map(lambda o: kind(**o))


plans = st.builds(
    arrange,
    st.lists(st.sampled_from(STAGES), unique=True).flatmap(lambda kinds: st.tuples(*map(options, kinds))),
    optional=st.sets(st.sampled_from(list(BY_NAME))),
    finish=options(Finish),
)


@given(plans)
def test_settings_survive_json(plan):
    assert from_json(to_json(plan)) == plan


@given(plans)
def test_stages_are_in_the_order_of_the_pipeline(plan):
    names = list(BY_NAME)
    places = [names.index(s.name) for s in plan.stages]
    assert places == sorted(places)


def test_simple_mode_is_the_whole_chain():
    assert [s.name for s in simple(4).stages] == ["denoise", "deblur", "upscale", "post-denoise", "sharpen"]
    assert [s.name for s in simple(4, also=["repair"]).stages][:3] == ["denoise", "repair", "deblur"]
    assert [s.name for s in simple(4, also=["tone", "colorize"]).stages][2:4] == ["tone", "colorize"]


def test_simple_mode_sharpens_more_the_larger_the_result():
    amounts = [stage_of(simple(scale), "sharpen").amount for scale in (1, 2, 4)]
    assert amounts == sorted(set(amounts))
    assert all(stage_of(simple(scale), "denoise").strength < 1 for scale in (1, 2, 4))  # the upscaler takes the rest


def test_simple_mode_takes_the_scale_and_the_tier():
    fast, full = simple(4, tier="bundled"), simple(4, tier="official")
    assert stage_of(fast, "upscale") == Upscale(scale=4)
    assert stage_of(full, "upscale").model == "realesrgan-x4plus"
    assert stage_of(full, "deblur").model == "deblurgan-inception"


def test_the_finest_detail_is_real_esrgans_where_a_picture_grows():
    assert [stage_of(simple(scale, finest=True), "upscale").model for scale in (2, 4)] == [FINEST, FINEST]
    assert simple(1, finest=True) == simple(1)
    assert stage_of(simple(2, tier="official", finest=True), "upscale").model == FINEST


def stage_of(plan, name):
    return next(s for s in plan.stages if s.name == name)


def test_a_stage_runs_once():
    with pytest.raises(OptionError, match="once"):
        arrange([Denoise(), Denoise()])


def test_a_plan_out_of_order_is_refused():
    with pytest.raises(OptionError, match="in this order"):
        Plan((Sharpen(), Denoise()))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1"),
        ("[]", "must be an object"),
        ('{"stage": {}}', "no stage"),
        ('{"stages": {"blurr": {}}}', "no blurr"),
        ('{"stages": {"denoise": {"power": 1}}}', "no power"),
        ('{"stages": {"denoise": {"strength": 99}}}', "from 0 to 3"),
        ('{"finish": {"blur": -1}}', "from 0 to 3"),
        ('{"optional": ["nothing"]}', "must be a list"),
        ('{"optional": 5}', "optional"),
    ],
)
def test_wrong_settings_say_what_is_wrong(text, says):
    with pytest.raises(OptionError, match=says):
        from_json(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"stages": ' * 50_000,
        '{"stages": {"denoise": {"strength": NaN}}}',
        '{"stages": {"denoise": {"strength": Infinity}}}',
        '{"stages": {"denoise": {"strength": "1"}}}',
        '{"stages": {"denoise": {"strength": true}}}',
        f'{{"stages": {{"denoise": {{"strength": {"9" * 5000}}}}}}}',
        f'{{"stages": {{"denoise": {{"strength": {"9" * 4000}}}}}}}',
        '{"stages": {"denoise": {"model": ["x"]}}}',
        '{"stages": {"denoise": {"model": "a\\u0000.pth"}}}',
        f'{{"stages": {{"denoise": {{"model": "{"x" * 90_000}"}}}}}}',
        '{"stages": ["denoise"]}',
        '{"finish": {"blur": null}}',
        '{"optional": [["denoise"]]}',
        '{"optional": ["' + "x" * 90_000 + '"]}',
        '{"strengths": {"denoise": NaN}}',
        '{"strengths": {"denoise": [' + "1," * 90_000 + "1]}}",
        json.dumps({"stages": {f"stage {n}": {} for n in range(9000)}}),
        json.dumps({"x" * 90_000: {}}),
        '{"version": [' + "1," * 9000 + "1]}",
        "null",
        "",
    ],
    ids=lambda text: text[:40],
)
def test_any_other_text_is_refused_in_one_line(text):
    with pytest.raises(OptionError) as caught:
        from_json(text)
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()


def test_unknown_stage_names_the_known_ones():
    with pytest.raises(OptionError, match="denoise, repair, deblur, tone, colorize"):
        stage("denoize", {})


def test_keys_tell_plans_apart_and_prefixes_alike():
    one, two = arrange([Denoise(), Sharpen()]), arrange([Denoise(), Sharpen(amount=2)])
    assert one.key(1) == two.key(1)
    assert one.key(2) != two.key(2)
    json.loads(one.key(2))


def test_colorize_is_optional_only_in_simple_mode():
    assert "colorize" in simple(also=["colorize"]).optional
    assert not arrange([Colorize()]).optional


def test_settings_of_the_first_version_are_read():
    old = {"stages": {"repair": {"grow": 2, "mask": ""}, "upscale": {"scale": 4}}, "finish": {"blur": 0.5}}
    plan = from_json(json.dumps(old))
    assert [stage.name for stage in plan.stages] == ["repair", "upscale"]
    assert json.loads(to_json(plan))["version"] == VERSION


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 3}, "got 3"),
        ({"version": "2"}, "got '2'"),
        ({"version": True}, "got True"),
        ({"stages": {"repair": {"mask": "mine.png"}}}, "--repair-mask"),
        ({"version": 2, "stages": {"repair": {"mask": ""}}}, "repair has no mask"),
    ],
    ids=str,
)
def test_settings_of_an_unknown_version_are_refused(change, reason):
    with pytest.raises(OptionError, match=reason):
        from_json(json.dumps({"stages": {}} | change))
