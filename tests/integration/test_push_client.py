"""Requests to push services that are slow, silent, or not what they say: bounded, and never to within."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from app.push import client
from app.push.client import ForbiddenAddress, Unreachable, post
from tests.support.push_service import CERTIFICATE, PushService


@contextmanager
def listening(*says: bytes, pause: float = 0.0) -> Iterator[str]:
    """The URL of who accepts one connection and says something, with pauses; then nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                try:
                    for part in says:
                        connection.sendall(part)
                        time.sleep(pause)
                    while connection.recv(4096):
                        pass
                except OSError:
                    pass  # it was hung up

        Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/push"


def seconds_until_unreachable(endpoint: str) -> float:
    began = time.monotonic()
    with pytest.raises(Unreachable):
        post(endpoint, {}, b"body", loopback=True)
    return time.monotonic() - began


def test_a_push_service_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENT", 0.2)
    with listening() as endpoint:
        assert 0.2 <= seconds_until_unreachable(endpoint) < 2


def test_a_push_service_that_says_a_byte_now_and_then_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WHOLE", 0.4)
    with listening(b"HTTP/1.1 ", *[b"2"] * 100, pause=0.05) as endpoint:
        assert 0.4 <= seconds_until_unreachable(endpoint) < 2


def test_a_tls_handshake_that_comes_a_byte_now_and_then_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "WHOLE", 0.4)
    record = b"\x16\x03\x03\x3f\xff"  # the head of a record of 16 KB: RFC 8446, section 5.1
    with listening(record, *[b"2"] * 100, pause=0.05) as endpoint:
        assert 0.4 <= seconds_until_unreachable(endpoint.replace("http://", "https://")) < 2


@pytest.mark.parametrize("nonsense", [b"", b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200\r\n" + b"X: y\r\n" * 500])
def test_what_speaks_no_http_is_no_answer(nonsense: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SILENT", 0.2)
    with listening(nonsense) as endpoint:
        seconds_until_unreachable(endpoint)


def test_nobody_at_the_port_and_a_name_that_leads_nowhere_are_no_answer() -> None:
    with PushService() as service:
        pass
    seconds_until_unreachable(f"{service.origin}/push")
    seconds_until_unreachable("https://push.invalid/push")


def test_a_certificate_that_nobody_vouches_for_is_no_answer() -> None:
    with PushService(CERTIFICATE) as service:
        seconds_until_unreachable(f"{service.origin}/push")
        assert service.asked == []


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "[::1]", "0"])
def test_a_name_that_leads_to_this_machine_is_not_connected_to(host: str) -> None:
    with PushService() as service, pytest.raises(ForbiddenAddress):
        post(f"http://{host}:{service.port}/push/0", {}, b"body", loopback=False)
    assert service.asked == []
