"""What no client sends, made from what clients do send: each case of a number, by which it can be made again."""

import json
import zlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from app.engine.transport.frames import unmask
from tests.support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

PACKETS = [  # Engine.IO's and Socket.IO's; nothing in them makes a handler of the application fail
    "0",
    "1",
    "2",
    "2probe",
    "3",
    "3probe",
    "5",
    "6",
    "40",
    '40{"token":"x"}',
    "40/custom,",
    '40/custom,{"a":[1,2]}',
    "41",
    "41/custom,",
    '42["message"]',
    '42["message","x",{"a":null},[true,1.5,-2]]',
    '4213["message-with-ack","ü👋",{"b":{"c":[[]]}}]',
    '42/custom,7["message-with-ack"]',
    '42["unknown",1]',
    "431[]",
    '43/custom,12["x"]',
    '44{"message":"x"}',
    '451-["message",{"_placeholder":true,"num":0}]',
    '452-/custom,3["message-with-ack",{"_placeholder":true,"num":1},{"a":{"_placeholder":true,"num":0}}]',
    '461-5[{"_placeholder":true,"num":0}]',
]
TOKENS = [
    *(
        "",
        "-",
        "/",
        ",",
        "[",
        "]",
        "{",
        "}",
        '"',
        ":",
        "\\",
        "\x1e",
        "\0",
        "\x7f",
        "\u2028",
        "\ud7ff",
        "\U0010ffff",
        "b",
    ),
    *("450-", "451-", "459999999999-", "45-", "٣", "²", "00", "-1", "1e999", "1E-999", "9" * 400, "0.1e1", "-0", "0x1"),
    *("NaN", "Infinity", "-Infinity", "null", "true", '"\\ud800"', '"\\u0000"', '"\\udc00\\ud800"', '"__proto__"'),
    *('"connect"', '"disconnect"', '"message"', "[" * 200, '{"a":' * 200, "[" * 2000 + "]" * 2000, "x" * 5000),
    *('{"_placeholder":true,"num":0}', '{"_placeholder":true,"num":-1}', '{"_placeholder":1,"num":"0"}', "1e400"),
]
ODD_JSON = [
    *("1e999", "-1E400", "1e-999", "-0.0", "9" * 400, "9" * 5000, '"\\ud800"', '"\\u0000"', '{"a":1,"a":2}', '{"":""}'),
    *("[" * 200 + "]" * 200, "[" * 990 + "]" * 990, "[" * 2000 + "]" * 2000, '{"a":' * 990 + "1" + "}" * 990),
]
PAYLOADS = [
    b"",
    b"\0",
    b"4",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"x" * 125,
    b"x" * 126,
    b"x" * 70_000,
]
CLOSINGS = [0, 999, 1000, 1001, 1004, 1005, 1006, 1007, 1015, 1016, 2999, 3000, 4999, 5000, 65535]
LENGTHS = [
    0,
    1,
    125,
    126,
    127,
    65_535,
    65_536,
    1_000_000,
    1_000_001,
    1 << 31,
    1 << 32,
    (1 << 63) - 1,
    1 << 63,
    (1 << 64) - 1,
]
QUERIES = [
    "EIO=4",
    "EIO=3",
    "transport=polling",
    "transport=websocket",
    "sid=x",
    "sid=",
    "j=0",
    "t=x",
    "EIO=4&EIO=4",
    "%00",
]
HEADERS = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "Sec-WebSocket-Protocol: x",
    "Origin: null",
    "Content-Length: 2",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
    "Accept-Encoding: gzip",
    "Cookie: io=x",
]


@dataclass(frozen=True)
class Case:
    """What one client sends.

    Attributes:
        way: ``websocket``, ``compressed`` (a WebSocket that compresses), ``polling``, ``upgrade`` or ``request``.
        connects: whether it connects to the default namespace before.
        inputs: one after the other: bytes of frames, or bodies of POSTs; of a request its bytes.
    """

    way: str
    connects: bool
    inputs: list[bytes]


class Chance(Random):
    """Draws what a case is made of.

    Attributes:
        wrong: how much of it is: 0, nothing but what a message says; 1, as much as may be.
    """

    wrong = 1.0

    def errs(self, share: float) -> bool:
        """Whether something is made wrong that is so in that share of all, where as much is wrong as may be."""
        return self.random() < share * self.wrong


