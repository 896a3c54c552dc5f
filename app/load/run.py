"""One load test, from the first connection to the last delivery."""

import asyncio
from collections.abc import Callable
from functools import partial
from time import monotonic

from app.load.client import Client, Refused
from app.load.link import BROKEN, Link
from app.load.makers import Makers
from app.load.outcome import Outcome
from app.load.plan import Actor, Plan, Transport
from app.load.server import watch

SETTLE = 10.0  # seconds that the last deliveries have, behind the last request
SETTLE_STEP = 0.1  # seconds until one that is waited for is looked at again
AT_ONCE = 50  # handshakes under way

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and how much there is."""


class Run:
    """Connects, makes events, and waits until all were heard.

    Args:
        plan: what to do.
        actors: who does it; the clients are shared out among them.
        metrics_token: reads the server's metrics, if one is needed.
        progress: is told of it.
    """

    def __init__(self, plan: Plan, actors: list[Actor], metrics_token: str, progress: Progress) -> None:
        self.outcome = Outcome()
        self._plan = plan
        self._actors = actors
        self._metrics_token = metrics_token
        self._progress = progress
        self._makers = Makers(plan, actors, self.outcome)
        self._links: list[Link] = []
        self._listening: list[asyncio.Task[None]] = []
        self._began = 0.0
        self._ending = False

    async def go(self) -> None:
        """Do it; when it is cancelled, what was found so far is in :attr:`outcome`."""
        self._began = monotonic()
        watching = asyncio.create_task(watch(self._plan.url, self._metrics_token, self.outcome.moments))
        try:
            await self._connect_all()
            if not self._links:
                return  # to make events that nobody is there to hear would show nothing
            telling = asyncio.create_task(self._tell())
            await self._makers.run()
            await self._settle()
            telling.cancel()
        finally:
            self._ending = True
            watching.cancel()
            await asyncio.gather(*(link.close() for link in self._links), *self._listening, return_exceptions=True)

    async def _connect_all(self) -> None:
        began, turns = monotonic(), asyncio.Semaphore(AT_ONCE)

        async def connect(actor: Actor, transport: Transport) -> None:
            client = Client(self._plan.url, actor, transport, partial(self._heard, transport))
            async with turns:
                try:
                    link = await client.open()
                except (*BROKEN, Refused) as error:
                    self.outcome.refused += 1
                    self.outcome.errors[f"connection refused: {str(error) or type(error).__name__}"] += 1
                    return
            self.outcome.connected_in = monotonic() - began
            self._links.append(link)
            self.outcome.heard.append(client.heard)
            self._listening.append(asyncio.create_task(self._listen(client, link)))
            self._progress("connecting", len(self._links), self._plan.connections)

        async with asyncio.TaskGroup() as group:
            for number in range(self._plan.connections):
                await asyncio.sleep(max(0.0, began + number / self._plan.ramp - monotonic()))
                actor = self._actors[number % len(self._actors)]
                group.create_task(connect(actor, self._plan.transport(number)))

    async def _listen(self, client: Client, link: Link) -> None:
        try:
            await client.listen(link)
        except BROKEN as error:
            if not self._ending:
                self.outcome.errors[f"connection lost: {error}"] += 1
            return
        if not self._ending:
            self.outcome.errors["connection closed by the server"] += 1

    def _heard(self, transport: Transport, number: int) -> None:
        now = monotonic()
        self.outcome.latencies[transport].append(now - self._makers.sent_at[number])
        self.outcome.per_second[int(now - self._began)] += 1

    async def _settle(self) -> None:
        """Wait for the last deliveries.

        Nothing is made any more, so a client that has heard all need not be looked at again: to audit all of them again
        and again would delay what is timed.
        """
        deadline, waiting = monotonic() + SETTLE, list(self.outcome.heard)
        while waiting and monotonic() < deadline:
            if self.outcome.missing(waiting[-1]):
                await asyncio.sleep(SETTLE_STEP)
            else:
                waiting.pop()
                await asyncio.sleep(0)  # others have their turn between two clients

    async def _tell(self) -> None:
        while True:
            self._progress("events", len(self._makers.sent_at), self._plan.events)
            await asyncio.sleep(0.2)
