"""A drop-in for :class:`flask_socketio.SocketIO` that delivers what was committed, in order."""

import logging
import socket
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

import eventlet
import eventlet.hubs
import eventlet.wsgi
import flask
import flask_socketio
from eventlet.event import Event

from app.engine.brokers import Broker
from app.engine.brokers.local import LocalBroker
from app.engine.drain import Drain
from app.engine.envelope import Envelope
from app.engine.handshake import Handshake
from app.engine.history import History
from app.engine.hub import Control, Hub
from app.engine.outbox import Outbox
from app.engine.recovery import Application, Recovery
from app.engine.relay import Begin, Relay
from app.engine.sessions import Sessions

logger = logging.getLogger(__name__)

RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})

_ack_wanted: ContextVar[bool] = ContextVar("ack_wanted", default=False)


class Timer(Protocol):
    """Something that will happen, unless it is cancelled."""

    def cancel(self) -> None: ...


class SocketIO(flask_socketio.SocketIO):
    """Everything that Flask-SocketIO offers, and beside it envelopes, control messages and an outbox.

    A plain ``emit`` works as ever, and reaches every process; it is ephemeral: not stored, not ordered against durable
    events, without offset. With a callback it reaches the sockets of this process alone.
    """

    server: Any
    hub: Hub
    broker: Broker
    outbox: Outbox
    relay: Relay
    history: History
    recovery: Recovery
    drain: Drain
    _serving: Any

    def init_app(
        self, app: flask.Flask, *, broker: Broker | None = None, drain_seconds: float = 0, **options: Any
    ) -> None:
        """Bind to ``app``.

        Args:
            app: the Flask application.
            broker: how envelopes reach the other processes; none: there are no others.
            drain_seconds: over how long the connections are closed, at the most, when the process is told to stop.
            options: as for Flask-SocketIO. Commands of a socket run one after the other in the order of their
                arrival (``async_handlers`` is off unless given).
        """
        self.hub = Hub()
        self.broker = broker or LocalBroker()
        options.setdefault("async_handlers", False)
        super().init_app(app, client_manager=self.hub, **options)
        if broker is not None:
            self.hub.pass_emits_on(broker.publish)
        self.broker.start(self.hub.deliver)
        self.drain = Drain(self.server, self.hub, drain_seconds)
        _tell_handlers_of_acks(self.server)
        _refuse_reserved_events(self.server)

    def use_outbox(self, outbox: Outbox, begin: Begin) -> None:
        """Deliver what is committed to ``outbox``; ``begin`` opens a write transaction for the relay."""
        self.outbox = outbox
        self.relay = Relay(outbox, begin, self.broker)

    def use_recovery(self, history: History, sessions: Sessions, application: Application) -> None:
        """Let clients go on where they were.

        Args:
            history: the past, by room.
            sessions: what clients are recognized by.
            application: whose they are, and what they may hear.
        """
        self.history = history
        self.recovery = Recovery(self.hub, history, sessions, application, self.publish)
        _take_over(self.server, Handshake(self.server, self.hub, self.recovery, application), self.recovery)

    def start_relay(self) -> None:
        """Begin to deliver. Call it in a process that serves sockets, before the first of them."""
        self.relay.start(self._begin_at)
        self.recovery.start()

    def _begin_at(self, seq: int) -> None:
        self.hub.begin_at(seq)
        self.broker.follow(seq)

    def publish(self, envelope: Envelope) -> None:
        """Deliver ``envelope`` now, in every process: at most once, never stored."""
        self.broker.publish(envelope)

    def loop_back(self, envelope: Envelope, seconds: float) -> bool:
        """Publish ``envelope`` and wait until this process's hub delivers it; False when it doesn't in ``seconds``."""
        heard = Event()
        stop = self.hub.tap(envelope.rooms[0], lambda _: heard.send())
        try:
            self.publish(envelope)
            with eventlet.Timeout(seconds, False):
                heard.wait()
            return bool(heard.ready())
        finally:
            stop()

    def control(self, name: str) -> Callable[[Control], Control]:
        """Register the handler of the control message ``name``, which every process runs in order with the events."""

        def register(handler: Control) -> Control:
            self.hub.controls[name] = handler
            return handler

        return register

    def call_later(self, seconds: float, function: Callable[[], None]) -> Timer:
        """Call ``function`` in ``seconds`` from now, in a greenlet of its own, unless the timer is cancelled."""
        timer: Timer = eventlet.spawn_after(seconds, function)
        return timer

    def send_to(self, sid: str, namespace: str, event: str, payload: Any) -> None:
        """Send one event to one socket of this process: no offset, not stored."""
        self.server.emit(event, payload, to=sid, namespace=namespace, ignore_queue=True)

    def listen(self, host: str, port: int) -> Any:
        """Open the socket that :meth:`serve` accepts connections at.

        Raises:
            OSError: the address can't be used.
        """
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return eventlet.listen(address, family, reuse_port=False)  # else a second server would share the port

    def serve(self, app: flask.Flask, listener: Any, most_connections: int) -> None:
        """Serve in the foreground, as ``run`` does, but never send a traceback to a client.

        Args:
            app: the Flask application.
            listener: from :meth:`listen`.
            most_connections: how many are served at a time; further ones wait.
        """
        self._serving = eventlet.getcurrent()
        eventlet.wsgi.server(
            listener,
            app,
            log_output=False,
            debug=False,
            max_size=most_connections,
            minimum_chunk_size=1,  # else it keeps the events of a stream until there are 4 KB of them
        )

    def stop(self) -> None:
        """Drain, then make :meth:`serve` return; told again, return at once. Signal handlers may call it.

        A handler runs in whichever greenlet is current, and what it raises there can be lost: so it is the serving
        greenlet that is ended, at a turn of the hub. What is not ended in the time of grace is left to the end of the
        process.
        """
        if self.drain.begun:
            self._end_serving()
        else:
            eventlet.spawn(self._drain_and_end)

    def _drain_and_end(self) -> None:
        self.drain.run()
        self._end_serving()

    def _end_serving(self) -> None:
        for seconds in (0, self.drain.GRACE):
            eventlet.hubs.get_hub().schedule_call_global(seconds, self._serving.throw, SystemExit)

    @property
    def ack_wanted(self) -> bool:
        """Whether the client asked for an acknowledgement of the command that is being handled."""
        return _ack_wanted.get()


