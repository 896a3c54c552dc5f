"""Durable events, committed one after the other while a fault lasts."""

from collections.abc import Sequence
from http.client import HTTPException
from threading import Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Self

from tests.support.api import Api

PATIENCE = 60.0  # seconds that one event may take, however often the server has to be asked
AGAIN = 0.05  # seconds between two tries


class Burst:
    """Makes the notifications 0, 1, 2 … of one user, each once, in the background.

    As a context manager it begins, and at the end waits until all are made; what went wrong meanwhile is raised there.

    Attributes:
        total: how many there are to be.
        made: how many there are.
        answers: of each request that was answered, the status and the seconds.
        cut: how many requests were sent and not answered; who could not be reached is not among them.
    """

    def __init__(self, apis: Sequence[Api], total: int, pause: float = 0.0) -> None:
        """
        :param apis: the same user at each server; they are asked in turn, and the next one after a failure
        :param pause: seconds between two notifications
        """
        self.total = total
        self.made = 0
        self.answers: list[tuple[int, float]] = []
        self.cut = 0
        self._apis = apis
        self._pause = pause
        self._failure: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)

    @property
    def slowest(self) -> float:
        """The seconds of the slowest answer."""
        return max(seconds for _, seconds in self.answers)

    @property
    def refused(self) -> int:
        """How many requests were answered with 503."""
        return sum(status == 503 for status, _ in self.answers)

    def wait_until_made(self, count: int) -> None:
        """Wait until so many are made, or the burst has failed."""
        while self.made < count and self._thread.is_alive():
            sleep(0.01)

    def _run(self) -> None:
        try:
            for number in range(self.total):
                self._make(number)
                self.made = number + 1
                sleep(self._pause)
        except Exception as error:  # noqa: BLE001 - raised by __exit__
            self._failure = error

    def _make(self, number: int) -> None:
        deadline = monotonic() + PATIENCE
        attempt = 0
        while not self._ask(self._apis[(number + attempt) % len(self._apis)], number):
            assert monotonic() < deadline, f"notification {number} could not be made in {PATIENCE} s"
            attempt += 1
            sleep(AGAIN)

    def _ask(self, api: Api, number: int) -> bool:
        form = {"userId": api.user["id"], "type": "note", "title": str(number), "message": "-"}
        began = monotonic()
        try:
            answer = api.post("/api/notifications", form, headers={"Idempotency-Key": f"burst-{number}"})
        except ConnectionRefusedError:
            return False
        except (OSError, HTTPException):
            self.cut += 1
            return False
        self.answers.append((answer.status, monotonic() - began))
        assert answer.status in (201, 503), (answer.status, answer.body)
        return answer.status == 201

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._thread.join()
            if self._failure is not None:
                raise self._failure
