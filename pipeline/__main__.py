"""``python -m pipeline``: the command line."""

import signal
import sys

from pipeline.command.cli import main

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # queues of clusters stop a run by it
    sys.exit(main())
