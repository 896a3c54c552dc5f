"""Several who do something at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def at_once(*doings: Callable[[], T]) -> Sequence[T]:
    """What each of ``doings`` returned, all of them begun together, each in a thread."""
    ready = threading.Barrier(len(doings))

    def do(doing: Callable[[], T]) -> T:
        ready.wait(5)
        return doing()

    with ThreadPoolExecutor(len(doings)) as pool:
        return list(pool.map(do, doings))
