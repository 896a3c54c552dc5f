"""The attackers, in a process of their own: ``python -m tests.security.siege.attackers KIND PORT TOKEN SECONDS``."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Timer

from tests.security.siege.attacks import Target, strike

ATTACKERS = 4


def main(kind: str, port: str, token: str, seconds: str) -> None:
    target = Target(int(port), token, Event())
    end = Timer(float(seconds), target.over.set)
    end.start()
    with ThreadPoolExecutor(ATTACKERS) as pool:
        print(sum(pool.map(lambda _: strike(kind, target), range(ATTACKERS))))  # noqa: T201 - read by who started it


if __name__ == "__main__":
    main(*sys.argv[1:])
