"""Bodies that come in chunks (RFC 9112, section 7.1), read from the wire as any other."""

import json
import socket
from http.client import HTTPResponse

from tests.support.api import DEMO_PASSWORD, TIMEOUT_SECONDS
from tests.support.server import Server

CREDENTIALS = json.dumps({"email": "alice@example.com", "password": DEMO_PASSWORD}).encode()


def head(server: Server) -> bytes:
    return (
        f"POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    ).encode()


def post_in_chunks(server: Server, *chunks: bytes) -> int:
    """The status that a login is answered with, whose body comes in ``chunks``."""
    return answer_to(server, head(server) + b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (*chunks, b"")))


def answer_to(server: Server, request: bytes) -> int:
    with socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS) as connection:
        connection.sendall(request)
        answer = HTTPResponse(connection)
        answer.begin()
        return answer.status


def test_a_body_in_chunks_is_read(server: Server) -> None:
    assert post_in_chunks(server, CREDENTIALS[:10], CREDENTIALS[10:]) == 200


def test_a_body_in_chunks_above_the_limit_is_too_large(server: Server) -> None:
    assert post_in_chunks(server, CREDENTIALS, *[b" " * 1000] * 70) == 413


def test_a_body_of_broken_chunks_is_not_valid(server: Server) -> None:
    assert answer_to(server, head(server) + b"5\r\n{}\r\nzz\r\n\r\n") == 400
