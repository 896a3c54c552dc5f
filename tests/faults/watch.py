"""Reads that go on while a fault lasts: were they answered, and how quickly?"""

from http import HTTPStatus
from itertools import cycle
from time import monotonic

from tests.support.api import Api
from tests.support.background import Background

PAUSE = 0.02  # seconds between two requests


class Watch(Background):
    """Asks for the same paths again and again; a request that is not answered at all is raised at the end.

    Attributes:
        refused: each answer that was not 200: its path and its status.
        seconds: how long each answer took.
    """

    def __init__(self, api: Api, *paths: str) -> None:
        super().__init__()
        self.refused: list[tuple[str, int]] = []
        self.seconds: list[float] = []
        self._api = api
        self._paths = paths

    @property
    def p99(self) -> float:
        """The seconds that 99 % of the answers took at the most."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]

    def _work(self) -> None:
        for path in cycle(self._paths):
            if self._over.wait(PAUSE):
                return
            self._ask(path)

    def _ask(self, path: str) -> None:
        began = monotonic()
        answer = self._api.get(path)
        self.seconds.append(monotonic() - began)
        if answer.status != HTTPStatus.OK:
            self.refused.append((path, answer.status))
