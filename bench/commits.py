"""When a server's transactions were committed, by way of its log.

The clock is ``time.monotonic()``: on Linux one for all processes, Node.js included.
"""

import sys
import time

MARK = "committed at "


def write_down() -> None:
    """Write this moment into the log."""
    sys.stdout.write(f"{MARK}{time.monotonic():.6f}\n")


def moments(log: str) -> list[float]:
    """The moments in a log, in seconds."""
    return [float(line.removeprefix(MARK)) for line in log.splitlines() if line.startswith(MARK)]
