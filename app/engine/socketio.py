"""A drop-in for :class:`flask_socketio.SocketIO` that delivers what was committed, in order."""

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any

import eventlet
import eventlet.hubs
import eventlet.wsgi
import flask
import flask_socketio
from eventlet.event import Event
from socketio.exceptions import ConnectionRefusedError

from app.engine import collector, hooks, strict_json
from app.engine.begin import Begin
from app.engine.brokers import Broker
from app.engine.brokers.local import LocalBroker
from app.engine.drain import Drain
from app.engine.envelope import Envelope
from app.engine.event_context import EventContext, takes_auth
from app.engine.handshake import Handshake
from app.engine.history import History
from app.engine.hub import Control, Hub
from app.engine.inbound import Inbound
from app.engine.listener import REQUEST_SECONDS, HttpConnection, Listener, allow_connections
from app.engine.observer import Observer
from app.engine.outbox import Outbox
from app.engine.presence import Presence
from app.engine.recovery import Application, Recovery
from app.engine.relay import Relay
from app.engine.sessions import Sessions
from app.engine.throttle import Throttle, Timer
from app.engine.transport import Engine, Options

CONNECT_SECONDS = 10.0


class SocketIO(flask_socketio.SocketIO):
    """Everything that Flask-SocketIO offers, and beside it envelopes, control messages and an outbox.

    A plain ``emit`` works as ever, and reaches every process; it is ephemeral: not stored, not ordered against durable
    events, without offset. With a callback it reaches the sockets of this process alone. ``disconnect`` and the calls
    about rooms reach a socket by its sid in whichever process it is.
    """

    server: Any
    server_options: dict[str, Any]
    manage_session: bool
    exception_handlers: dict[str, Callable[[Exception], Any]]
    default_exception_handler: Callable[[Exception], Any] | None
    hub: Hub
    broker: Broker
    outbox: Outbox
    relay: Relay
    history: History
    recovery: Recovery
    sessions: Sessions
    presence: Presence
    drain: Drain
    passing: set[str]
    request_seconds: float
    _serving: Any

    def __init__(self, app: flask.Flask | None = None, **options: Any) -> None:
        """As Flask-SocketIO's, with the options of :meth:`init_app`."""
        self._given = options
        super().__init__(app, **options)

    def init_app(self, app: flask.Flask, **options: Any) -> None:
        """Bind to ``app``.

        Args:
            app: the Flask application.
            options: they go before those that the constructor got. ``broker`` is how envelopes reach the hub of every
                process; unless given, there is one process, and nothing is numbered. ``drain_seconds`` is over how long
                the connections are closed, at the most, when the process is told to stop (0). All else is as for
                Flask-SocketIO, with other defaults: commands of a socket run one after the other in the order of their
                arrival (``async_handlers`` is off), and ``json`` refuses NaN. Further ones are those of
                :class:`app.engine.transport.Options`, ``connect_timeout``, the seconds that a client has to connect to
                a namespace (10), and ``request_timeout``, those that an HTTP request may take to arrive (30).
        """
        options = self._given | options
        self._in_background: list[Callable[[], None]] = []
        self.passing = set[str]()
        self.server_options = {}  # where Flask-SocketIO keeps what an application before this one was given
        own = {field.name: options.pop(field.name) for field in fields(Options) if field.name in options}
        drain_seconds = options.pop("drain_seconds", 0)
        self.broker = options.pop("broker", None) or LocalBroker()
        self.request_seconds = options.pop("request_timeout", REQUEST_SECONDS)
        self._http = partial(HttpConnection, request_seconds=self.request_seconds)
        connect_seconds = options.pop("connect_timeout", CONNECT_SECONDS)
        self.hub = Hub()
        options.setdefault("async_handlers", False)
        options.setdefault("json", strict_json)
        super().init_app(app, client_manager=self.hub, **options)
        self.server.eio = Engine.in_place_of(self.server.eio, Options(**own))
        self._inbound = Inbound(self.server, self.hub, connect_seconds)
        if not isinstance(self.broker, LocalBroker):
            self.hub.pass_calls_on(self.broker.publish)
        self.broker.start(self.hub.deliver)
        self._throttle = Throttle(self.hub.deliver, self.call_later, self.hub.size)
        self.drain = Drain(self.server, self.hub, drain_seconds)
        hooks.tell_handlers_of_acks(self.server)

    def use_outbox(self, outbox: Outbox, read: Begin, begin: Begin) -> None:
        """Deliver what is committed to ``outbox``; ``read`` and ``begin`` open transactions for the :class:`Relay`."""
        self.outbox = outbox
        self.relay = Relay(outbox, read, begin, self.broker, self.passing)

    def use_recovery(self, history: History, sessions: Sessions, presence: Presence, application: Application) -> None:
        """Let clients go on where they were.

        Args:
            history: the past, by room.
            sessions: what clients are recognized by.
            presence: who is connected, by the same sessions.
            application: whose they are, and what they may hear.
        """
        self.history = history
        self.sessions = sessions
        self.presence = presence
        self.recovery = Recovery(self.hub, history, sessions, application, self.publish)
        self._inbound.auth_is_judged = True  # by application.authenticate
        hooks.recover(self.server, Handshake(self.server, self.hub, self.recovery, application), self.recovery)

    def observe(self, observer: Observer) -> None:
        """Tell ``observer`` what happens in this process."""
        self.hub.observer = observer
        self.server.eio.on_drop = observer.dropped

    def in_background(self, work: Callable[[], None]) -> None:
        """Have ``work`` done in a greenlet of its own from :meth:`start_relay` on: in a process that serves sockets."""
        self._in_background.append(work)

    def start_relay(self) -> None:
        """Begin to deliver. Call it in a process that serves sockets, before the first of them."""
        collector.settle()
        if hasattr(self, "relay"):  # an application without an outbox has nothing to relay
            self.relay.start(self._begin_at)
        if hasattr(self, "recovery"):
            self.recovery.upkeep.start()
        for work in self._in_background:
            eventlet.spawn_n(work)

    def _begin_at(self, seq: int) -> None:
        self.hub.begin_at(seq)
        self.broker.follow(seq)

    def publish(self, envelope: Envelope) -> None:
        """Deliver ``envelope`` now, in every process: at most once, never stored."""
        self.broker.publish(envelope)

    def deliver_here(self, envelope: Envelope) -> None:
        """Deliver ``envelope`` to the sockets of this process: now or, if it has a pace, when that lets it."""
        self._throttle.publish(envelope)

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

    def control(self, name: str, *, barrier: bool = True) -> Callable[[Control], Control]:
        """Register the handler of the control message ``name``, which every process runs in order with the events.

        Args:
            name: it begins with ``@``.
            barrier: whether what waits for its pace leaves before it. Without need it costs all rooms their pace.
        """

        def register(handler: Control) -> Control:
            self.hub.controls[name] = handler
            if not barrier:
                self.passing.add(name)
            return handler

        return register

    def call_later(self, seconds: float, function: Callable[[], None]) -> Timer:
        """Call ``function`` in ``seconds`` from now, in a greenlet of its own, unless the timer is cancelled."""
        # Not eventlet.spawn_after: what is cancelled there stays in the hub until its time comes.
        timer: Timer = eventlet.hubs.get_hub().schedule_call_global(seconds, eventlet.spawn_n, function)
        return timer

    def send_to(self, sid: str, namespace: str, event: str, payload: Any) -> None:
        """Send one event to one socket of this process: no offset, not stored."""
        self.server.emit(event, payload, to=sid, namespace=namespace, ignore_queue=True)

    def listen(self, host: str, port: int) -> Listener:
        """Open the socket that :meth:`serve` accepts connections at.

        Raises:
            OSError: the address can't be used.
        """
        return Listener(host, port)

    def run(self, app: flask.Flask, host: str | None = None, port: int | None = None, **options: Any) -> None:
        """As in Flask-SocketIO; what :func:`eventlet.wsgi.server` takes may be among the options."""
        collector.settle()
        self._serving = eventlet.getcurrent()
        super().run(app, host, port, **{"protocol": self._http} | options)

    def serve(self, app: flask.Flask, listener: Listener, most_connections: int, idle_seconds: float) -> None:
        """Serve in the foreground, as ``run`` does, but never send a traceback to a client.

        Args:
            app: the Flask application.
            listener: from :meth:`listen`.
            most_connections: how many are served at a time; further ones wait.
            idle_seconds: for how long a connection may send nothing of a request before it is closed: its client may
                have gone without a word. WebSockets are not meant, they have pings.
        """
        self._serving = eventlet.getcurrent()
        self.allow_connections(most_connections)
        eventlet.wsgi.server(
            listener,
            app,
            protocol=self._http,
            log_output=False,
            debug=False,
            max_size=most_connections,
            keepalive=idle_seconds,
            socket_timeout=idle_seconds,
            minimum_chunk_size=1,  # else it keeps the events of a stream until there are 4 KB of them
        )

    def allow_connections(self, most: int) -> None:
        """Serve ``most`` connections, WebSockets among them, and have files for them. :meth:`serve` sees to it."""
        self.server.eio.most_connections = most
        allow_connections(most)

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

    def _handle_event(self, handler: Callable[..., Any], message: str, namespace: str, sid: str, *args: Any) -> Any:
        """Call the handler of an event, in a context of its own."""
        environ = self.server.get_environ(sid, namespace=namespace)
        if not environ:
            return "", 400  # as Flask-SocketIO: the client is gone
        if message == "connect":  # with the environment and, perhaps, auth
            args = (args[1] if len(args) > 1 else None,) if takes_auth(handler) else ()
        context = EventContext(environ["flask.app"], environ, own_session=self.manage_session)
        with context:
            request: Any = context.request
            request.sid, request.namespace, request.event = sid, namespace, {"message": message, "args": args}
            try:
                returned = handler(*args)
            except ConnectionRefusedError:
                raise
            except Exception as error:
                on_error = self.exception_handlers.get(namespace, self.default_exception_handler)
                if on_error is None:
                    raise
                return on_error(error)
            context.save_session()
            return returned

    @property
    def ack_wanted(self) -> bool:
        """Whether the client asked for an acknowledgement of the command that is being handled."""
        return hooks.ack_wanted.get()