def case(seed: int) -> Case:
    """The case of this number. A connection ends with what is very wrong: so that comes last, or all is a little so."""
    random = Chance(seed)
    way = random.choices(("websocket", "compressed", "polling", "upgrade", "request"), (5, 2, 4, 2, 1))[0]
    make = {"polling": body, "request": request}.get(way, stream)
    random.wrong = random.choice((0, 0.1, 1))
    inputs = [make(random) for _ in range(random.randint(0, 7))]
    random.wrong = 1
    return Case(way, random.random() < 0.8, [*inputs, make(random)])


# --- packets


def packet(random: Chance) -> list[str | bytes]:
    """A packet, proper or not, with the attachments that it asks for, or others."""
    text = random.choice(PACKETS) if random.errs(0.7) else message(random)
    while random.errs(0.5):
        text = random.choice(TEXT_CHANGES)(random, text)
    count = int(text[2]) if text[:2] in ("45", "46") and text[2:3].isascii() and text[2:3].isdigit() else 0
    attached: list[str | bytes] = [random.choice(PAYLOADS) for _ in range(count)]
    if random.errs(0.2):
        attached = [random.choice([*attached, b"x", "2", "42"]) for _ in range(random.randint(0, 3))]
    return [text, *attached]


def message(random: Chance) -> str:
    """An event with any value, which is JSON or looks so."""
    said = random.choice(ODD_JSON) if random.random() < 0.15 else json.dumps(value(random))
    return f'42{random.choice(("", "0", "12"))}["message{random.choice(("", "-with-ack"))}",{said}]'


def value(random: Chance, depth: int = 0) -> Any:
    """Some JSON."""
    simple = [
        None,
        random.random() < 0.5,
        random.choice((0, -1, 2**53, 2**64, -(2**70), random.randint(-1000, 1000))),
        random.uniform(-1e300, 1e300),
        "".join(random.choices(("a", "\\", '"', "ü", "👋", "\0", "\x1e", "_placeholder"), k=4)),
        {"_placeholder": random.choice((True, 1, False)), "num": random.choice((0, 1, -1, "0", None))},
    ]
    kind = random.random()
    if depth > 3 or kind < 0.7:
        return random.choice(simple)
    values = [value(random, depth + 1) for _ in range(random.randint(0, 4))]
    return values if kind < 0.85 else {f"{number}{simple[4]}": item for number, item in enumerate(values)}


def _at(random: Chance, text: str) -> int:
    return random.randint(0, len(text))


def _insert(random: Chance, text: str) -> str:
    at = _at(random, text)
    return text[:at] + random.choice(TOKENS) + text[at:]


def _replace(random: Chance, text: str) -> str:
    at = _at(random, text)
    return text[:at] + random.choice(TOKENS) + text[at + random.randint(1, 4) :]


def _cut(random: Chance, text: str) -> str:
    at = _at(random, text)
    return text[:at] + text[at + random.randint(1, 5) :]


def _end(random: Chance, text: str) -> str:
    return text[: _at(random, text)]


def _repeat(random: Chance, text: str) -> str:
    at = _at(random, text)
    return text[:at] + text[at : at + 8] * random.choice((2, 3, 50)) + text[at + 8 :]


def _splice(random: Chance, text: str) -> str:
    other = random.choice(PACKETS)
    return text[: _at(random, text)] + other[_at(random, other) :]


def _head(random: Chance, text: str) -> str:
    return f"{random.randint(0, 9)}{random.randint(0, 9)}{text[2:]}"


TEXT_CHANGES: list[Callable[[Chance, str], str]] = [_insert, _replace, _cut, _end, _repeat, _splice, _head]


# --- frames


def stream(random: Chance) -> bytes:
    """The frames of a packet, and what was done to them."""
    sent = b"".join(_message(random, part) for part in packet(random))
    if random.errs(0.2):
        sent += control(random)
    return _spoilt(random, sent) if random.errs(0.3) else sent


