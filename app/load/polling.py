"""A link by long polling, as a browser's behind a proxy that lets no WebSocket through."""

import asyncio
import json
from collections import deque
from contextlib import suppress
from secrets import token_hex
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, CookieJar

SEPARATOR = "\x1e"
CLOSE = "1"
ANSWER = ClientTimeout(total=20)  # seconds that the server has, unless it may wait for something to tell


class Polling:
    """One session. A poll waits at the server all the time; what is sent meanwhile, takes a second connection.

    Both are kept alive from one request to the next. Cookies are kept, and the ``User-Agent`` is one of its own: by
    either of them a proxy sends each request of a session to one process, and different sessions to different ones.
    """

    def __init__(self, http: ClientSession, address: str, opened: str) -> None:
        """
        :param opened: the packet that the server opened the session with
        """
        self._http = http
        self._address = f"{address}&sid={json.loads(opened[1:])['sid']}"
        self._came = deque([opened])
        self._poll = asyncio.create_task(_answer(self._http, "GET", self._address))

    @classmethod
    async def open(cls, url: str) -> Self:
        """Begin a session.

        Raises:
            OSError: it can't be.
        """
        parts = urlsplit(url)
        address = f"{parts.scheme}://{parts.netloc}/socket.io/?EIO=4&transport=polling"
        headers = {"User-Agent": f"load test {token_hex(8)}"}
        http = ClientSession(cookie_jar=CookieJar(unsafe=True), headers=headers, timeout=ClientTimeout())
        try:
            return cls(http, address, await _answer(http, "GET", address))
        except (ValueError, KeyError) as error:
            await http.close()
            raise ConnectionError("what answers there is something else") from error
        except BaseException:
            await http.close()
            raise

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while not self._came:
            self._came.extend((await self._poll).split(SEPARATOR))
            self._poll = asyncio.create_task(_answer(self._http, "GET", self._address))
        packet = self._came.popleft()
        if packet == CLOSE:
            raise StopAsyncIteration
        return packet

    async def send(self, packet: str, /) -> None:
        """Send a packet.

        Raises:
            OSError: the session is over, or the server can't be reached.
        """
        await _answer(self._http, "POST", self._address, data=packet, timeout=ANSWER)

    async def close(self) -> None:
        """Leave, whether the session is still there or not."""
        self._poll.cancel()
        await asyncio.gather(self._poll, return_exceptions=True)  # or it has failed, which is no matter now
        with suppress(OSError):
            await self.send(CLOSE)
        await self._http.close()


async def _answer(http: ClientSession, method: str, address: str, **more: Any) -> str:
    try:
        async with http.request(method, address, **more) as answer:
            text = await answer.text()
    except ClientError as error:
        raise ConnectionError(str(error) or type(error).__name__) from error
    if answer.status != 200:
        raise ConnectionError(f"a {method} was answered with {answer.status}")
    return text
