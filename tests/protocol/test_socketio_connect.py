"""How clients of Socket.IO v5 come into namespaces and leave them; over a WebSocket, where nothing else is said."""

import json
import time
from typing import Any

import pytest

from tests.protocol.conftest import CONNECT_TIMEOUT, assert_ends, enter
from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import close
from tests.support.polling import SEPARATOR, Polling
from tests.support.server import Server

LATE = 0.5  # seconds that a busy machine may take
ONE = '{"_placeholder":true,"num":0}'
REFUSED = '44/random,{"message":"Invalid namespace"}'


def accepted(packet: str, namespace: str = "") -> Any:
    """The sid in a packet that accepts a client, which holds nothing else."""
    assert packet.startswith(f"40{namespace}{{")
    answer = json.loads(packet.removeprefix(f"40{namespace}"))
    assert set(answer) == {"sid"}
    assert isinstance(answer["sid"], str)
    return answer["sid"]


def heard_over(session: Polling, count: int) -> list[str]:
    """So many packets, however many polls bring them."""
    packets: list[str] = []
    while len(packets) < count:
        packets += session.get().body.split(SEPARATOR)
    return packets


def assert_answers(client: BareWebSocket) -> None:
    client.text('42["message","still here"]')
    assert client.next_text() == '42["message-back","still here"]'


@pytest.mark.parametrize(
    ("packet", "namespace", "auth"),
    [
        ("40", "", "{}"),
        ("40{}", "", "{}"),
        ('40{"token":"123"}', "", '{"token":"123"}'),
        ("40/custom", "/custom,", "{}"),
        ("40/custom,", "/custom,", "{}"),
        ('40/custom,{"token":"abc"}', "/custom,", '{"token":"abc"}'),
    ],
)
def test_a_client_comes_into_a_namespace_and_then_hears_what_is_emitted(
    packet: str, namespace: str, auth: str, stranger: BareWebSocket
) -> None:
    stranger.text(packet)
    accepted(stranger.next_text(), namespace)
    assert stranger.next_text() == f'42{namespace}["auth",{auth}]'


def test_a_client_has_a_sid_in_each_namespace_and_one_for_its_connection(socketio: Server) -> None:
    with BareWebSocket(socketio.url) as client:
        sids = [client.opened()["sid"]]
        for namespace in ("", "/custom,"):
            client.text(f"40{namespace}")
            heard = min(client.next_text(), client.next_text())
            sids.append(accepted(heard, namespace))
    assert len(set(sids)) == 3


@pytest.mark.parametrize("packet", ["40/random", "40/random,", '40/random,{"token":"123"}'])
def test_an_unknown_namespace_is_refused(packet: str, stranger: BareWebSocket) -> None:
    stranger.text(packet)
    assert stranger.next_text() == REFUSED


def test_a_refused_client_may_come_into_another_namespace(stranger: BareWebSocket) -> None:
    stranger.text("40/random,")
    assert stranger.next_text() == REFUSED
    enter(stranger, "/custom,")


def test_a_namespace_that_refuses_leaves_the_others_as_they_are(client: BareWebSocket) -> None:
    client.text("40/random,")
    assert client.next_text() == REFUSED
    assert_answers(client)


def test_clients_come_and_talk_over_polling_as_well(socketio: Server) -> None:
    session = Polling(socketio.url)
    session.post('40{"token":"123"}')
    came = heard_over(session, 2)
    accepted(min(came))
    assert max(came) == '42["auth",{"token":"123"}]'
    session.post('421["message-with-ack","a"]', f'451-["message",{ONE}]', "bAQID")
    assert heard_over(session, 3) == ['431["a"]', f'451-["message-back",{ONE}]', "bAQID"]


def test_a_client_that_leaves_the_main_namespace_keeps_its_connection(client: BareWebSocket) -> None:
    client.text("41")
    enter(client, "/custom,")


def test_a_client_that_left_may_come_back(client: BareWebSocket) -> None:
    client.text("41")
    enter(client)
    assert_answers(client)


