"""What unmodified clients heard, held against what was committed: lost, repeated, out of order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Audit:
    """The sums over all clients."""

    lost: int
    repeated: int
    out_of_order: int

    @property
    def clean(self) -> bool:
        return self == Audit(0, 0, 0)

    def __add__(self, other: "Audit") -> "Audit":
        return Audit(self.lost + other.lost, self.repeated + other.repeated, self.out_of_order + other.out_of_order)


def audit(heard: Sequence[Sequence[Any]], committed: Sequence[Any]) -> Audit:
    """Hold what each client heard against what was committed, in order."""
    place = {item: number for number, item in enumerate(committed)}
    return Audit(
        lost=sum(len(set(committed) - set(items)) for items in heard),
        repeated=sum(len(items) - len(set(items)) for items in heard),
        out_of_order=sum(place[a] > place[b] for items in heard for a, b in pairwise(items)),
    )
