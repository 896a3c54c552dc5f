"""Who means well, while others attack: makes events and hears them, and asks whether the server lives."""

from threading import Thread
from time import monotonic
from types import TracebackType
from typing import Self

from tests.security.socket_client import SocketClient
from tests.support.api import Api
from tests.support.background import Background
from tests.support.server import Server

PAUSE = 0.1  # seconds between two events
LAST = "the last one"
PATIENCE = 15.0  # seconds for the last one to arrive


class Witness(Background):
    """Posts notifications to itself, for as long as its block lasts.

    Attributes:
        made: the titles, in order; the last is made when the block has ended.
        heard: those of the events that its socket heard, in order.
        seconds: from a request to its event, of each that was heard.
    """

    def __init__(self, server: Server, user: Api) -> None:
        super().__init__()
        self.made: list[str] = []
        self.heard: list[str] = []
        self.seconds: list[float] = []
        self._user = user
        self._asked_at: dict[str, float] = {}
        self._socket = SocketClient(server.port, user.token)
        assert self._socket.emit("join-notifications", user.user["id"])["ok"]
        self._listening = Thread(target=self._listen, daemon=True)

    @property
    def p99(self) -> float:
        """The seconds that 99 of 100 events took at the most."""
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]

    def _work(self) -> None:
        while not self._over.wait(PAUSE):
            self._make(str(len(self.made)))

    def _make(self, title: str) -> None:
        self._asked_at[title] = monotonic()
        note = {"userId": self._user.user["id"], "type": "siege", "title": title, "message": "M"}
        assert self._user.post("/api/notifications", json=note).status == 201
        self.made.append(title)

    def _listen(self) -> None:
        while self.heard[-1:] != [LAST]:
            *_, heard = self._socket.hear(lambda heard: heard.event == "new-notification")
            title = heard.payload["title"]
            self.seconds.append(monotonic() - self._asked_at[title])
            self.heard.append(title)

    def __enter__(self) -> Self:
        self._listening.start()
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._make(LAST)
        self._listening.join(PATIENCE)
        self._socket.close()
