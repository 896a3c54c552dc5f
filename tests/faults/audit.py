"""What unmodified clients heard, held against what was committed: lost, repeated, out of order."""

from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from itertools import pairwise
from time import monotonic, sleep
from typing import Any

from tests.support.api import Api
from tests.support.js_client import JsClient


@dataclass(frozen=True)
class Audit:
    """The sums over all clients."""

    lost: int
    repeated: int
    out_of_order: int

    @property
    def clean(self) -> bool:
        return self == Audit(0, 0, 0)


def audit(heard: Sequence[Sequence[Any]], committed: Sequence[Any]) -> Audit:
    """Hold what each client heard against what was committed, in order."""
    place = {item: number for number, item in enumerate(committed)}
    return Audit(
        lost=sum(len(set(committed) - set(items)) for items in heard),
        repeated=sum(len(items) - len(set(items)) for items in heard),
        out_of_order=sum(place[a] > place[b] for items in heard for a, b in pairwise(items)),
    )


def numbers(client: JsClient, event: str = "new-notification") -> list[int]:
    """The numbers in the titles of the notifications that a client heard."""
    return [int(heard.args[0]["title"]) for heard in client.heard(event)]


def commit(api: Api, number: int, patience: float = 30.0) -> None:
    """Make notification ``number`` of the caller's, however often the server has to be asked; it is made once."""
    form = {"userId": api.user["id"], "type": "note", "title": str(number), "message": "-"}
    deadline = monotonic() + patience
    while True:
        try:
            answer = api.post("/api/notifications", form, headers={"Idempotency-Key": f"fault-{number}"})
            if answer.status == 201:
                return
            assert answer.status == 503, (answer.status, answer.body)
        except (OSError, HTTPException):
            pass
        assert monotonic() < deadline, f"notification {number} could not be made in {patience} s"
        sleep(0.05)
