"""``python -m pipeline``: the command line."""

import os
import signal
import sys

STOPPED = 130


def _stop(*_: object) -> None:
    """End the process while modules are imported: an exception in there would be printed with its traceback."""
    sys.stderr.write("stopped; nothing was done.\n")
    sys.stderr.flush()
    os._exit(STOPPED)


if __name__ == "__main__":
    can_be_interrupted = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # not in the background
    if can_be_interrupted:
        signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)

    from pipeline.command.cli import main

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # queues of clusters stop a run by it
    if can_be_interrupted:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
