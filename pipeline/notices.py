"""What the studio tells a person about its own work: nothing that differs from the order stays silent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One deviation from what was asked, or one decision worth knowing."""

    code: str
    """A stable word for machines, such as ``"reduced"`` or ``"deblur-skipped"``."""

    message: str
    """One sentence for a person, with the figures in it."""

    stage: str = ""
    """The name of the stage that says it; empty where it concerns the file."""
