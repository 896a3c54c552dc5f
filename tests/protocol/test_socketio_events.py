"""Events of Socket.IO v5 and their acknowledgements, as text and with binary attachments."""

import json

import pytest

from tests.protocol.conftest import enter
from tests.support.bare_websocket import BareWebSocket
from tests.support.frames import BINARY, TEXT, Frame, fragments, frame

ONE = '{"_placeholder":true,"num":0}'
TWO = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}'


@pytest.fixture
def custom(client: BareWebSocket) -> BareWebSocket:
    """A client of two namespaces."""
    enter(client, "/custom,")
    return client


def test_an_event_is_answered(client: BareWebSocket) -> None:
    client.text('42["message",1,"2",{"3":[true]}]')
    assert client.next_text() == '42["message-back",1,"2",{"3":[true]}]'


def test_an_event_needs_no_arguments(client: BareWebSocket) -> None:
    client.text('42["message"]')
    assert client.next_text() == '42["message-back"]'


def test_an_event_that_nobody_handles_is_nothing_wrong(client: BareWebSocket) -> None:
    client.text('42["unheard-of",1]')
    client.text('42["message",1]')
    assert client.next_text() == '42["message-back",1]'


def test_an_event_goes_to_the_namespace_that_it_names(custom: BareWebSocket) -> None:
    custom.text('42/custom,["message","there"]')
    assert custom.next_text() == '42/custom,["message-back","there"]'
    custom.text('42["message","here"]')
    assert custom.next_text() == '42["message-back","here"]'


@pytest.mark.parametrize(
    "values",
    [
        ["κόσμε 👩‍👩‍👧", "\0", "\x1e", "\u2028", '"\\', ""],
        [None, True, False, 0, -1, 1.5, 1e300, 2**53],
        [[], {}, [[]], {"a": {"b": [1, {"c": None}]}}],
        [{"_placeholder": True, "num": 0}],
        ["/custom,", "1-", "42[]"],
        ["x" * 100_000],
    ],
    ids=["text", "scalars", "nested", "placeholder", "packet-like", "long"],
)
def test_any_json_comes_back(values: list[object], client: BareWebSocket) -> None:
    client.text("42" + json.dumps(["message", *values], ensure_ascii=False))
    answer = client.next_text()
    assert answer[:2] == "42"
    assert json.loads(answer[2:]) == ["message-back", *values]


def test_blanks_in_json_do_not_matter(client: BareWebSocket) -> None:
    client.text('42[ "message" ,\n{"a" : 1}\t]')
    assert client.next_text() == '42["message-back",{"a":1}]'


def test_an_event_in_fragments_is_one(client: BareWebSocket) -> None:
    client.send(*fragments(TEXT, b"4", b"2[", b'"mess', b'age",1]'))
    assert client.next_text() == '42["message-back",1]'


def test_events_are_answered_in_order(client: BareWebSocket) -> None:
    client.send(*(frame(TEXT, f'42{number}["message-with-ack",{number}]'.encode()) for number in range(200)))
    assert [client.next_text() for _ in range(200)] == [f"43{number}[{number}]" for number in range(200)]


@pytest.mark.parametrize("id", ["0", "1", "456", "9007199254740991"])
def test_an_acknowledgement_has_the_id_of_its_event(id: str, client: BareWebSocket) -> None:
    client.text(f'42{id}["message-with-ack",1,"2",{{"3":[false]}}]')
    assert client.next_text() == f'43{id}[1,"2",{{"3":[false]}}]'


def test_an_acknowledgement_may_be_empty(client: BareWebSocket) -> None:
    client.text('421["message-with-ack"]')
    assert client.next_text() == "431[]"


def test_an_acknowledgement_goes_to_the_namespace_of_its_event(custom: BareWebSocket) -> None:
    custom.text('42/custom,7["message-with-ack","there"]')
    assert custom.next_text() == '43/custom,7["there"]'
    custom.text('427["message-with-ack","here"]')
    assert custom.next_text() == '437["here"]'


