"""Handshakes: of old, of nonsense, and what a client is told that asks properly."""

import socket
from typing import Any

import pytest

from tests.security.engine.polls import Polling
from tests.security.engine.servers import DropIn
from tests.security.engine.wire import TEXT, TIMEOUT, WebSocket, frame

HIXIE_75 = "Origin: http://x\r\n"
HIXIE_76 = HIXIE_75 + "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\nSec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\n"
ASK = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n"


@pytest.fixture(scope="module")
def options() -> dict[str, Any]:
    return {"ping_interval": 0.3, "ping_timeout": 0.2}


def exchange(port: int, sent: bytes) -> bytes:
    """All that a server answers to these bytes until it closes the connection, or says nothing for a second."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as tcp:
        tcp.sendall(sent)
        tcp.settimeout(1)
        try:
            while data := tcp.recv(65536):
                answer += data
        except (TimeoutError, ConnectionResetError):
            pass
    return answer


@pytest.mark.parametrize("headers", [HIXIE_75, HIXIE_76], ids=["75", "76"])
def test_the_handshake_of_a_draft_of_websocket_is_refused(headers: str, server: DropIn) -> None:
    answer = exchange(server.port, f"{ASK}{headers}\r\n^n:ds[4U".encode())
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "sent",
    [
        f"{ASK}Sec-WebSocket-Version: 13\r\n\r\n".encode(),  # no key
        f"{ASK}Sec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode(),
        f"{ASK}Sec-WebSocket-Key1: 1\r\nSec-WebSocket-Key2: 1\r\n\r\n".encode(),  # divides by the number of spaces
        b"POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
        b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        b"GET /socket.io/?EIO=4&transport=polling&sid=%ff%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nOrigin: \xff\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # TLS
        b"GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n" + b"X: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_no_request_is_answered_with_a_traceback(sent: bytes, server: DropIn) -> None:
    answer = exchange(server.port, sent)
    assert b"Traceback" not in answer
    assert b" 500 " not in answer.partition(b"\r\n")[0]


@pytest.mark.parametrize("sent", [b"4\xff", b"x", b"42[", b"7"])
def test_no_body_is_answered_with_a_traceback(sent: bytes, server: DropIn) -> None:
    with Polling(server.port) as polling:
        answers = [polling.post(sent), polling.post(sent), polling.poll()]
    assert not any("Traceback" in answer.body or answer.status == 500 for answer in answers)


@pytest.mark.parametrize("sent", ["x", "7", "", "42[", "4x", b"\xff"])
def test_no_frame_is_answered_with_a_traceback(sent: str | bytes, ws: WebSocket) -> None:
    ws.write(frame(sent, TEXT))
    rest = ws.rest()
    assert b"Traceback" not in rest
    assert b"HTTP/1.1" not in rest


def test_a_ping_interval_below_a_second_is_told_as_it_is(ws: WebSocket, server: DropIn) -> None:
    told = ws.opened, Polling(server.port).opened
    assert [(opened["pingInterval"], opened["pingTimeout"]) for opened in told] == [(300, 200)] * 2
