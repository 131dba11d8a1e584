"""Errors that models raise, and the root of the studio's one tree (drawn in ``pipeline.errors``)."""


class StudioError(Exception):
    """Anything that the studio refuses or fails to do; its text can be shown to a person as it is."""


class ModelError(StudioError):
    """A network could not be found, read or run."""


class WeightsMissing(ModelError):
    """A model's file is not on this machine; the text names the ways to get it."""


class WeightsCorrupt(ModelError):
    """A model's file is not the file that was expected: its digest or size differs, or it cannot be read."""


class DownloadFailed(ModelError):
    """None of a model's sources delivered its file."""


class CheckpointMismatch(ModelError):
    """A file's tensors do not fit the network that should hold them."""


class PackageMissing(ModelError):
    """A package that a network needs is not installed; the text says what to run."""


class InferenceFailed(ModelError):
    """A network ran out of memory or gave values that are not numbers, and every retry did so too."""


class Cancelled(StudioError):
    """The work was stopped by request."""
