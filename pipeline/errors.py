"""The errors of the studio: one small tree, every message fit to be shown.

::

    StudioError
    ├── ModelError
    │   ├── WeightsMissing       the file is not here: download, point to a folder, or use the box
    │   ├── WeightsCorrupt       the file is here and is not the right one
    │   ├── DownloadFailed       no source delivered
    │   ├── CheckpointMismatch   the tensors do not fit the network
    │   ├── PackageMissing       the network needs a package, such as torch, that is not installed
    │   └── InferenceFailed      every retry failed; never a silent hole in a picture
    ├── PhotoError
    │   ├── PhotoUnreadable      not an image, truncated, empty
    │   ├── PhotoTooLarge        over a limit that protects memory, or over the cap when strict
    │   └── PhotoUnwritable      the output cannot hold, or be written as, what was asked
    ├── OptionError              an option out of range or unknown (also a ValueError)
    ├── QueueFull                too many jobs are waiting
    │   ├── TooManyJobs          all of them are of one owner
    │   └── ServerStopped        the server ends, and takes no more work
    ├── IdTaken                  a job of that id does something else
    ├── AddressUnusable          no photograph can be fetched from there
    ├── DiskFull                 no room for what is being made
    ├── BagInvalid               a folder of results cannot be a bag of BagIt
    ├── JournalUnusable          the journal of a folder of results is damaged, newer, or cannot be written
    ├── NotOwner                 a visitor asked for what only the owner of a server may do
    └── Cancelled                somebody pressed Cancel

The root, the branch of models and Cancelled live in ``models.errors``, since models know nothing of pipelines.
"""

from models.errors import (
    Cancelled,
    CheckpointMismatch,
    DownloadFailed,
    InferenceFailed,
    ModelError,
    PackageMissing,
    StudioError,
    WeightsCorrupt,
    WeightsMissing,
)

__all__ = [
    "AddressUnusable",
    "BagInvalid",
    "Cancelled",
    "CheckpointMismatch",
    "DiskFull",
    "DownloadFailed",
    "IdTaken",
    "InferenceFailed",
    "JournalUnusable",
    "ModelError",
    "NotOwner",
    "OptionError",
    "PackageMissing",
    "PhotoError",
    "PhotoTooLarge",
    "PhotoUnreadable",
    "PhotoUnwritable",
    "QueueFull",
    "ServerStopped",
    "StudioError",
    "TooManyJobs",
    "WeightsCorrupt",
    "WeightsMissing",
]


class PhotoError(StudioError):
    """A picture could not be read or written."""


class PhotoUnreadable(PhotoError):
    """The bytes are not a picture that can be decoded."""


class PhotoTooLarge(PhotoError):
    """The picture is larger than a limit allows."""


class PhotoUnwritable(PhotoError):
    """The picture cannot be written as asked."""


class OptionError(StudioError, ValueError):
    """An option is unknown or out of its range."""


class QueueFull(StudioError):
    """The queue of jobs has reached its bound."""


class TooManyJobs(QueueFull):
    """One owner has too many unfinished jobs."""


class ServerStopped(QueueFull):
    """The server ends: it takes no more work, and gives back what it has not done."""

    def __init__(self) -> None:
        super().__init__("The server is being stopped. Submit this again in a minute.")


class IdTaken(StudioError):
    """There is a job of that id already, and it does something else."""


class AddressUnusable(StudioError):
    """No photograph can be fetched from an address."""


class DiskFull(StudioError):
    """The disk has no room for what is being made."""


class BagInvalid(StudioError):
    """A folder of results is not, or cannot become, a valid bag of BagIt."""


class JournalUnusable(StudioError):
    """The journal of a folder of results cannot be used."""


class NotOwner(StudioError):
    """Only the owner of a server may do this."""
