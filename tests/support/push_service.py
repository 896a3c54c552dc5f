"""A push service, and browsers that subscribed with it: what arrives is decrypted as a browser does."""

import base64
import json
import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Self

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CERTIFICATE = Path(__file__).with_name("localhost.pem")
WAIT = 10.0  # seconds
VAPID = re.compile(r"vapid t=([\w.-]+),k=([\w-]+)")  # RFC 8292, section 3

Answer = tuple[int, dict[str, str]]
"""A status, and headers."""

CREATED: Answer = (201, {})


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Push:
    """What arrived: what the service worker would be told, and what the push service was."""

    message: dict[str, Any]
    headers: Message
    body: bytes
    claims: dict[str, Any]
    public_key: str
    at: float = field(default_factory=time.monotonic)

    @property
    def title(self) -> str:
        title: str = self.message["title"]
        return title


class Browser:
    """A browser on a device, subscribed: its endpoint, and the keys that it alone has."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.pushes: list[Push] = []
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = os.urandom(16)

    @property
    def subscription(self) -> dict[str, Any]:
        """As ``PushSubscription.toJSON()`` returns it."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": base64url(point), "auth": base64url(self._secret)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    @property
    def titles(self) -> list[str]:
        return [push.title for push in self.pushes]

    def receive(self, headers: Message, body: bytes, origin: str) -> None:
        """Check who sends, and decrypt."""
        assert headers["Content-Encoding"] == "aes128gcm"
        found = VAPID.fullmatch(headers["Authorization"])
        assert found is not None
        token, public_key = found.groups()
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), from_base64url(public_key))
        claims = jwt.decode(token, key, algorithms=["ES256"], audience=origin)
        plain = http_ece.decrypt(body, private_key=self._key, auth_secret=self._secret, version="aes128gcm")
        self.pushes.append(Push(json.loads(plain), headers, body, claims, public_key))

    def wait_for(self, pushes: int) -> list[Push]:
        """All that arrived, once there are so many."""
        wait_until(lambda: len(self.pushes) >= pushes, f"{len(self.pushes)} of {pushes} pushes arrived")
        return self.pushes


def wait_until(true: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


class PushService:
    """On a port of the loopback interface, as a context manager; at its end nothing must have been amiss.

    Attributes:
        answers: what it answers next, before it goes on to answer 201 to what it accepts.
        asked: how many requests came, and when.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        """
        :param certificate: a file with key and certificate, of localhost: then it speaks TLS
        """
        self.answers: list[Answer] = []
        self.asked: list[float] = []
        self._browsers: dict[str, Browser] = {}
        self._errors: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_port
        self.origin = f"http://127.0.0.1:{self.port}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.origin = f"https://localhost:{self.port}"

    def browser(self) -> Browser:
        """A new one."""
        path = f"/push/{len(self._browsers)}"
        self._browsers[path] = Browser(self.origin + path)
        return self._browsers[path]

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens at the port meanwhile."""
        self._stop()
        try:
            yield
        finally:
            address = self._server.server_address
            self._server = ThreadingHTTPServer((str(address[0]), int(address[1])), self._handler())
            self._start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                status, headers = service._take(self.path, self.headers, self.rfile.read(self._length))
                self.send_response(status)
                for name, value in ({"Content-Length": "0"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()

            @property
            def _length(self) -> int:
                return int(self.headers["Content-Length"])

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _take(self, path: str, headers: Message, body: bytes) -> Answer:
        self.asked.append(time.monotonic())
        answer = self.answers.pop(0) if self.answers else CREATED
        if answer == CREATED:
            try:
                self._browsers[path].receive(headers, body, self.origin)
            except Exception as error:  # noqa: BLE001 - raised by __exit__
                self._errors.append(repr(error))
                return 400, {}
        return answer

    def _start(self) -> None:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def _stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if error is None:
            assert self._errors == []
