"""Options of runs over folders, and what they do before and after the photographs are restored."""

import argparse
import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from models.runtime.engine import Engine
from pipeline.batch import bag, buckets, page, sidecar, table
from pipeline.batch.buckets import Object
from pipeline.batch.faults import FAULTS
from pipeline.batch.history import History
from pipeline.batch.journal import FOLDER, Journal
from pipeline.batch.outlook import Outlook
from pipeline.batch.restore import BatchSettings
from pipeline.batch.rows import Row
from pipeline.batch.sample import estimate
from pipeline.batch.sources import Pair
from pipeline.batch.verify import verify
from pipeline.command.terminal import Line, say, warn
from pipeline.errors import OptionError

FAILED = "failed"
"""The choice of ``--retry`` that tries every failure again."""


@dataclass(frozen=True)
class Shard:
    """The part of a folder that one of several machines restores."""

    index: int
    """From 1."""

    count: int

    @property
    def name(self) -> str:
        """Name of its journal: SQLite does not share one between machines."""
        return f"shard-{self.index}-of-{self.count}"

    def part(self, pairs: list[Pair]) -> list[Pair]:
        """Return the photographs of this part, by their names, so that new files change no other's."""

        def number(pair: Pair) -> int:  # a checksum would put names that are counted up into the same part
            return int(hashlib.sha256(os.fsencode(pair.relative.as_posix())).hexdigest(), 16) % self.count

        return [pair for pair in pairs if number(pair) == self.index - 1]


def add_folders(parser: argparse.ArgumentParser) -> None:
    """Add the options of runs over folders."""
    group = parser.add_argument_group("folders", "a run over several photographs can be stopped and resumed")
    add = group.add_argument
    add("--retry", choices=[FAILED, *FAULTS], help="try photographs again that failed in earlier runs")
    add("--dry-run", action="store_true", help="estimate time and disk space from a few photographs; write nothing")
    add("--watch", action="store_true", help="go on with photographs that arrive, until Ctrl+C")
    add("--shard", type=_shard, metavar="I/N", help="restore the Ith of N parts, each on a machine of its own")
    add("--engine", choices=["ray"], help="spread the work over the machines of a Ray cluster")
    add("--address", default="", metavar="HOST:PORT", help="head of the cluster (default RAY_ADDRESS, or this machine)")
    add("--actors", type=_count, default=0, metavar="N", help="processes with networks (default one for each machine)")
    add("--journal", type=Path, metavar="FOLDER", help="keep the journal there, where OUT is s3://...")
    add("--sidecar", choices=["json", "xmp"], help="write a file beside each result that says what was done to it")
    add("--report", action="store_true", help=f"write {table.NAME} and {page.NAME} into OUT")
    add("--bag", action="store_true", help="make OUT a bag of BagIt, with results in OUT/data")
    add("--verify", action="store_true", help="only compare the results in OUT with their checksums")


def _count(text: str) -> int:
    """Read the argument of ``--actors``."""
    if text.isdecimal() and 1 <= int(text) <= 10_000:
        return int(text)
    msg = f"a number from 1 to 10000, not {text}"
    raise argparse.ArgumentTypeError(msg)


def _shard(text: str) -> Shard:
    """Read the argument of ``--shard``."""
    index, _, count = text.partition("/")
    if index.isdecimal() and count.isdecimal() and 1 <= int(index) <= int(count):
        return Shard(int(index), int(count))
    msg = f"a part such as 2/8, not {text}"
    raise argparse.ArgumentTypeError(msg)


def is_over_folder(args: argparse.Namespace) -> bool:
    """Return whether a run has a journal: over several photographs, or with an option that needs one.

    Raises
    ------
    OptionError
        If options contradict each other.
    """
    asked = [
        name for name in ("watch", "shard", "engine", "sidecar", "report", "bag", "dry_run") if getattr(args, name)
    ]
    is_one = len(args.sources) == 1 and not args.sources[0].is_dir()
    if isinstance(args.output, Object) and not args.journal and (asked or not is_one):
        msg = "A journal cannot be kept in a bucket: name a folder for it by --journal FOLDER, one for each output."
        raise OptionError(msg)
    if (args.address or args.actors) and not args.engine:
        msg = "--address and --actors are for --engine ray; add it, or remove them."
        raise OptionError(msg)
    if args.watch and args.engine:
        msg = "--watch restores on this machine, but --engine ray spreads a run over several; remove one of the two."
        raise OptionError(msg)
    if args.bag and args.shard:
        msg = "--bag needs all results, but --shard makes a part of them; remove one of the two."
        raise OptionError(msg)
    if args.watch and not all(source.is_dir() for source in args.sources):
        msg = "--watch takes folders, in which photographs arrive; name folders."
        raise OptionError(msg)
    if (asked or not is_one) and args.output.is_file():
        msg = f"{args.output} is a file, and several results need a folder. Choose another output."
        raise OptionError(msg)
    if is_one and asked and args.output.suffix[1:2].isalpha() and not args.output.is_dir():
        msg = f"--{asked[0].replace('_', '-')} needs a folder as output, got {args.output}; name a folder."
        raise OptionError(msg)
    return bool(asked) or not is_one


def check_buckets(args: argparse.Namespace) -> None:
    """Refuse what cannot be done with buckets.

    Raises
    ------
    OptionError
    """
    is_out = isinstance(args.output, Object)
    names = ("watch", "sidecar", "report", "bag", *(["dry_run"] if is_out else []))
    wrong = [f"--{name.replace('_', '-')}" for name in names if getattr(args, name)]
    if wrong and any(isinstance(path, Object) for path in (args.output, *args.sources)):
        msg = f"{', '.join(wrong)}: not possible with s3://..., only with folders. Remove it, or name folders."
        raise OptionError(msg)
    if args.journal and not is_out:
        msg = "--journal is for results in a bucket; those in a folder have theirs beside them. Remove it."
        raise OptionError(msg)
    buckets.check(args.output)


