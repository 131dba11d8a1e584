"""The part of the command line that makes a plan; its flags come from the options of the stages."""

import argparse
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pipeline.batch.buckets import parse
from pipeline.errors import OptionError
from pipeline.finish import Finish
from pipeline.options import Choice, Line, Number, Rule, Switch, Text, rules
from pipeline.photo import Output
from pipeline.plan import MOST_SETTINGS, Plan, arrange, first_options, from_json, simple, stage
from pipeline.stages import BY_NAME, STAGES, Repair, Stage, Tier

SAME = "same"
"""The choice of ``--format`` that keeps each photograph's own."""

_SCALE = "upscale_scale"
_TIERS: dict[str | None, Tier] = {
    None: "bundled",
    "bundled": "bundled",
    "official": "official",
    "fast": "bundled",
    "full": "official",
}
"""Tiers by what is given; the last two are the names of version 0.1."""


def add_files(parser: argparse.ArgumentParser, names: Iterable[str]) -> None:
    """Add the flags that say what is read and how it is written, with those options of the output that are named."""
    for name in names:
        rule = rules(Output)[name]
        add_option(parser, f"--{name}", _with_same(rule) if name == "format" else rule)
    parser.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    parser.add_argument("--page", type=_page, metavar="N|all", help="page of files that have several (a TIFF), from 1")
    parser.add_argument("--json", action="store_true", help="print a report as JSON")


def _with_same(rule: Rule) -> Rule:
    """Return the rule of formats with the choice of each photograph's own."""
    if not isinstance(rule, Choice):
        msg = "Output.format must be a choice to have another."
        raise TypeError(msg)
    return replace(rule, choices=(*rule.choices, SAME), help=f"{rule.help}; {SAME} keeps each photograph's own")


