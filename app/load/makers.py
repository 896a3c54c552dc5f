"""Makes events at a rate: each by one HTTP request, as an application does."""

import asyncio
import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from urllib.parse import urlsplit

from app.load.outcome import Outcome
from app.load.plan import Actor, Plan

AT_ONCE = 32  # requests under way
TIMEOUT = 30.0  # seconds


class Makers:
    """A few connections, which take turns; what is due while all are busy, waits.

    Attributes:
        sent_at: when the request of each event was sent, by its number.
    """

    def __init__(self, plan: Plan, actors: list[Actor], outcome: Outcome) -> None:
        self._plan = plan
        self._actors = actors
        self._outcome = outcome
        self._free: list[HTTPConnection] = []
        self.sent_at: dict[int, float] = {}

    async def run(self) -> None:
        """Make all events of the plan, evenly spread over its duration and its rooms."""
        began, turns = monotonic(), asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for number in range(self._plan.events):
                await asyncio.sleep(max(0.0, began + number / self._plan.rate - monotonic()))
                await turns.acquire()
                group.create_task(self._make(number, turns))
        for link in self._free:
            link.close()

    async def _make(self, number: int, turns: asyncio.Semaphore) -> None:
        actor = self._actors[number % len(self._actors)]
        try:
            status = await asyncio.to_thread(self._request, actor, number)
        except (OSError, HTTPException) as error:
            status = 0
            self._outcome.errors[f"request without an answer: {type(error).__name__}"] += 1
        finally:
            turns.release()
        book = self._outcome.made if status == 201 else self._outcome.unsure
        book.setdefault(actor.room, set()).add(number)
        if status not in (0, 201):
            hint = " (raise REQUESTS_PER_MINUTE on the server, or use more --rooms)" if status == 429 else ""
            self._outcome.errors[f"request answered with {status}{hint}"] += 1

    def _request(self, actor: Actor, number: int) -> int:
        link = self._free.pop() if self._free else self._new_link()
        body = {"userId": actor.user_id, "type": "load", "title": str(number), "message": "A message of usual length."}
        headers = {"Authorization": f"Bearer {actor.token}", "Content-Type": "application/json"}
        self.sent_at[number] = monotonic()
        try:
            link.request("POST", "/api/notifications", json.dumps(body), headers)
            answer = link.getresponse()
            answer.read()
        except BaseException:
            link.close()
            raise
        self._free.append(link)
        return answer.status

    def _new_link(self) -> HTTPConnection:
        parts = urlsplit(self._plan.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
