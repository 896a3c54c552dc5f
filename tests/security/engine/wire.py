"""A WebSocket whose every byte the test chooses, and which tells how the server ended it."""

import json
import socket
import struct
from contextlib import suppress
from time import monotonic
from types import TracebackType
from typing import Any, Self

TIMEOUT = 3.0  # seconds
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, for no time; then close() resets the connection
LINGER = struct.pack("ii", 0, 0)  # as ever
CONTINUATION, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9

UPGRADE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PROBE = UPGRADE.replace(b"websocket HTTP", b"websocket&sid=%s HTTP")


class Closed(Exception):
    """The server has closed the connection, with this code or without one."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


def frame(data: str | bytes, opcode: int | None = None, *, fin: bool = True) -> bytes:
    """A frame of a client. Its mask is zero, which changes nothing."""
    payload = data.encode() if isinstance(data, str) else data
    if opcode is None:
        opcode = TEXT if isinstance(data, str) else BINARY
    first = bytes([fin << 7 | opcode])
    if len(payload) < 126:
        length = bytes([0x80 | len(payload)])
    elif len(payload) < 65536:
        length = b"\xfe" + len(payload).to_bytes(2)
    else:
        length = b"\xff" + len(payload).to_bytes(8)
    return first + length + b"\0\0\0\0" + payload


class WebSocket:
    """One connection to the Engine.IO endpoint of a server, open when it is made.

    Attributes:
        opened: what the server's OPEN packet said.
    """

    def __init__(self, port: int, sid: str = "", receive_buffer: int = 0, timeout: float = TIMEOUT) -> None:
        """
        :param sid: of a session that polls, which goes on here; without one a session is opened
        :param receive_buffer: the bytes that the system takes for a client that doesn't read; 0: as many as it likes
        :param timeout: the seconds to wait for each answer
        """
        self._tcp = socket.socket()
        self._timeout = timeout
        self._unread = bytearray()
        self.opened: dict[str, Any] = {}
        if receive_buffer:
            self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self._open(port, PROBE % sid.encode() if sid else UPGRADE)
            if not sid:
                self.opened = json.loads(str(self.receive())[1:])
        except BaseException:
            self.close()
            raise

    def _open(self, port: int, request: bytes) -> None:
        self._tcp.settimeout(self._timeout)
        self._tcp.connect(("127.0.0.1", port))
        self._tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.write(request)
        while b"\r\n\r\n" not in self._unread:
            self._more()
        head, _, rest = self._unread.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        self._unread = bytearray(rest)

    def write(self, data: bytes) -> None:
        """Send bytes; none if the server has closed the connection, which shows when it is read."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._tcp.sendall(data)

    def send(self, packet: str | bytes) -> None:
        """Send one packet."""
        self.write(frame(packet))

    def connected(self) -> Self:
        """Connect, and hear what the application says to that."""
        self.send("40")
        packets = sorted(str(self.receive()) for _ in range(2))  # the engines differ in their order
        assert packets[0].startswith("40{"), packets
        assert packets[1] == '42["auth",{}]', packets
        return self

    def ask(self, *words: object) -> Any:
        """Emit `message-with-ack` and return what it is acknowledged with; nothing else may come before."""
        self.send("421" + json.dumps(["message-with-ack", *words]))
        answer = self.receive()
        assert isinstance(answer, str)
        assert answer.startswith("431["), answer
        return json.loads(answer[3:])

    def receive(self) -> str | bytes:
        """The next packet; the pings of Engine.IO are answered and passed over.

        Raises:
            Closed: there will be none.
            TimeoutError: none came in time.
        """
        while True:
            opcode, payload = self._frame()
            match opcode:
                case 1 if payload == b"2":
                    self.send("3")
                case 1:
                    return payload.decode()
                case 2:
                    return payload
                case 8:
                    raise Closed(int.from_bytes(payload[:2]) if payload else None)

    def ended(self, seconds: float = TIMEOUT) -> int | None:
        """Wait until the server has closed the connection; the code that it gave.

        :raises AssertionError: when that takes longer than so many seconds
        """
        deadline = monotonic() + seconds
        try:
            while True:
                self._tcp.settimeout(max(0.01, deadline - monotonic()))
                self.receive()
        except Closed as closed:
            return closed.code
        except TimeoutError:
            raise AssertionError(f"still open after {seconds} s") from None

    def heard(self, seconds: float = 0.3) -> list[str | bytes]:
        """What comes in so many seconds, or until the connection is closed; that it will be, is not counted."""
        packets: list[str | bytes] = []
        self._tcp.settimeout(seconds)
        try:
            while (packet := self.receive()) != "1":
                packets.append(packet)
            return packets
        except (Closed, TimeoutError):
            return packets
        finally:
            self._tcp.settimeout(self._timeout)

    def rest(self) -> bytes:
        """All bytes until the server closes the connection, whatever they are."""
        try:
            while True:
                self._more()
        except Closed:
            return bytes(self._unread)

    def abort(self) -> None:
        """End both directions, for those, too, who wait for them in other threads."""
        with suppress(OSError):
            self._tcp.shutdown(socket.SHUT_RDWR)

    def finish(self) -> None:
        """End the TCP connection from this side, and wait until the server has ended it, too."""
        with suppress(OSError):
            self._tcp.shutdown(socket.SHUT_WR)
        self.rest()
        self.close()

    def reset(self) -> None:
        """Close the TCP connection, as a system does whose process has crashed."""
        self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.close()

    def close(self) -> None:
        """Close the TCP connection; nothing is said before."""
        self._tcp.close()

    def _frame(self) -> tuple[int, bytes]:
        first, second = self._take(2)
        assert first >> 4 == 8, f"no whole frame begins with {first:#x}: {bytes(self._unread)!r}"
        length = second
        if second == 126:
            length = int.from_bytes(self._take(2))
        elif second == 127:
            length = int.from_bytes(self._take(8))
        return first & 15, self._take(length)

    def _take(self, count: int) -> bytes:
        while len(self._unread) < count:
            self._more()
        taken = bytes(self._unread[:count])
        del self._unread[:count]
        return taken

    def _more(self) -> None:
        try:
            data = self._tcp.recv(1 << 18)
        except ConnectionResetError:
            data = b""
        if not data:
            raise Closed(None)
        self._unread += data

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
