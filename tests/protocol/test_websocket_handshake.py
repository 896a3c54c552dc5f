"""How a WebSocket is opened (RFC 6455, section 4.2), and what is not one."""

import pytest

from tests.protocol.conftest import Open
from tests.support.bare_websocket import ACCEPT, HANDSHAKE
from tests.support.frames import TEXT, frame

HIXIE_75 = {"Host": "127.0.0.1", "Upgrade": "WebSocket", "Connection": "Upgrade", "Origin": "http://127.0.0.1"}
HIXIE_76 = HIXIE_75 | {
    "Sec-WebSocket-Key1": "4 @1  46546xW%0l 1 5",
    "Sec-WebSocket-Key2": "12998 5 Y3 1  .P00",
}


def without(name: str) -> dict[str, str]:
    return {other: value for other, value in HANDSHAKE.items() if other != name}


def test_a_key_is_accepted_as_the_rfc_computes_it(connect: Open) -> None:
    ws = connect()
    assert ws.status == 101
    assert ws.headers["Sec-WebSocket-Accept"] == ACCEPT
    assert ws.headers["Upgrade"].lower() == "websocket"
    assert ws.headers["Connection"].lower() == "upgrade"


def test_an_answer_that_opens_a_websocket_has_no_body(connect: Open) -> None:
    headers = connect().headers
    assert "Content-Length" not in headers
    assert "Transfer-Encoding" not in headers


@pytest.mark.parametrize(
    "headers",
    [
        {name.lower(): value for name, value in HANDSHAKE.items()},
        HANDSHAKE | {"Upgrade": "WebSocket"},
        HANDSHAKE | {"Connection": "keep-alive, Upgrade"},
        HANDSHAKE | {"Connection": "upgrade"},
        HANDSHAKE | {"Connection": "UPGRADE,Keep-Alive"},
        HANDSHAKE | {"Sec-WebSocket-Key": f"  {HANDSHAKE['Sec-WebSocket-Key']}  "},
        HANDSHAKE | {"User-Agent": "x" * 4000, "Cookie": "a=b; c=d"},
    ],
    ids=["lower-case", "WebSocket", "keep-alive", "upgrade", "no-space", "blanks", "much-else"],
)
def test_headers_are_read_as_http_has_them(headers: dict[str, str], connect: Open) -> None:
    ws = connect(headers=headers)
    ws.opened()
    ws.send(frame(TEXT, b"4hello"))
    assert ws.next_text() == "4hello"


@pytest.mark.parametrize("version", ["0", "7", "8", "12", "14", "130", "013", "x", "13.0"])
def test_another_version_is_answered_with_the_right_one(version: str, connect: Open) -> None:
    ws = connect(headers=HANDSHAKE | {"Sec-WebSocket-Version": version})
    assert ws.status == 426
    assert ws.headers["Sec-WebSocket-Version"] == "13"


# The RFC calls a missing version a malformed handshake (400) in 4.2.1, and any but 13 another version (426) in 4.2.2.
@pytest.mark.parametrize(
    "headers", [without("Sec-WebSocket-Version"), HIXIE_75, HIXIE_76], ids=["none", "Hixie-75", "Hixie-76"]
)
def test_no_version_opens_nothing(headers: dict[str, str], connect: Open) -> None:
    assert connect(headers=headers).status in (400, 426)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "c2hvcnQ=",
        "MTIzNDU2Nzg5MDEyMzQ1",
        "MTIzNDU2Nzg5MDEyMzQ1Njc=",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ!!",
        "!!!!!!!!!!!!!!!!!!!!!!!!",
    ],
    ids=["empty", "5-bytes", "15-bytes", "17-bytes", "no-padding", "bad-padding", "no-base64"],
)
def test_a_key_that_is_not_16_bytes_in_base64_is_refused(key: str, connect: Open) -> None:
    assert connect(headers=HANDSHAKE | {"Sec-WebSocket-Key": key}).status == 400


@pytest.mark.parametrize("name", ["Host", "Upgrade", "Connection", "Sec-WebSocket-Key"])
def test_each_header_of_the_handshake_is_needed(name: str, connect: Open) -> None:
    assert connect(headers=without(name)).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        HANDSHAKE | {"Upgrade": "h2c"},
        HANDSHAKE | {"Connection": "keep-alive"},
        HANDSHAKE | {"Connection": "close"},
        HANDSHAKE | {"Connection": "upgraded"},
    ],
    ids=["h2c", "keep-alive", "close", "upgraded"],
)
def test_a_request_that_asks_for_no_websocket_opens_none(headers: dict[str, str], connect: Open) -> None:
    assert connect(headers=headers).status == 400


def test_http_1_0_opens_no_websocket(connect: Open) -> None:
    assert connect(request="GET {} HTTP/1.0").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
def test_no_method_but_get_opens_a_websocket(method: str, connect: Open) -> None:
    ws = connect(headers=HANDSHAKE | {"Content-Length": "0"}, request=method + " {} HTTP/1.1")
    assert ws.status != 101


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits, x-webkit-deflate-frame",
        "bbf-usp-protocol",
    ],
)
def test_no_extension_is_accepted(offer: str, connect: Open) -> None:
    ws = connect(headers=HANDSHAKE | {"Sec-WebSocket-Extensions": offer})
    assert ws.status == 101
    assert "Sec-WebSocket-Extensions" not in ws.headers
    ws.opened()
    ws.send(frame(TEXT, b"4hello", rsv=4))  # what a compressed message is marked with
    assert ws.close_code() == 1002


def test_no_subprotocol_is_accepted(connect: Open) -> None:
    ws = connect(headers=HANDSHAKE | {"Sec-WebSocket-Protocol": "chat, superchat"})
    assert ws.status == 101
    assert "Sec-WebSocket-Protocol" not in ws.headers
    ws.opened()
