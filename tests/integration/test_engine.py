"""The engine alone, as a drop-in for Flask-SocketIO, under an application that knows nothing else."""

import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from socket import create_connection
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIOTestClient, emit, join_room, leave_room

from app.engine import Envelope, Pace, SocketIO
from app.engine.brokers.local import LocalBroker
from app.engine.offsets import Offset
from app.engine.transport import Connection

Connect = Callable[[], SocketIOTestClient]


@pytest.fixture
def flask_app() -> Flask:
    return Flask(__name__)


@pytest.fixture
def socketio(flask_app: Flask) -> SocketIO:
    socketio = SocketIO(flask_app, async_mode="eventlet")

    @socketio.on("echo")
    def echo(*values: Any) -> tuple[Any, ...]:
        emit("echoed", values)
        return values

    @socketio.on("join")
    def join(room: str) -> None:
        join_room(room)

    @socketio.on("leave")
    def leave(room: str) -> None:
        leave_room(room)

    @socketio.on("wants-ack")
    def wants_ack() -> bool:
        emit("wanted", socketio.ack_wanted)
        return True

    return socketio


@pytest.fixture
def connect(flask_app: Flask, socketio: SocketIO) -> Connect:
    return lambda: socketio.test_client(flask_app)


def heard(client: SocketIOTestClient) -> list[tuple[str, list[Any]]]:
    return [(event["name"], event["args"]) for event in client.get_received()]


def test_handlers_answer_and_emit_as_in_flask_socketio(connect: Connect) -> None:
    client = connect()
    assert client.emit("echo", 1, {"a": "b"}, callback=True) == [1, {"a": "b"}]
    assert heard(client) == [("echoed", [1, {"a": "b"}])]


def test_a_plain_emit_reaches_a_room_without_an_offset(connect: Connect, socketio: SocketIO) -> None:
    inside, outside = connect(), connect()
    inside.emit("join", "room")
    socketio.emit("news", {"n": 1}, to="room")
    assert heard(inside) == [("news", [{"n": 1}])]
    assert heard(outside) == []


def test_binary_is_emitted_as_it_is(connect: Connect, socketio: SocketIO) -> None:
    client = connect()
    socketio.emit("bytes", b"\0\xff")
    assert heard(client) == [("bytes", [b"\0\xff"])]


@pytest.mark.parametrize("wanted", [True, False])
def test_a_handler_can_tell_whether_an_ack_is_wanted(connect: Connect, *, wanted: bool) -> None:
    client = connect()
    client.emit("wants-ack", callback=wanted)
    assert heard(client) == [("wanted", [wanted])]


def test_an_envelope_brings_its_payload_and_the_offset_behind_it(connect: Connect, socketio: SocketIO) -> None:
    client = connect()
    client.emit("join", "room")
    socketio.publish(Envelope("news", '{"n":1}', ("room",), seq=7))
    socketio.publish(Envelope("hint", "{}", ("room",)))
    assert heard(client) == [("news", [{"n": 1}, "7"]), ("hint", [{}, "7"])]


def test_a_socket_that_wants_no_offsets_hears_the_payload_alone(connect: Connect, socketio: SocketIO) -> None:
    plain, usual = connect(), connect()
    for client in (plain, usual):
        client.emit("join", "room")
    ((_, sid), _) = sorted(socketio.hub.sockets_in(["room"]), key=lambda found: found[1] != sid_of(socketio, plain))
    socketio.hub.leave_offsets_out(sid)
    socketio.publish(Envelope("news", "1", ("room",), seq=1))
    assert heard(plain) == [("news", [1])]
    assert heard(usual) == [("news", [1, "1"])]


def sid_of(socketio: SocketIO, client: SocketIOTestClient) -> Any:
    return socketio.server.manager.sid_from_eio_sid(vars(client)["eio_sid"], "/")


def test_a_socket_in_several_of_the_rooms_hears_an_envelope_once(connect: Connect, socketio: SocketIO) -> None:
    client = connect()
    client.emit("join", "a")
    client.emit("join", "b")
    socketio.publish(Envelope("news", "1", ("a", "b", "c")))
    assert len(heard(client)) == 1


def test_sockets_in_a_skipped_room_do_not_hear_it(connect: Connect, socketio: SocketIO) -> None:
    typist, other = connect(), connect()
    for client in (typist, other):
        client.emit("join", "chat")
    typist.emit("join", "typists")
    socketio.publish(Envelope("typing", "1", ("chat",), skip=("typists",)))
    assert heard(typist) == []
    assert heard(other) == [("typing", [1, "0"])]


def test_what_came_while_a_socket_was_held_it_hears_in_order_at_its_release(
    connect: Connect, socketio: SocketIO
) -> None:
    client = connect()
    client.emit("join", "room")
    client.emit("join", "left meanwhile")
    [(_, sid)] = socketio.hub.sockets_in(["room"])
    socketio.hub.hold(sid)
    for number, room in enumerate(["room", "left meanwhile", "room"], 1):
        socketio.publish(Envelope("news", str(number), (room,), seq=number))
    client.emit("leave", "left meanwhile")
    assert heard(client) == []
    socketio.hub.release(sid, "/")
    socketio.publish(Envelope("news", "4", ("room",), seq=4))
    assert heard(client) == [("news", [number, str(number)]) for number in (1, 3, 4)]


@pytest.fixture
def held(connect: Connect, socketio: SocketIO) -> tuple[SocketIOTestClient, str]:
    """A client in ``room`` whose socket is held, and its sid."""
    client = connect()
    client.emit("join", "room")
    sid = sid_of(socketio, client)
    socketio.hub.hold(sid)
    return client, sid


