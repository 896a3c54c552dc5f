"""A client of the load test: Socket.IO (protocol v5) over a link."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from app.load.link import OPEN, Link
from app.load.outcome import Heard
from app.load.plan import Actor, Transport

EVENT = "new-notification"
PATIENCE = 20.0  # seconds for the handshake

OnEvent = Callable[[int], None]


class Refused(Exception):
    """The server did not let the client in."""


class Client:
    """Connects, joins a room, and notes what it hears until it is closed.

    Args:
        url: of the server.
        actor: whose client it is.
        transport: of its link.
        on_event: is told the number of each event.
    """

    def __init__(self, url: str, actor: Actor, transport: Transport, on_event: OnEvent) -> None:
        self._url = url
        self._transport = transport
        self._actor = actor
        self._on_event = on_event
        self.heard = Heard(actor.room)

    async def open(self) -> Link:
        """Connect and join.

        Raises:
            Refused: the server says no.
            BROKEN: the link.
        """
        async with asyncio.timeout(PATIENCE):
            link = await OPEN[self._transport](self._url)
            try:
                await self._join(link)
            except BaseException:
                await link.close()
                raise
        return link

    async def _join(self, link: Link) -> None:
        await self._packet(link, "0")
        await link.send("40" + json.dumps({"token": self._actor.token}))
        await self._packet(link, "40")
        await link.send("421" + json.dumps(["join-notifications", self._actor.user_id]))
        ack = json.loads((await self._packet(link, "431"))[3:])[0]
        if not ack["ok"]:
            raise Refused(ack["error"]["message"])

    async def _packet(self, link: Link, kind: str) -> str:
        """The next packet of a kind, behind whatever else comes."""
        async for packet in link:
            if not isinstance(packet, str):
                continue
            if packet.startswith("44"):
                raise Refused(json.loads(packet[2:])["message"])
            if packet.startswith(kind):
                return packet
            await self._take(link, packet)
        raise ConnectionError("the server closed the connection")

    async def listen(self, link: Link) -> None:
        """Hear what comes, until the link is closed."""
        async for packet in link:
            if isinstance(packet, str):
                await self._take(link, packet)

    async def _take(self, link: Link, packet: str) -> None:
        if packet == "2":
            await link.send("3")
        elif packet.startswith("42["):
            self._hear(json.loads(packet[2:]))

    def _hear(self, event: list[Any]) -> None:
        name, payload, *rest = event
        if name == EVENT and rest:
            number = int(payload["title"])
            self.heard.numbers.append(number)
            self.heard.offsets.append(int(rest[0]))
            self._on_event(number)