def test_an_event_without_an_id_is_not_acknowledged(client: BareWebSocket) -> None:
    client.text('42["message-with-ack",1]')
    client.text('42["message",2]')
    assert client.next_text() == '42["message-back",2]'


@pytest.mark.parametrize("packet", ["43999[]", '431["x"]', "43/custom,1[]"])
def test_an_acknowledgement_of_nothing_is_ignored(packet: str, custom: BareWebSocket) -> None:
    custom.text(packet)
    custom.text('42["message",1]')
    assert custom.next_text() == '42["message-back",1]'


@pytest.mark.parametrize("attachment", [b"\x01\x02\x03", b"", b"\xff" * 70_000, b"42[]"])
def test_an_attachment_comes_back(attachment: bytes, client: BareWebSocket) -> None:
    client.text(f'451-["message",{ONE}]')
    client.binary(attachment)
    assert client.next_text() == f'451-["message-back",{ONE}]'
    assert client.next() == Frame(BINARY, attachment)


def test_several_attachments_come_back_in_order(client: BareWebSocket) -> None:
    client.text(f'452-["message",{TWO}]')
    client.binary(b"\x01\x02\x03")
    client.binary(b"\x04\x05\x06")
    assert client.next_text() == f'452-["message-back",{TWO}]'
    assert [client.next(), client.next()] == [Frame(BINARY, b"\x01\x02\x03"), Frame(BINARY, b"\x04\x05\x06")]


def test_attachments_may_lie_deep_and_in_any_order(client: BareWebSocket) -> None:
    client.text('452-["message",{"b":[{"_placeholder":true,"num":1}],"a":{"_placeholder":true,"num":0}},"text"]')
    client.binary(b"first")
    client.binary(b"second")
    answer = client.next_text()
    assert answer.startswith("452-[")
    attachments = [client.next().payload, client.next().payload]
    name, value, text = json.loads(answer.removeprefix("452-"))
    assert (name, text) == ("message-back", "text")
    assert attachments[value["a"]["num"]] == b"first"
    assert attachments[value["b"][0]["num"]] == b"second"


def test_attachments_are_acknowledged(client: BareWebSocket) -> None:
    client.text(f'452-789["message-with-ack",{TWO}]')
    client.binary(b"\x01\x02\x03")
    client.binary(b"\x04\x05\x06")
    assert client.next_text() == f"462-789[{TWO}]"
    assert [client.next(), client.next()] == [Frame(BINARY, b"\x01\x02\x03"), Frame(BINARY, b"\x04\x05\x06")]


def test_attachments_go_to_the_namespace_that_their_event_names(custom: BareWebSocket) -> None:
    custom.text(f'451-/custom,["message",{ONE}]')
    custom.binary(b"\x01")
    assert custom.next_text() == f'451-/custom,["message-back",{ONE}]'
    assert custom.next() == Frame(BINARY, b"\x01")
    custom.text(f'451-/custom,12["message-with-ack",{ONE}]')
    custom.binary(b"\x02")
    assert custom.next_text() == f"461-/custom,12[{ONE}]"
    assert custom.next() == Frame(BINARY, b"\x02")


def test_events_with_attachments_and_without_keep_their_order(client: BareWebSocket) -> None:
    binary = [frame(TEXT, f'451-["message",{ONE}]'.encode()), frame(BINARY, b"\x01")]
    text = [frame(TEXT, b'42["message",1]')]
    client.send(*binary, *text, *binary, *binary, *text)
    binary_back = [Frame(TEXT, f'451-["message-back",{ONE}]'.encode()), Frame(BINARY, b"\x01")]
    text_back = [Frame(TEXT, b'42["message-back",1]')]
    expected = [*binary_back, *text_back, *binary_back, *binary_back, *text_back]
    assert [client.next() for _ in expected] == expected
