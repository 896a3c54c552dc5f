"""Coroutines, run in a thread of their own: the browser of other tests keeps a loop running in the first one."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """What it returns, or raises."""
    with ThreadPoolExecutor() as elsewhere:
        return elsewhere.submit(asyncio.run, coroutine).result()
