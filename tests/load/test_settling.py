"""The end of a load test: what it waits for, and what that costs."""

import asyncio
from typing import Any

import pytest

from app.load import run as running
from app.load.outcome import Heard
from app.load.plan import Actor, Plan
from app.load.run import Run
from tests.load.loop import run_apart

PLAN = Plan("http://127.0.0.1:3000", connections=500, polling=0, rate=1, duration=3, ramp=1, bound=None)
ACTOR = Actor("u", "token")


class Made(set[int]):
    """The events of a room, which count how often a client is held against them."""

    audits = 0

    def __sub__(self, other: Any) -> set[int]:
        self.audits += 1
        return set(self) - set(other)


def run_with(made: Made, *heard: list[int]) -> Run:
    """One whose events are all made, with clients that have heard these of them."""
    run = Run(PLAN, [ACTOR], "", lambda *_: None)
    run.outcome.made[ACTOR.room] = made
    run.outcome.heard = [Heard(ACTOR.room, list(numbers)) for numbers in heard]
    return run


@pytest.mark.parametrize("deaf", [0, 250, 499])
def test_a_client_that_has_heard_all_is_audited_once_at_most(deaf: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SETTLE", 0.5)
    made = Made({0, 1, 2})
    heard = [[0, 1, 2]] * 500
    heard[deaf] = [0, 2]
    run_apart(run_with(made, *heard)._settle())
    assert made.audits <= 499 + 0.5 / running.SETTLE_STEP + 1


def test_it_ends_with_the_last_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SETTLE", 60.0)
    run = run_with(Made({0, 1, 2}), [0, 1, 2], [0], [0, 1, 2])
    late = run.outcome.heard[1].numbers

    async def hear_late() -> None:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            settling = group.create_task(run._settle())
            for number in (1, 2):
                await asyncio.sleep(0.05)
                assert not settling.done()
                late.append(number)

    run_apart(hear_late())
    assert run.outcome.lost == 0