def _tell_handlers_of_acks(server: Any) -> None:
    """Python-socketio keeps the packet's id, which says whether an ack is wanted, from handlers.

    ``_handle_event_internal`` is a private name of python-socketio 5.18.
    """
    handle = server._handle_event_internal

    def handle_event(*arguments: Any) -> None:
        packet_id = arguments[-1]
        token = _ack_wanted.set(packet_id is not None)
        try:
            handle(*arguments)
        finally:
            _ack_wanted.reset(token)

    server._handle_event_internal = handle_event


def _refuse_reserved_events(server: Any) -> None:
    """Drop a client that sends an event which is none; Node's parser does, too.

    Python-socketio 5.18 would run the application's handlers of connect and disconnect.
    """
    handle = server._handle_event

    def handle_event(eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:
        if isinstance(data, list) and data and isinstance(data[0], str) and data[0] not in RESERVED:
            handle(eio_sid, namespace, id, data)
            return
        logger.warning("a client sent an event without a name, or with a reserved one; it is dropped")
        server.eio.disconnect(eio_sid)

    server._handle_event = handle_event


def _take_over(server: Any, handshake: Handshake, recovery: Recovery) -> None:
    """Put the handshake and the recovery where python-socketio 5.18 has private methods of its own."""
    trigger, handle = server._trigger_event, server._handle_event_internal
    lose, good_byes = (
        server.eio.handlers["disconnect"],
        {server.reason.CLIENT_DISCONNECT, server.reason.SERVER_DISCONNECT},
    )
    losing: set[str] = set()

    def lost(eio_sid: str, reason: str) -> None:
        losing.add(eio_sid)  # whatever the reason: a transport that ends is no good-bye
        try:
            lose(eio_sid, reason)
        finally:
            losing.discard(eio_sid)

    def trigger_event(event: str, namespace: str, sid: str, *arguments: Any) -> Any:
        if event == "disconnect":
            said = arguments[0] in good_byes and server.manager.eio_sid_from_sid(sid, namespace) not in losing
            recovery.disconnected(sid, arguments[0], for_good=said)
        return trigger(event, namespace, sid, *arguments)

    def handle_event(inner: Any, sid: str, *arguments: Any) -> None:
        try:
            handle(inner, sid, *arguments)
        finally:
            recovery.flush(sid)  # what a join with `since` is to hear comes behind its acknowledgement

    server.eio.on("disconnect", lost)
    server._handle_connect = handshake.connect
    server._trigger_event = trigger_event
    server._handle_event_internal = handle_event
