"""What was done to a photograph, in one sentence."""

from pipeline.stage import Stage
from studio.picture import Restored
from ui.words import listed, number, say, say_or


def sentence(done: Restored) -> str:
    """Return what changed a photograph, in the language of this session."""
    pairs = zip(done.plan.stages, done.timings, strict=True)
    deeds = [deed for stage, timing in pairs if timing.outcome != "skipped" and (deed := _deed(stage))]
    if not deeds:
        return say("did.nothing")
    *first, last = deeds
    text = say("did.and", first=listed(first), last=last) if first else last
    return say("did.sentence", text=f"{text[0].upper()}{text[1:]}")


def _deed(stage: Stage) -> str:
    """Return what a stage did, in a few words; empty for the small ones, which are part of others."""
    if stage.enlarges != 1:
        return say("did.enlarge", factor=number(stage.enlarges))
    return say_or(f"did.{stage.name}", "")
