"""From settings to the ordered stages; pure.

Settings are stored as JSON::

    {"version": 2, "stages": {"denoise": {"strength": 1.0}, "upscale": {"scale": 4}}, "optional": ["deblur"],
     "strengths": {"upscale": 0.8}, "finish": {"blur": 0.0, "sharpen": 0.2}}
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from pipeline.errors import OptionError
from pipeline.finish import Finish
from pipeline.methods import strengths
from pipeline.options import clipped, is_file, rules, shown
from pipeline.stages import (
    BY_NAME,
    STAGES,
    Deblur,
    Denoise,
    PostDenoise,
    Repair,
    Sharpen,
    Stage,
    Tier,
    Tone,
    Upscale,
)
from pipeline.stages.denoise import CLASSICAL

NOISE_TAKEN = 0.7
"""Strength of Denoise in simple mode; the upscaler that follows removes the rest of the noise."""
SHARPEN_PER_FACTOR = 0.1
"""Amount of Sharpen in simple mode for each factor of enlargement: larger results are softer."""
FINEST = "realesrgan-x4plus"
"""The upscaler with the most detail; for a factor below 4 its answer is reduced."""

MOST_SETTINGS = 1_000_000
"""Bytes of the longest settings file; the studio writes about a thousand."""

VERSION = 2
"""Version of settings files. Version 1 has no number, and names a mask among the options of Repair."""


@dataclass(frozen=True)
class Plan:
    """What happens to a photograph, in order."""

    stages: tuple[Stage, ...]
    optional: frozenset[str] = frozenset()
    """Names of stages that are left out, with a notice, where their model's file is missing."""

    finish: Finish = field(default_factory=Finish)

    strengths: Mapping[str, float] = field(default_factory=dict)
    """How much of what a stage changed stays, in [0, 1]; see `pipeline.methods.strengths`.

    A stage that is not named has 1.
    """

    def __post_init__(self) -> None:
        strengths.check(self.strengths, list(BY_NAME))
        names = [stage.name for stage in self.stages]
        if names != [stage.name for stage in STAGES if stage.name in names]:
            msg = f"Each stage runs once and in this order: {', '.join(BY_NAME)}. This plan has: {', '.join(names)}."
            raise OptionError(msg)

    @property
    def enlarges(self) -> float:
        """Factor by which the sides of a photograph grow."""
        return math.prod(stage.enlarges for stage in self.stages)

    def key(self, count: int) -> str:
        """Return a canonical text of the first `count` stages; equal texts mean equal results."""
        return json.dumps([[s.name, asdict(s)] for s in self.stages[:count]], sort_keys=True)


def arrange(
    stages: Iterable[Stage],
    *,
    optional: Iterable[str] = (),
    finish: Finish | None = None,
    strengths: Mapping[str, float] | None = None,
) -> Plan:
    """Return the plan of these stages, put into the order of the pipeline.

    Raises
    ------
    OptionError
        If a stage is there twice.
    """
    order = list(BY_NAME)
    ranked = sorted(stages, key=lambda stage: order.index(stage.name))
    return Plan(tuple(ranked), frozenset(optional), finish or Finish(), dict(strengths or {}))


def simple(scale: float = 2.0, *, also: Iterable[str] = (), tier: Tier = "bundled", finest: bool = False) -> Plan:
    """Return the plan of simple mode.

    Parameters
    ----------
    scale : float
        1 keeps the size.
    also : iterable of str
        Names of stages to run besides, such as ``"repair"``.
    tier : {"bundled", "official"}
        The bundled networks, or the official ones. Deblur and colorize are left out, with a notice, where their files
        are missing.
    finest : bool
        Whether `FINEST` enlarges, whatever the tier: with more detail, and hundreds of times slower.
    """
    crisp = Sharpen(amount=round(SHARPEN_PER_FACTOR * scale, 2))
    others = [Denoise(strength=NOISE_TAKEN), Deblur(), PostDenoise(), crisp, *(stage(name, {}) for name in also)]
    is_finest = finest and scale > 1
    enlarge = Upscale(scale=scale, model=FINEST) if is_finest else Upscale(scale=scale).at_tier(tier)
    return arrange((enlarge, *(each.at_tier(tier) for each in others)), optional={"deblur", "colorize"})


def with_stages(plan: Plan, names: Iterable[str]) -> Plan:
    """Return a plan with those of the named stages besides that it does not have, each with its defaults."""
    there = {stage.name for stage in plan.stages}
    more = [stage(name, {}) for name in names if name not in there]
    return replace(plan, stages=arrange((*plan.stages, *more)).stages) if more else plan


def first_options(kind: type[Stage]) -> dict[str, Any]:
    """Return the options of a stage in simple mode; their defaults where simple mode does not run it."""
    made = next((asdict(chosen) for chosen in simple().stages if chosen.name == kind.name), {})
    return {name: made.get(name, rule.default) for name, rule in rules(kind).items()}


