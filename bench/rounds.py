"""Steps taken in turn, round after round, so that what else the machine does meets all systems alike."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple

from rich.progress import Progress

from bench.report import Bar, Figure


class Value(NamedTuple):
    """One figure of one round; of another system than that of the step, if it is named."""

    name: str
    value: float
    unit: str
    bars: tuple[Bar, ...] = ()
    system: str | None = None


class Step(NamedTuple):
    """What is measured in one go, in each round."""

    name: str
    system: str
    measure: Callable[[], Iterable[Value]]


Section = Callable[[], AbstractContextManager[list[Step]]]  # starts the systems, and stops them at the end


def take(section: Section, rounds: int, progress: Progress, only: str = "") -> list[Figure]:
    """Take every figure of the steps that have ``only`` in their names, as often as there are rounds.

    :raises AssertionError: an event was lost, repeated or out of order, or is not heard within a minute
    """
    found: defaultdict[tuple[str, str, str, tuple[Bar, ...]], list[float]] = defaultdict(list)
    task = progress.add_task("starting the systems", total=None)
    with section() as all_steps:
        steps = [step for step in all_steps if only in step.name]
        progress.update(task, total=rounds * len(steps))
        for number in range(1, rounds + 1):
            for step in steps:
                doing = f"round {number} of {rounds}: {step.name}, {step.system}"
                progress.update(task, description=doing, refresh=True)
                for name, value, unit, bars, system in step.measure():
                    found[name, system or step.system, unit, bars].append(value)
                progress.advance(task)
    names = list(dict.fromkeys(name for name, *_ in found))
    figures = [Figure(*what, values) for what, values in found.items()]
    return sorted(figures, key=lambda figure: names.index(figure.name))