def _message(random: Chance, data: str | bytes) -> bytes:
    opcode, payload = (TEXT, data.encode()) if isinstance(data, str) else (BINARY, data)
    compressed = random.errs(0.2)
    if compressed:
        payload = _deflated(random, payload)
    cuts = sorted(random.randint(0, len(payload)) for _ in range(random.choice((0, 0, 0, 1, 3, 9))))
    parts = [payload[start:end] for start, end in zip([0, *cuts], [*cuts, len(payload)], strict=True)]
    frames = []
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        frames.append(frame(random, CONTINUATION if number else opcode, part, last, compressed and not number))
        if not last and random.errs(0.2):
            frames.append(control(random))
    return b"".join(frames)


def _deflated(random: Chance, payload: bytes) -> bytes:
    packed = zlib.compressobj(wbits=-15)
    if random.random() < 0.1:
        payload = b"4" + b"x" * random.choice((100_000, 3_000_000))  # a bomb
    whole = packed.compress(payload) + packed.flush(zlib.Z_SYNC_FLUSH)
    return whole[: random.choice((-4, -4, -4, -5, None))]


def control(random: Chance) -> bytes:
    """A control frame."""
    opcode = random.choice((CLOSE, PING, PING, PONG, 3, 11))
    payload = random.choice(PAYLOADS[:-1])
    if opcode == CLOSE and random.random() < 0.8:
        payload = random.choice(CLOSINGS).to_bytes(2) + payload
    return frame(random, opcode, payload)


def frame(random: Chance, opcode: int, payload: bytes, fin: bool = True, rsv1: bool = False) -> bytes:
    """A frame; now and then one part of it is wrong."""
    first, masked, length, width = fin << 7 | rsv1 << 6 | opcode, True, len(payload), 0
    match random.randint(0, 5) if random.errs(0.2) else None:
        case 0:
            first ^= 1 << random.randint(0, 7)
        case 1:
            masked = False
        case 2:
            length = random.choice(LENGTHS)
        case 3:
            width = random.choice((2, 8))
        case 4:
            first = random.randint(0, 255)
    width = width or (1 if length < 126 else 2 if length < 65536 else 8)
    second = masked << 7 | (length & 0x7F if width == 1 else 126 if width == 2 else 127)
    head = bytes((first, second)) + (b"" if width == 1 else (length & ((1 << 8 * width) - 1)).to_bytes(width))
    if not masked:
        return head + payload
    mask = random.choice((b"\0\0\0\0", random.randbytes(4)))
    return head + mask + unmask(payload, mask)


# --- bodies and requests


def body(random: Chance) -> bytes:
    """What is POSTed: packets, with attachments in base64."""
    parts = [
        part.encode() if isinstance(part, str) else b"b" + (part if random.errs(0.2) else b64encode(part))
        for _ in range(random.choice((1, 1, 2, 5)))
        for part in packet(random)
    ]
    whole = b"\x1e".join(parts)
    return _spoilt(random, whole) if random.errs(0.3) else whole


def request(random: Chance) -> bytes:
    """A request for Engine.IO's address."""
    query = "&".join(random.choice(QUERIES) for _ in range(random.randint(0, 4)))
    lines = [f"{random.choice(('GET', 'POST', 'PUT', 'OPTIONS', 'get'))} /socket.io/?{query} HTTP/1.1", "Host: x"]
    lines += random.sample(HEADERS, random.randint(0, len(HEADERS)))
    whole = "\r\n".join([*lines, "", ""]).encode() + random.choice((b"", b"40", b"2\r\n40\r\n0\r\n\r\n"))
    return _spoilt(random, whole) if random.errs(0.6) else whole


def _spoilt(random: Chance, data: bytes) -> bytes:
    """The bytes, with some of them changed, gone or new."""
    spoilt = bytearray(data)
    for _ in range(random.choice((1, 1, 3))):
        at = random.randint(0, len(spoilt))
        match random.randint(0, 3):
            case 0 if at < len(spoilt):
                spoilt[at] ^= 1 << random.randint(0, 7)
            case 1:
                del spoilt[at : at + random.choice((1, 2, 8))]
            case 2:
                spoilt[at:at] = random.randbytes(random.choice((1, 4, 16)))
            case _:
                del spoilt[at:]
    return bytes(spoilt)