def home(args: argparse.Namespace) -> Path:
    """Return the folder that has the journal: that of the results, if they are not in a bucket."""
    return args.journal or args.output


def is_bag(args: argparse.Namespace) -> bool:
    """Return whether results go into ``OUT/data``: where a bag is asked for, or is there already."""
    return args.bag or (home(args) / bag.DECLARATION).exists()


def results(args: argparse.Namespace) -> Path:
    """Return the folder that results go to."""
    return args.output / bag.PAYLOAD if is_bag(args) else args.output


def journal_name(args: argparse.Namespace) -> str:
    """Return the name of a run's journal."""
    return args.shard.name if args.shard else "run"


def earlier(args: argparse.Namespace) -> list[Row]:
    """Return what earlier runs did; nothing is written where there were none."""
    if not (home(args) / FOLDER / f"{journal_name(args)}.sqlite").exists():
        return []
    with Journal(home(args), journal_name(args)) as journal:
        return journal.rows(reports=False)


def retried(args: argparse.Namespace) -> frozenset[str]:
    """Return the kinds of failures to try again."""
    return frozenset(FAULTS if args.retry == FAILED else [args.retry] if args.retry else [])


def export(args: argparse.Namespace, journal: Journal) -> None:
    """Write what was asked for beside the results.

    Raises
    ------
    BagInvalid
        If the folder cannot become a bag.
    """
    root = args.output
    if args.sidecar:
        sidecar.write_missing(journal.rows(), journal.documents(), root, args.sidecar)
    if args.report:
        report(root)
    if is_bag(args):
        _seal(root, journal.rows(reports=False))


def seal_again(root: Path) -> None:
    """Renew the checksums of a folder of results that is a bag, after something was written into it."""
    if (root / bag.DECLARATION).exists():
        _seal(root, History(root).rows("done"))


def _seal(root: Path, rows: Iterable[Row]) -> None:
    line = Line(1)
    known = {os.fsdecode(row.target): row.result for row in rows if row.state == "done"}
    bag.write(root, known, lambda fraction: line.share("validate the bag", fraction))
    line.clear()
    say(f"{root} is a valid bag.")


def report(root: Path) -> None:
    """Write the reports of all runs into a folder of results."""
    history = History(root)
    line = Line(1)
    table.write(history, root)
    path = page.write(history, root, lambda fraction: line.share("report", fraction))
    line.clear()
    say(f"{path}")


_ADVICE = {
    "changed": "Delete those that changed, and restore again.",
    "missing": "Restore again to make those that are missing.",
    "unreadable": "Check the permissions of those that are unreadable.",
    "bag": "A bag is renewed when its photographs are restored again.",
}
"""What to do about results that differ, by what was found."""


def verified(home: Path, root: Path) -> int:
    """Print which results have changed since they were made by a journal, and return the exit code."""
    found: Counter[str] = Counter()
    for checked in verify(History(home).rows("done"), root):
        found[checked.found] += 1
        if checked.found != "same":
            say(f"{checked.found}: {checked.target}")
    count = found.total()
    for problem in bag.problems(home) if (home / bag.DECLARATION).exists() else ():
        found["bag"] += 1
        say(f"bag: {problem}")
    wrong = found.total() - found["same"]
    advice = " ".join(text for kind, text in _ADVICE.items() if found[kind])
    warn(f"{count} results compared, {f'{wrong} differ. {advice}' if wrong else 'all as they were made.'}")
    return int(wrong > 0)


def tell_estimate(outlook: Outlook, settings: BatchSettings, engine: Engine, root: Path) -> None:
    """Print what a run will take."""
    line = Line(len(outlook.open))
    work = [due.pair for due in outlook.open]
    try:
        found = estimate(work, settings, engine, line.progress)
    finally:
        line.clear()
    earlier = f" ({outlook.done} more are done)" if outlook.done else ""
    say(f"{found.photographs} photographs{earlier}, about {found.pixels / 1e6:,.1f} megapixels")
    say(f"time: about {_duration(found.seconds)} on this machine, with {engine.device}, {engine.precision}")
    free = shutil.disk_usage(next(path for path in (root.absolute(), *root.absolute().parents) if path.exists())).free
    say(f"disk: about {_size(found.nbytes)}; {_size(free)} are free")
    if found.nbytes > free:
        warn("The results do not fit onto the disk. Free some space, or choose JPEG, WebP or a smaller factor.")
    if found.failed:
        warn(f"{found.failed} of {found.tried} photographs that were tried cannot be restored.")


def _duration(seconds: float) -> str:
    """Return a time in the two largest units that it has.

    Examples
    --------
    >>> _duration(45.2), _duration(754), _duration(18_000), _duration(200_000)
    ('45 s', '13 min', '5 h 0 min', '2 days 8 h')
    """
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 100:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if hours < 48 else f"{hours // 24} days {hours % 24} h"


def _size(nbytes: float) -> str:
    """Return a size on disk.

    Examples
    --------
    >>> _size(12_345_678), _size(9_876_543_210)
    ('12 MB', '9.9 GB')
    """
    return f"{nbytes / 1e6:.0f} MB" if nbytes < 1e9 else f"{nbytes / 1e9:,.1f} GB"
