"""What flags, settings files and the help say of the stages."""

import argparse
import json
import re

import numpy as np
import pytest
from PIL import Image

from pipeline.command import arguments
from pipeline.command.cli import main
from pipeline.finish import Finish
from pipeline.options import Number, rules
from pipeline.plan import arrange, simple, to_json
from pipeline.stages import STAGES, Denoise, PostDenoise, Sharpen


def test_settings_files_are_read_and_flags_overrule_them(folder, tmp_path, capsys):
    settings = tmp_path / "settings.json"
    settings.write_text('{"stages": {"denoise": {}, "upscale": {"scale": 4}}}')
    command = ["restore", str(folder / "coffee.jpg"), "--settings", str(settings), "--json", "-o"]
    main([*command, str(tmp_path / "one")])
    main([*command, str(tmp_path / "two"), "--scale", "2", "--no-denoise"])
    one, two = (json.loads(text) for text in capsys.readouterr().out.replace("}\n{", "}\n\0{").split("\0"))
    assert one["photographs"][0]["size"] == [512, 340]
    assert two["photographs"][0]["size"] == [256, 170]
    assert [s["stage"] for s in two["photographs"][0]["stages"]] == ["upscale"]


def test_the_finish_is_applied(folder, tmp_path):
    command = ["restore", str(folder / "coffee.jpg"), "--only", "denoise", "-o"]
    main([*command, str(tmp_path / "plain.png")])
    main([*command, str(tmp_path / "soft.png"), "--finish-blur", "3"])
    plain, soft = (np.asarray(Image.open(tmp_path / f"{name}.png"), float) for name in ("plain", "soft"))
    assert np.abs(np.diff(soft, axis=1)).mean() < np.abs(np.diff(plain, axis=1)).mean() / 2


def test_settings_and_only_name_stages_and_keep_what_the_file_says(tmp_path):
    (tmp_path / "s.json").write_text(to_json(arrange([Denoise(0.3), Sharpen(2.0)], finish=Finish(0.5, 0))))
    plan = plan_of("--settings", str(tmp_path / "s.json"), "--only", "sharpen,post-denoise")
    assert plan.stages == (PostDenoise(), Sharpen(2.0))
    assert plan.finish == Finish(0.5, 0)


def plan_of(*flags):
    parser = argparse.ArgumentParser()
    arguments.add_plan(parser)
    return arguments.read_plan(parser.parse_args(flags))


@pytest.mark.parametrize("kind", STAGES)
def test_help_tells_what_a_plain_run_does(kind):
    parser = argparse.ArgumentParser(formatter_class=lambda prog: argparse.HelpFormatter(prog, width=10_000))
    arguments.add_plan(parser)
    lines = parser.format_help()
    for name, rule in rules(kind).items():
        if isinstance(rule, Number) and name != "scale":
            (line,) = re.findall(rf"--{kind.name}-{name.replace('_', '-')} X\s+(.*)", lines)
            assert f"default {rule.default:g}" in line
            run = {stage.name: getattr(stage, name, None) for stage in simple().stages}.get(kind.name, rule.default)
            assert run == rule.default or f"{run:g} where the stages are those of simple mode" in line