def _page(text: str) -> int | Literal["all"]:
    """Read the argument of ``--page``."""
    if text == "all":
        return "all"
    if text.isdecimal() and int(text) > 0:
        return int(text)
    msg = f"a number from 1, or all, not {text}"
    raise argparse.ArgumentTypeError(msg)


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add the flags that choose stages and their options."""
    parser.add_argument(
        "--tier", choices=[name for name in _TIERS if name], help="networks: bundled (default) or official"
    )
    parser.add_argument("--scale", type=float, dest=_SCALE, metavar="N", help="enlarge by N, 1 to 4 (default 2)")
    parser.add_argument("--settings", type=Path, metavar="FILE", help="take stages and options from a JSON file")
    parser.add_argument("--only", metavar="STAGE,...", help=f"run just these: {', '.join(BY_NAME)}")
    for kind in STAGES:
        group = parser.add_argument_group(kind.name, kind.summary)
        action = argparse.BooleanOptionalAction
        group.add_argument(f"--{kind.name}", action=action, default=None, help="run this stage, or leave it out")
        simple_mode = first_options(kind)
        for name, rule in rules(kind).items():
            if name != "scale":
                add_option(group, _flag(kind.name, name), rule, simple_mode[name])
        if kind.takes_mask:
            text = "your own mask instead of the detector's; white marks damage"
            group.add_argument(f"--{kind.name}-mask", type=Path, metavar="FILE", dest="mask", help=text)
    finish = parser.add_argument_group("finish", "applied to the finished result")
    for name, rule in rules(Finish).items():
        add_option(finish, f"--finish-{name}", rule)


def _flag(stage_name: str, option: str) -> str:
    return "--scale" if option == "scale" else f"--{stage_name}-{option.replace('_', '-')}"


def add_option(group: Any, flag: str, rule: Rule, simple_mode: Any = None) -> None:
    """Add one flag; a value that is not given stays None, so that a settings file can supply it.

    Parameters
    ----------
    group : argparse.ArgumentParser or one of its groups
    flag : str
    rule : Number, Choice, Switch, Text or Line
        What it accepts.
    simple_mode : optional
        Its value in simple mode, where that differs from the default.
    """
    match rule:
        case Number(low=low, high=high):
            default = f"default {rule.default:g}"
            if simple_mode not in (None, rule.default):
                default += f"; {simple_mode:g} where the stages are those of simple mode at x2"
            kind = whole if isinstance(rule.step, int) else float
            group.add_argument(flag, type=kind, metavar="X", help=f"{rule.help}; {low:g} to {high:g} ({default})")
        case Choice(choices=choices):
            path = ", or the path of a file" if rule.open else ""
            text = f"{rule.help}: {', '.join(choices)}{path} (default {rule.default})"
            group.add_argument(flag, metavar="NAME", help=text)
        case Switch():
            group.add_argument(flag, action="store_true", default=None, help=rule.help)
        case Text(form=form):
            group.add_argument(flag, metavar="TEXT", help=f"{rule.help}: {form}")
        case Line(metavar=metavar):
            group.add_argument(flag, metavar=metavar, help=rule.help)


def place(text: str) -> Path:
    """Read an argument that is a path, or an address in a bucket."""
    try:
        return parse(text)
    except OptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def whole(text: str) -> int:
    """Read an argument that is a whole number."""
    try:
        return int(text)
    except ValueError as error:
        msg = f"expected a whole number, got {text}"
        raise argparse.ArgumentTypeError(msg) from error


def read_plan(args: argparse.Namespace) -> Plan:
    """Return the plan that the flags ask for.

    Stages come from ``--settings``, else from simple mode, and ``--only`` names those that run; then ``--STAGE`` and
    ``--no-STAGE`` add and remove, and the options given on the line overrule all.

    Raises
    ------
    OptionError
        If a name is unknown, a value is out of range, an option belongs to a stage that does not run, flags contradict
        each other, or no stage is left.
    """
    base = _base(args)
    stages = {s.name: s for s in base.stages}
    asked = {name for name in BY_NAME if getattr(args, name.replace("-", "_"))}
    for name in BY_NAME:
        wanted = getattr(args, name.replace("-", "_"))
        if wanted is False:
            stages.pop(name, None)
        elif wanted and name not in stages:
            stages[name] = stage(name, {}).at_tier(_TIERS[args.tier])
    given = {name: _given(args, name, BY_NAME[name]) for name in BY_NAME}
    for name, options in given.items():
        if options and name not in stages:
            msg = f"{_flag(name, next(iter(options)))} was given, but {name} does not run; add --{name}."
            raise OptionError(msg)
    if args.mask is not None and not any(each.takes_mask for each in stages.values()):
        msg = f"--repair-mask was given, but {Repair.name} does not run; add --{Repair.name}."
        raise OptionError(msg)
    optional = base.optional - asked
    finish = replace(base.finish, **_given(args, "finish", Finish))
    if not stages and finish == Finish():
        msg = "No stage is left that would change a photograph. Remove --no-STAGE, or name stages by --only."
        raise OptionError(msg)
    made = (replace(s, **given[s.name]) for s in stages.values())
    return arrange(made, optional=optional, finish=finish, strengths=base.strengths)


def _base(args: argparse.Namespace) -> Plan:
    scale = 2.0 if args.upscale_scale is None else args.upscale_scale
    tier = _TIERS[args.tier]
    if args.settings:
        if args.tier:
            msg = (
                f"--tier was given, but {args.settings} names its models; remove --tier, or choose models one by one "
                "(--upscale-model ...)."
            )
            raise OptionError(msg)
        saved = _settings(args.settings)
        return saved if args.only is None else _only(args.only, saved)
    if args.only is not None:
        return _only(args.only, arrange(_bare(kind, scale).at_tier(tier) for kind in STAGES))
    return simple(scale, tier=tier)


def _bare(kind: type[Stage], scale: float) -> Stage:
    """Return a stage with its defaults, and the factor where it has one."""
    return stage(kind.name, {"scale": scale} if "scale" in rules(kind) else {})


def _settings(path: Path) -> Plan:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_SETTINGS + 1)
        if len(content) > MOST_SETTINGS:
            msg = f"Expected a settings file of at most {MOST_SETTINGS} bytes at {path}, got a longer one."
            raise OptionError(msg)
        return from_json(content.decode("utf-8-sig"))
    except OSError as error:
        msg = f"Expected a settings file at {path}, but it cannot be read: {error.strerror}. Check the path."
        raise OptionError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"Expected a settings file that the studio wrote at {path}, got a file that is not UTF-8 text."
        raise OptionError(msg) from error


def _only(listed: str, plan: Plan) -> Plan:
    """Return the plan with only these stages; one that it lacks gets its defaults."""
    names = [name.strip() for name in listed.split(",")]
    have = {stage.name: stage for stage in plan.stages}
    strengths = {name: value for name, value in plan.strengths.items() if name in names}
    chosen = (have.get(name) or stage(name, {}) for name in names)
    return arrange(chosen, finish=plan.finish, strengths=strengths)


def _given(args: argparse.Namespace, prefix: str, kind: type[Stage] | type[Finish]) -> dict[str, Any]:
    """Return the options of one stage that were given on the command line."""
    values = {name: getattr(args, f"{prefix}_{name}".replace("-", "_")) for name in rules(kind)}
    return {name: value for name, value in values.items() if value is not None}
