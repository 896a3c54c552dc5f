"""The link of a client: carries packets of Engine.IO (protocol v4), by whichever transport."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from websockets.exceptions import WebSocketException

from app.load.plan import Transport
from app.load.polling import Polling
from app.load.websocket import open_websocket

BROKEN = (OSError, WebSocketException)
"""What using a link may raise."""


class Link(Protocol):
    """Open until it is closed, from either side; iterating it gives the packets that come."""

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...

    async def send(self, packet: str, /) -> None: ...

    async def close(self) -> None: ...


OPEN: dict[Transport, Callable[[str], Awaitable[Link]]] = {
    Transport.WEBSOCKET: open_websocket,
    Transport.POLLING: Polling.open,
}
"""Each opens a link to the server of a URL."""
