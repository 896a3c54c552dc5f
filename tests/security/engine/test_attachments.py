"""Binary attachments that are wrong close the session they came on, and nothing of them is kept."""

import pytest

from tests.security.engine.servers import DropIn
from tests.security.engine.wire import WebSocket


def event(num: str, attachments: int = 1) -> str:
    return f'45{attachments}-["message",{{"_placeholder":true,"num":{num}}}]'


TEN = ",".join(f'{{"_placeholder":true,"num":{num}}}' for num in range(10))


@pytest.mark.parametrize(
    "packets",
    [
        [event("1"), b"x"],
        [event("-1"), b"x"],
        [event('"0"'), b"x"],
        [event("0.5"), b"x"],
        [event("null"), b"x"],
        [event("true"), b"x"],
        [event("[]"), b"x"],
        [event("0"), '42["message"]'],
        [event("0"), "40"],
        [event("0"), b"x", b"x"],
        [b"x"],
        ["450-"],
        ["451-"],
        ["45-[]"],
        ['45["message"]'],
        [event("0", 11)],
        [event("0", 99_999_999)],
        [event("0", 999_999_999_999)],
        ["451-[1]", b"x"],
        ['451-["disconnect"]', b"x"],
        ['461-["message"]', b"x"],  # an acknowledgement without its number
    ],
    ids=str,
)
def test_a_wrong_attachment_closes_its_session_alone_and_quietly(
    packets: list[str | bytes], ws: WebSocket, honest: WebSocket, server: DropIn
) -> None:
    ws.connected()
    before = len(server.log())
    for packet in packets:
        ws.send(packet)
    ws.ended(1)
    assert honest.ask("there?") == ["there?"]
    assert len(server.log()[before:].splitlines()) <= 1


def test_ten_attachments_are_taken(ws: WebSocket) -> None:
    ws.connected()
    ws.send(f'4510-["message",{TEN}]')
    for num in range(10):
        ws.send(bytes([num]))
    answer = ws.receive()
    assert str(answer).startswith('4510-["message-back",'), answer
    assert [ws.receive() for _ in range(10)] == [bytes([num]) for num in range(10)]


def test_an_attachment_before_connect_closes_the_session(ws: WebSocket) -> None:
    ws.send(event("0"))
    ws.send(b"x")
    ws.ended(1)


def test_attachments_of_a_client_that_left_are_not_kept(server: DropIn) -> None:
    before = server.resident
    for _ in range(40):
        with WebSocket(server.port) as ws:
            ws.connected()
            ws.send(event("0", 2))
            ws.send(b"x" * 900_000)
            ws.send("2")  # no attachment: all before it has arrived by the time of the answer
            ws.ended(1)
    assert server.resident - before < 15
