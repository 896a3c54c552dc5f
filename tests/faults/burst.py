"""Durable events, committed one after the other while a fault lasts."""

from collections.abc import Sequence
from http.client import HTTPException
from itertools import count
from secrets import token_hex
from time import monotonic, sleep
from types import TracebackType

from tests.support.api import Api
from tests.support.background import Background

PATIENCE = 60.0  # seconds that one event may take, however often the server has to be asked
AGAIN = 0.05  # seconds between two tries


class Burst(Background):
    """Makes the notifications 0, 1, 2 … of one user, each once; its block ends when all are made.

    Attributes:
        made: how many there are.
        answers: of each request that was answered, the status and the seconds.
        unanswered: how many requests were sent and not answered; who could not be reached is not among them.
    """

    def __init__(self, apis: Sequence[Api], total: int | None = None, pause: float = 0.0) -> None:
        """
        :param apis: the same user at each server; they are asked in turn, and the next one after a failure
        :param total: how many; None: until the block ends
        :param pause: seconds between two notifications
        """
        super().__init__()
        self.made = 0
        self.answers: list[tuple[int, float]] = []
        self.unanswered = 0
        self._apis = apis
        self._total = total
        self._pause = pause
        self._key = token_hex(4)  # the next burst of this user makes other ones

    @property
    def total(self) -> int:
        """How many there are to be; where that is not said, how many there are."""
        return self.made if self._total is None else self._total

    @property
    def slowest(self) -> float:
        """The seconds of the slowest answer."""
        return max(seconds for _, seconds in self.answers)

    @property
    def p99(self) -> float:
        """The seconds in which 99 % of the answers came."""
        return sorted(seconds for _, seconds in self.answers)[len(self.answers) * 99 // 100]

    @property
    def refused(self) -> int:
        """How many requests were answered with 503."""
        return sum(status == 503 for status, _ in self.answers)

    def wait_until_made(self, count: int) -> None:
        """Wait until so many are made, or the burst has failed."""
        while self.made < count and self._thread.is_alive():
            sleep(0.01)

    def wait_until_refused(self) -> None:
        """Wait until one more request was answered with 503, or the burst has ended."""
        before = self.refused
        while self.refused == before and self._thread.is_alive():
            sleep(0.01)

    def _work(self) -> None:
        for number in count() if self._total is None else range(self._total):
            if self._over.is_set():
                return
            self._make(number)
            self.made = number + 1
            sleep(self._pause)

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
            answer = api.post("/api/notifications", form, headers={"Idempotency-Key": f"{self._key}-{number}"})
        except ConnectionRefusedError:
            return False
        except (OSError, HTTPException):
            self.unanswered += 1
            return False
        self.answers.append((answer.status, monotonic() - began))
        # 409: the try before, whose answer was lost, is only now being committed
        assert answer.status in (201, 409, 503), (answer.status, answer.body)
        return answer.status == 201

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._total is not None and error is None:
            self._thread.join()
        super().__exit__(kind, error, trace)
