"""A WebSocket client that has no opinion: it sends the bytes that it is told, and shows each frame that comes back."""

import json
import socket
import struct
from email.message import Message
from email.parser import BytesHeaderParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.support.frames import BINARY, CLOSE, MINIMAL_LENGTH, TEXT, Frame, frame

TIMEOUT = 3.0  # seconds
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # the example of RFC 6455, section 1.3
HANDSHAKE = {
    "Host": "127.0.0.1",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


class BareWebSocket:
    """One connection, after the answer to its handshake.

    Attributes:
        status: of the answer; 101 when it is a WebSocket.
        headers: of the answer.
    """

    def __init__(
        self,
        url: str,
        query: str = "EIO=4&transport=websocket",
        headers: dict[str, str] = HANDSHAKE,
        request: str = "GET {} HTTP/1.1",
    ) -> None:
        """
        :param headers: of the request, instead of the right ones
        :param request: the first line, with a place for the path
        """
        self._tcp = socket.create_connection((urlsplit(url).hostname or "", urlsplit(url).port or 80), TIMEOUT)
        self._tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""
        lines = [request.format(f"/socket.io/?{query}"), *(f"{name}: {value}" for name, value in headers.items())]
        self._tcp.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.status, self.headers = self._answer()

    def opened(self) -> dict[str, Any]:
        """What the first packet of a new session says."""
        assert self.status == 101, self.status
        opcode, payload, _ = self.next()
        assert (opcode, payload[:1]) == (TEXT, b"0")
        session: dict[str, Any] = json.loads(payload[1:])
        return session

    def send(self, *data: bytes, chop: int = 0) -> None:
        """Send bytes, in one go or `chop` at a time. What the server no longer wants is not sent."""
        whole = b"".join(data)
        try:
            for start in range(0, len(whole), chop or len(whole)):
                self._tcp.sendall(whole[start : start + (chop or len(whole))])
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it said before is still to be read

    def text(self, text: str) -> None:
        """Send a text message."""
        self.send(frame(TEXT, text.encode()))

    def binary(self, data: bytes) -> None:
        """Send a binary message."""
        self.send(frame(BINARY, data))

    def finish(self) -> None:
        """Send no more bytes, as a client does that has gone; it still hears."""
        self._tcp.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break the connection off: the server is told so, and not that it ended."""
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._tcp.close()

    def next(self) -> Frame:
        """The next frame, which is as RFC 6455 wants those of a server.

        Raises:
            EOFError: there will be none.
            TimeoutError: none came in three seconds.
        """
        first, second = self._read(2)
        assert not first & 0x70, "a reserved bit is set"
        assert not second & 0x80, "the frame is masked"
        length = second
        if width := {126: 2, 127: 8}.get(second):
            length = int.from_bytes(self._read(width))
            assert length >= MINIMAL_LENGTH[width], "the length is written in too many bytes"
        return Frame(first & 0x0F, self._read(length), bool(first & 0x80))

    def next_text(self) -> str:
        """The next frame, which is a text message."""
        opcode, payload, fin = self.next()
        assert (opcode, fin) == (TEXT, True), (opcode, payload)
        return payload.decode()

    def rest(self) -> list[Frame]:
        """All frames until the server has closed the connection. Its Close is answered, as clients do.

        Raises:
            TimeoutError: three seconds passed without a frame, and without the end.
        """
        return self._until_the_end(answer_close=True)

    def close_code(self) -> int | None:
        """The code of the Close frame that the server says, nothing else, and closes; None in an empty one.

        It waits for no answer: either it answers a Close itself, or it fails the connection.
        """
        frames = self._until_the_end(answer_close=False)
        assert [said.opcode for said in frames] == [CLOSE], frames
        payload = frames[0].payload
        payload[2:].decode()
        return int.from_bytes(payload[:2]) if payload else None

    def _until_the_end(self, *, answer_close: bool) -> list[Frame]:
        frames: list[Frame] = []
        try:
            while True:
                frames.append(self.next())
                if answer_close and frames[-1].opcode == CLOSE:
                    self.send(frame(CLOSE, frames[-1].payload))
        except EOFError:
            return frames

    def _answer(self) -> tuple[int, Message]:
        while b"\r\n\r\n" not in self._unread:
            self._receive()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        line, _, fields = head.partition(b"\r\n")
        return int(line.split()[1]), BytesHeaderParser().parsebytes(fields)

    def _read(self, length: int) -> bytes:
        while len(self._unread) < length:
            self._receive()
        data, self._unread = self._unread[:length], self._unread[length:]
        return data

    def _receive(self) -> None:
        try:
            data = self._tcp.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        self._unread += data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tcp.close()
