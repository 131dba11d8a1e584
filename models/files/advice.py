"""What to do about a model's file that is missing or wrong, in words."""

from pathlib import Path

from models.spec import ModelSpec


def wrong(spec: ModelSpec, path: Path, expected: str, got: str) -> str:
    """Return that a file is not a model's, and how to replace it."""
    return (
        f"{path} is not the file of {spec.title}: expected {expected}, got {got}. It was not deleted; "
        f"`python -m pipeline models download {spec.id}` replaces it."
    )


def missing(spec: ModelSpec, path: Path) -> str:
    """Return that a model's file is not there, and how to get it."""
    if spec.tier == "own":
        return f"Expected a model's file at {path}, got nothing there. Check the path."
    if spec.bundled:
        return f"Expected the bundled {spec.title} at {path}, got nothing there. Install the studio again."
    return (
        f"{spec.title} is not on this machine. Download it with `python -m pipeline models download {spec.id}`, put "
        f"{spec.file} into {path.parent}, set STUDIO_MODELS to the folder that has it, or choose a bundled model."
    )
