"""What packets of Socket.IO v5 have to be: anything else ends the connection, and only that one."""

import pytest

from tests.protocol.conftest import assert_ends
from tests.support.bare_websocket import BareWebSocket
from tests.support.server import Server

ONE = '{"_placeholder":true,"num":0}'


@pytest.mark.parametrize("packet", ["4abc", "4", "47", '49["x"]', "4-", '4 2["x"]', "4\N{SUPERSCRIPT TWO}[]"])
def test_an_unknown_type_ends_the_connection(packet: str, client: BareWebSocket) -> None:
    client.text(packet)
    assert_ends(client)


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{}",
        "[]",
        "[",
        "]",
        "null",
        "true",
        '"message"',
        '["message"',
        '["message",]',
        '["message"]x',
        '["message"][]',
        "['message']",
        '["message",undefined]',
        '["message",NaN]',
        '["message",Infinity]',
        '["message","\t"]',
        '["mess\\xage"]',
        "[null]",
        '[{"message":1}]',
        '[["message"]]',
        "[true]",
    ],
)
def test_an_event_is_a_json_array_that_begins_with_a_name(payload: str, client: BareWebSocket) -> None:
    client.text(f"42{payload}")
    assert_ends(client)


@pytest.mark.parametrize(
    "name", ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
)
def test_a_reserved_name_is_no_event(name: str, client: BareWebSocket) -> None:
    client.text(f'42["{name}","x"]')
    assert_ends(client)


@pytest.mark.parametrize("id", ["abc", "1a", "-1", "1.5", " 1", "\N{ARABIC-INDIC DIGIT THREE}", "\N{SUPERSCRIPT TWO}"])
def test_the_id_of_an_event_is_a_number_in_ascii_digits(id: str, client: BareWebSocket) -> None:
    client.text(f'42{id}["message-with-ack",1]')
    assert_ends(client)


@pytest.mark.parametrize("packet", ["43", "431", "431{}", '431"x"', "431null", "431[", "43x[]"])
def test_an_acknowledgement_has_a_number_and_an_array(packet: str, client: BareWebSocket) -> None:
    client.text(packet)
    assert_ends(client)


@pytest.mark.parametrize(
    "packet",
    [
        f'45["message",{ONE}]',
        f'45-["message",{ONE}]',
        f'45x-["message",{ONE}]',
        f'451["message",{ONE}]',
        f'45-1-["message",{ONE}]',
        f'451.5-["message",{ONE}]',
        f'45\N{ARABIC-INDIC DIGIT ONE}-["message",{ONE}]',
        "451-",
        "451-{}",
        "451-[]",
        '451-["message"',
        f'451-["disconnect",{ONE}]',
        "461-1{}",
    ],
)
def test_a_packet_with_attachments_says_how_many_and_is_an_array(packet: str, client: BareWebSocket) -> None:
    client.text(packet)
    client.binary(b"\x01")
    assert_ends(client)


@pytest.mark.parametrize("num", ["1", "-1", '"0"', "null", "0.5", "[0]", "1e9"])
def test_a_placeholder_names_one_of_the_attachments(num: str, client: BareWebSocket) -> None:
    client.text(f'451-["message",{{"_placeholder":true,"num":{num}}}]')
    client.binary(b"\x01")
    assert_ends(client)


@pytest.mark.parametrize("packet", ['42["message",1]', "41", "40/custom,", f'451-["message",{ONE}]'])
def test_no_text_comes_where_an_attachment_is_due(packet: str, client: BareWebSocket) -> None:
    client.text(f'451-["message",{ONE}]')
    client.text(packet)
    assert_ends(client)


def test_no_attachment_comes_where_none_is_due(client: BareWebSocket) -> None:
    client.binary(b"\x01")
    assert_ends(client)


def test_no_more_attachments_come_than_were_said(client: BareWebSocket) -> None:
    client.text(f'451-["message",{ONE}]')
    client.binary(b"\x01")
    assert client.next_text() == f'451-["message-back",{ONE}]'
    assert client.next().payload == b"\x01"
    client.binary(b"\x02")
    assert_ends(client)


def test_a_stranger_sends_no_attachment(stranger: BareWebSocket) -> None:
    stranger.binary(b"\x01")
    assert_ends(stranger)


def test_a_client_refuses_nobody(client: BareWebSocket) -> None:
    client.text('44{"message":"no"}')
    assert_ends(client)


def test_what_comes_behind_it_is_not_handled(client: BareWebSocket) -> None:
    client.text("4abc")
    client.text('42["message",1]')
    assert_ends(client)


def test_other_connections_go_on(client: BareWebSocket, socketio: Server) -> None:
    with BareWebSocket(socketio.url) as wrong:
        wrong.opened()
        wrong.text("4abc")
        assert_ends(wrong)
    client.text('42["message",1]')
    assert client.next_text() == '42["message-back",1]'
