"""From a CONNECT packet to a connected socket: python-socketio's own steps, with recovery between them."""

import logging
from typing import Any

from eventlet import sleep
from eventlet.semaphore import Semaphore
from socketio import packet
from socketio.exceptions import ConnectionRefusedError

from app.engine.client import Client
from app.engine.hub import Hub
from app.engine.recovery import Application, Recovery, SocketGone
from app.engine.sessions import Owner

logger = logging.getLogger(__name__)

# Handshakes at a time, fewer than the database has connections; further ones wait in line. Each takes several
# transactions, so that of thousands at once each would fail in one of them, and come back to fail again.
AT_ONCE = 8
HOLD = 1.0  # seconds before a client is let go that can't be served now, so that it doesn't come back at once


class Handshake:
    """Handles CONNECT packets.

    A refusal is a CONNECT_ERROR, after which clients stay away. So when something of ours is missing (the database),
    the transport is dropped instead, and the client comes back by itself.
    """

    def __init__(self, server: Any, hub: Hub, recovery: Recovery, application: Application) -> None:
        self._server = server
        self._hub = hub
        self._recovery = recovery
        self._application = application
        self._turns = Semaphore(AT_ONCE)

    def connect(self, eio_sid: str, namespace: str | None, auth: Any) -> None:
        """Handle one CONNECT packet."""
        namespace = namespace or "/"
        try:
            with self._turns:
                if eio_sid in self._server.environ:  # else it went away while it waited
                    self._connect(eio_sid, namespace, auth)
        except ConnectionRefusedError as refusal:
            self._refuse(eio_sid, namespace, refusal)
        except SocketGone:
            logger.debug("a client went away, or came back over another connection, while it was connected")
            self._drop(eio_sid)
        except Exception:
            logger.exception("a client could not be connected; it is let go, and will come back")
            sleep(HOLD)
            self._drop(eio_sid)

    def _connect(self, eio_sid: str, namespace: str, auth: Any) -> None:
        if namespace not in self._server.handlers:
            raise ConnectionRefusedError("Invalid namespace")
        if self._hub.sid_from_eio_sid(eio_sid, namespace) is not None:
            raise ConnectionRefusedError("Connected already")
        self._recovery.wait_until_begun()
        client = self._client(eio_sid, namespace, self._application.authenticate(auth), auth)
        self._accept(client, eio_sid, auth)

    def _client(self, eio_sid: str, namespace: str, owner: Owner, auth: Any) -> Client:
        wanted = auth if isinstance(auth, dict) else {}
        pid, offset = wanted.get("pid"), wanted.get("offset")
        recoverable = wanted.get("recovery") is not False
        if recoverable and isinstance(pid, str) and (offset is None or isinstance(offset, str)):
            resumed = self._recovery.resume(pid, offset, namespace, owner, eio_sid)
            if resumed is not None:
                return resumed
        sid = self._server.eio.generate_id()
        if not recoverable:
            self._hub.leave_offsets_out(sid)
        return self._recovery.begin(sid, namespace, owner, eio_sid, recoverable=recoverable)

    def _accept(self, client: Client, eio_sid: str, auth: Any) -> None:
        sid, namespace = client.session.sid, client.session.namespace
        try:
            self._hub.reserve(sid, eio_sid, namespace)
            self._ask_application(client, eio_sid, auth)
            client = self._recovery.accepted(client)
            client.check()
            self._environ(eio_sid)
        except BaseException:
            self._forget(client, eio_sid)
            raise
        told = {"sid": sid, "pid": client.session.pid} if client.recoverable else {"sid": sid}
        self._send(eio_sid, packet.CONNECT, namespace, told)
        self._hub.connect(sid, namespace)
        self._recovery.flush(sid)
        self._application.here(sid)

    def _ask_application(self, client: Client, eio_sid: str, auth: Any) -> None:
        arguments = client.session.namespace, client.session.sid, self._environ(eio_sid), auth
        if self._server._trigger_event("connect", *arguments) is False:
            raise ConnectionRefusedError("Connection refused")

    def _environ(self, eio_sid: str) -> dict[str, Any]:
        """The WSGI environment of a connection; raises SocketGone once it is closed."""
        environ: dict[str, Any] | None = self._server.environ.get(eio_sid)
        if environ is None:
            raise SocketGone
        return environ

    def _forget(self, client: Client, eio_sid: str) -> None:
        sid, namespace = client.session.sid, client.session.namespace
        if self._hub.eio_sid_from_sid(sid, namespace) not in (None, eio_sid):
            return  # its client is back already, over another connection, which has the socket now
        self._hub.disconnect(sid, namespace)
        self._recovery.disconnected(sid, "not connected", for_good=False)

    def _refuse(self, eio_sid: str, namespace: str, refusal: ConnectionRefusedError) -> None:
        self._send(eio_sid, packet.CONNECT_ERROR, namespace, refusal.error_args)

    def _drop(self, eio_sid: str) -> None:
        transport = self._server.eio.sockets.get(eio_sid)
        if transport is not None:
            transport.close(abort=True)

    def _send(self, eio_sid: str, kind: int, namespace: str, data: Any) -> None:
        self._server._send_packet(eio_sid, self._server.packet_class(kind, data=data, namespace=namespace))
