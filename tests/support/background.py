"""Work that goes on while a block lasts."""

from threading import Event, Thread
from types import TracebackType
from typing import Self


class Background:
    """Works in a thread until its block ends; what went wrong there is raised at that end."""

    def __init__(self) -> None:
        self._over = Event()
        self._failure: Exception | None = None
        self._thread = Thread(target=self._guarded, daemon=True)

    def _work(self) -> None:
        """Go on until `_over` is set."""
        raise NotImplementedError

    def _guarded(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - raised by __exit__
            self._failure = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        if error is None and self._failure is not None:
            raise self._failure
