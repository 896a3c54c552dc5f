"""The wall clock of server processes, moved while they run; their monotonic clock goes on as ever."""

import importlib.util
from pathlib import Path


class WallClock:
    """The machine's, until it is moved.

    Attributes:
        env: settings of a process that goes by it.
    """

    def __init__(self, folder: Path) -> None:
        self._shift = folder / "shift"
        self.move(0)
        # https://github.com/wolfcw/libfaketime
        self.env = {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._shift),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def move(self, seconds: int) -> None:
        """Let it be so far ahead of the machine's from now on."""
        new = self._shift.with_suffix(".new")
        new.write_text(f"{seconds:+d}")
        new.replace(self._shift)  # never read half-written


def _library() -> Path:
    package = importlib.util.find_spec("libfaketime")
    assert package is not None, "libfaketime is missing; `make setup` installs it"
    assert package.origin is not None
    return Path(package.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"