def test_of_ephemeral_events_a_held_socket_hears_the_newest_of_each_key_at_its_release(
    held: tuple[SocketIOTestClient, str], socketio: SocketIO
) -> None:
    client, sid = held
    for number, pace in enumerate((Pace("a"), Pace("b"), Pace("a"), None), 1):
        socketio.hub.deliver(Envelope("state", str(number), ("room",), pace=pace))
    socketio.publish(Envelope("news", "5", ("room",), seq=1))
    socketio.hub.release(sid, "/")
    assert heard(client) == [("news", [5, "1"]), ("state", [2, "1"]), ("state", [3, "1"])]


def test_what_was_kept_and_is_as_old_as_a_replay_comes_before_it(
    held: tuple[SocketIOTestClient, str], socketio: SocketIO
) -> None:
    client, sid = held
    for number in (7, 8):
        socketio.publish(Envelope("news", str(number), ("room",), seq=number))
    stands = Offset(7, "room", 3, 1)
    socketio.hub.release(sid, "/", [(Envelope("news", "3", ("room",), seq=3), stands)])
    assert heard(client) == [("news", [7, "7"]), ("news", [3, str(stands)]), ("news", [8, "8"])]


def test_a_replay_of_a_room_that_was_left_meanwhile_is_not_heard(
    held: tuple[SocketIOTestClient, str], socketio: SocketIO
) -> None:
    client, sid = held
    socketio.hub.release(sid, "/", [(Envelope("news", "1", ("another",), seq=1), Offset(1))])
    assert heard(client) == []


def test_a_control_message_is_handled_in_order_and_heard_by_nobody(connect: Connect, socketio: SocketIO) -> None:
    client = connect()
    client.emit("join", "room")

    @socketio.control("@empty")
    def empty(envelope: Envelope) -> None:
        for namespace, sid in list(socketio.hub.sockets_in(envelope.rooms)):
            socketio.server.leave_room(sid, "room", namespace=namespace)

    for envelope in (Envelope("n", "1", ("room",)), Envelope("@empty", "{}", ("room",)), Envelope("n", "2", ("room",))):
        socketio.publish(envelope)
    assert heard(client) == [("n", [1, "0"])]


def test_a_loopback_is_heard_and_leaves_no_listener_behind(socketio: SocketIO) -> None:
    assert socketio.loop_back(Envelope("probe", "{}", ("@probe",)), seconds=1)
    assert not socketio.hub._taps


def test_a_loopback_that_nobody_delivers_fails_in_its_time(socketio: SocketIO) -> None:
    socketio.broker.start(lambda envelope: None)  # noqa: ARG005
    assert not socketio.loop_back(Envelope("probe", "{}", ("@probe",)), seconds=0.05)


def test_the_local_broker_delivers_in_the_order_of_publishing() -> None:
    broker, delivered = LocalBroker(), list[Envelope]()
    broker.start(delivered.append)
    sent = [Envelope("n", str(number), ("room",)) for number in range(100)]
    for envelope in sent:
        broker.publish(envelope)
    assert delivered == sent


def test_a_broker_that_was_not_started_says_so() -> None:
    with pytest.raises(RuntimeError, match="init_app"):
        LocalBroker().publish(Envelope("n", "1", ("room",)))


def test_clients_that_come_at_once_wait_in_line_until_they_are_accepted(socketio: SocketIO) -> None:
    """Who finds no place there is not refused: their system tries again after 1, 3, 7 … seconds."""
    listener = socketio.listen("127.0.0.1", 0)
    with ExitStack() as line:
        line.callback(listener.close)
        for _ in range(120):  # eventlet's own line is 50 long; older systems allow 128
            line.enter_context(create_connection(listener.getsockname(), timeout=0.9))


def test_no_event_waits_for_the_acknowledgement_of_the_one_before(socketio: SocketIO) -> None:
    with closing(socketio.listen("127.0.0.1", 0)) as listener, create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_options_of_the_constructor_hold_with_an_application_that_comes_later(flask_app: Flask) -> None:
    own: dict[str, Any] = {"max_outbox_bytes": 5}
    socketio = SocketIO(async_mode="eventlet", async_handlers=True, ping_interval=3, **own)
    socketio.init_app(flask_app, ping_interval=7)
    assert socketio.server.async_handlers is True
    assert (socketio.server.eio.most_unsent, socketio.server.eio.ping_interval) == (5, 7)


def test_an_application_without_an_outbox_can_be_served(socketio: SocketIO) -> None:
    socketio.start_relay()  # as gunicorn's worker does


def test_a_handler_of_disconnect_that_fails_leaves_nothing_behind(socketio: SocketIO) -> None:
    @socketio.on("disconnect")
    def disconnected(_: str) -> None:
        raise RuntimeError

    engine = socketio.server.eio
    connection = Connection("eio", engine)
    engine.sockets["eio"] = connection
    socketio.server.environ["eio"] = {"flask.app": Flask(__name__), "REQUEST_METHOD": "GET"}
    socketio.hub.reserve("sid", "eio", "/")
    socketio.hub.connect("sid", "/")
    connection.close()
    assert (socketio.hub.rooms, socketio.server.environ, engine.sockets) == ({}, {}, {})


def test_the_session_of_a_connection_can_be_read_as_it_ends(socketio: SocketIO) -> None:
    engine, found = socketio.server.eio, []
    connection = Connection("eio", engine)
    engine.sockets["eio"] = connection
    engine.save_session("eio", {"user": "alice"})
    engine.on("disconnect", lambda sid, _: found.append(engine.get_session(sid)))
    connection.close()
    assert found == [{"user": "alice"}]