@pytest.mark.parametrize("packet", ["41/custom", "41/custom,"])
def test_a_client_that_leaves_one_namespace_stays_in_the_others(packet: str, client: BareWebSocket) -> None:
    enter(client, "/custom,")
    client.text(packet)
    assert_answers(client)


# Whether it is ignored or ends the connection, the protocol leaves open.
def test_who_left_a_namespace_is_not_heard_there(client: BareWebSocket) -> None:
    enter(client, "/custom,")
    client.text("41/custom,")
    client.text('42/custom,["message","too late"]')
    client.send(close(1000))
    assert_ends(client)


def test_the_server_says_that_it_ends_a_namespace(client: BareWebSocket) -> None:
    client.text('42["good-bye"]')
    assert client.next_text() == "41"


# "If the server does not receive a CONNECT packet first, then it MUST close the connection immediately."
@pytest.mark.parametrize(
    "packet",
    [
        '42["message","too early"]',
        '421["message-with-ack"]',
        '42/custom,["message","too early"]',
        "41",
        "431[]",
        '451-["message",{"_placeholder":true,"num":0}]',
        '44{"message":"no"}',
    ],
    ids=["event", "with-ack", "custom", "disconnect", "ack", "binary", "connect-error"],
)
def test_whatever_comes_before_a_connect_ends_the_connection(packet: str, stranger: BareWebSocket) -> None:
    began = time.monotonic()
    stranger.text(packet)
    if packet.startswith("45"):
        stranger.binary(b"\x01")
    assert_ends(stranger)
    assert time.monotonic() - began < CONNECT_TIMEOUT - 0.2


@pytest.mark.parametrize(
    "packet",
    ["4abc", "4", "40{", '40{"a":NaN}', "40{}{}"],
)
def test_what_is_no_connect_ends_the_connection(packet: str, stranger: BareWebSocket) -> None:
    began = time.monotonic()
    stranger.text(packet)
    assert_ends(stranger)
    assert time.monotonic() - began < CONNECT_TIMEOUT - 0.2


@pytest.mark.parametrize("packet", ["40[]", '40"x"', '40/custom,"x"', "40/custom,[1]"])
def test_auth_that_is_no_object_is_refused_once(packet: str, stranger: BareWebSocket) -> None:
    stranger.text(packet)
    assert stranger.next_text().startswith(packet.replace("0", "4", 1).rstrip('[]"x1'))
    assert_ends(stranger)


def test_who_does_not_connect_in_time_is_closed(stranger: BareWebSocket) -> None:
    began = time.monotonic()
    assert_ends(stranger)
    assert CONNECT_TIMEOUT - 0.2 < time.monotonic() - began < CONNECT_TIMEOUT + LATE


def test_who_does_not_connect_in_time_over_polling_is_closed(socketio: Server) -> None:
    session = Polling(socketio.url)
    time.sleep(CONNECT_TIMEOUT + LATE)
    assert (session.get().body, session.get().status) == ("1", 400)


def test_who_is_closed_between_two_polls_hears_first_what_was_sent_before(socketio: Server) -> None:
    session = Polling(socketio.url)
    session.post("40/random,")
    time.sleep(CONNECT_TIMEOUT + LATE)
    assert session.post("40").status == 400
    assert [session.get().body, session.get().body, session.get().status] == [REFUSED, "1", 400]


def test_who_was_refused_everywhere_is_closed_in_time(stranger: BareWebSocket) -> None:
    began = time.monotonic()
    stranger.text("40/random,")
    assert stranger.next_text() == REFUSED
    assert_ends(stranger)
    assert time.monotonic() - began < CONNECT_TIMEOUT + LATE


@pytest.mark.parametrize("left", [False, True])
def test_who_connected_in_time_stays(client: BareWebSocket, *, left: bool) -> None:
    if left:
        client.text("41")
    time.sleep(CONNECT_TIMEOUT + 0.2)
    if left:
        enter(client)
    assert_answers(client)
