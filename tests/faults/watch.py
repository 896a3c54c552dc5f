"""Reads that go on while a fault lasts: were they answered, and how quickly?"""

from http import HTTPStatus
from itertools import cycle
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from tests.support.api import Api

PAUSE = 0.02  # seconds between two requests


class Watch:
    """Asks for the same paths again and again, in the background, for as long as its block lasts.

    A request that is not answered at all is raised at the end of the block.

    Attributes:
        refused: each answer that was not 200: its path and its status.
        seconds: how long each answer took.
    """

    def __init__(self, api: Api, *paths: str) -> None:
        self.refused: list[tuple[str, int]] = []
        self.seconds: list[float] = []
        self._api = api
        self._paths = paths
        self._failure: Exception | None = None
        self._over = Event()
        self._thread = Thread(target=self._run, daemon=True)

    @property
    def p99(self) -> float:
        """The seconds that 99 % of the answers took at the most."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]

    def _run(self) -> None:
        try:
            for path in cycle(self._paths):
                if self._over.wait(PAUSE):
                    return
                self._ask(path)
        except Exception as error:  # noqa: BLE001 - raised by __exit__
            self._failure = error

    def _ask(self, path: str) -> None:
        began = monotonic()
        answer = self._api.get(path)
        self.seconds.append(monotonic() - began)
        if answer.status != HTTPStatus.OK:
            self.refused.append((path, answer.status))

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