def files(stage: Stage) -> list[Path]:
    """Return the files of a person's own models that a stage's options name."""
    named = [getattr(stage, name) for name, rule in rules(stage).items() if is_file(rule, getattr(stage, name))]
    return [Path(name).expanduser() for name in named]


def to_json(plan: Plan) -> str:
    """Return the settings of a plan as JSON text."""
    document = {
        "version": VERSION,
        "stages": {stage.name: asdict(stage) for stage in plan.stages},
        "optional": sorted(plan.optional),
        "strengths": dict(plan.strengths),
        "finish": asdict(plan.finish),
    }
    return json.dumps(document, indent=2)


def from_json(text: str) -> Plan:
    """Read settings as `to_json` writes them, or as version 1 did; what is not named takes its default.

    Raises
    ------
    OptionError
        If the text is not JSON of this form, is of an unknown version, or names an unknown stage or option, or a value
        is out of range.
    """
    parts = _mapping(_parsed(text), "settings", {"version", "stages", "optional", "strengths", "finish"})
    stages = _mapping(_current(parts), "stages", set(BY_NAME))
    finish = _mapping(parts.get("finish", {}), "finish", set(rules(Finish)))
    strengths = _mapping(parts.get("strengths", {}), "strengths", set(BY_NAME))
    optional = parts.get("optional", [])
    if not isinstance(optional, list) or not all(isinstance(name, str) and name in BY_NAME for name in optional):
        msg = f"optional must be a list with any of {', '.join(BY_NAME)}, not {shown(optional)}."
        raise OptionError(msg)
    made = (stage(name, stages[name]) for name in stages)
    return arrange(made, optional=optional, finish=Finish(**finish), strengths=strengths)


def _parsed(text: str) -> object:
    """Return what a JSON text says."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"Settings must be JSON; line {error.lineno}, column {error.colno}: {error.msg}."
        raise OptionError(msg) from error
    except (RecursionError, ValueError) as error:  # the latter where a number has thousands of digits
        msg = "Expected settings that the studio wrote, got JSON of other values. Choose a file of the studio."
        raise OptionError(msg) from error


def _current(parts: Mapping[str, Any]) -> Any:
    """Return the stages of settings of any known version as this version has them."""
    version, stages = parts.get("version", 1), parts.get("stages", {})
    if version == VERSION:
        return stages
    if version != 1 or isinstance(version, bool):
        msg = (
            f"Expected settings of version 1 or {VERSION}, got {shown(version)}. Update the studio, or save them again."
        )
        raise OptionError(msg)
    repair = stages.get(Repair.name) if isinstance(stages, Mapping) else None
    if not isinstance(repair, Mapping) or "mask" not in repair:
        return stages
    if repair["mask"]:
        msg = f"Expected settings without a mask, got {shown(repair['mask'])}. Remove it there, and use --repair-mask."
        raise OptionError(msg)
    return {**stages, Repair.name: {name: value for name, value in repair.items() if name != "mask"}}


def stage(name: str, options: Mapping[str, Any]) -> Stage:
    """Make a stage from its name and options.

    Raises
    ------
    OptionError
        If the stage or an option is unknown, or a value is out of range.
    """
    if name not in BY_NAME:
        msg = f"There is no stage {name!r}; the stages are {', '.join(BY_NAME)}."
        raise OptionError(msg)
    kind = BY_NAME[name]
    return kind(**_mapping(options, name, set(rules(kind))))


def _mapping(value: object, what: str, known: set[str]) -> dict[str, Any]:
    """Return a mapping whose keys are all known."""
    if not isinstance(value, Mapping):
        msg = f"{what} must be an object with any of {', '.join(sorted(known))}, not {shown(value)}."
        raise OptionError(msg)
    unknown = sorted(set(value) - known)
    if unknown:
        more = f" and {len(unknown) - 1} others" if len(unknown) > 1 else ""
        msg = f"{what} has no {clipped(unknown[0])}{more}; it knows {', '.join(sorted(known))}."
        raise OptionError(msg)
    return dict(value)


PRESETS: dict[str, Plan] = {
    "black-and-white": arrange([Denoise(), Deblur(), Upscale(2.0), PostDenoise(0.4), Sharpen(0.4)]),
    "faded": arrange(
        [Denoise(), Deblur(), Tone(), Upscale(2.0), PostDenoise(0.5), Sharpen(0.5, 1.2)],
    ),
    "phone": arrange([Denoise(0.8), Upscale(2.0), PostDenoise(0.3), Sharpen(0.3)]),
    "drawing": arrange([Denoise(0.5, model=CLASSICAL), Upscale(4.0), Sharpen(0.6, 0.8)]),
}
"""Plans to start from, all with bundled models: for the grain and softness of old prints, colour prints with a cast,
small sensors, and lines on a flat background."""
