"""HTTP/1.1 as RFC 9112 has it, where :mod:`eventlet.wsgi` reads more than that.

What two servers read in two ways carries a request past the one in front: so it is refused, not repaired.
"""

import re
from email.message import Message
from typing import Any, Protocol

from eventlet.wsgi import ChunkReadError, Input

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
TEXT = rb"[\t\x20-\x7e\x80-\xff]*"
REQUEST_LINE = re.compile(TOKEN + rb" [\x21-\x7e\x80-\xff]+ HTTP/1\.[01]\r\n")
FIELD = re.compile(rb"(?:" + TOKEN + rb":" + TEXT + rb")?\r\n")  # or the empty line behind the last one
SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;" + TEXT + rb")?\r\n")
END = re.compile(rb"\r\n")
ONCE = ("Host", "Content-Length", "Transfer-Encoding")
LONGEST_LINE = 8192  # bytes, between two chunks


class NotHttp(ValueError):
    """The request can't be read, or in more ways than one."""


class Lines(Protocol):
    """What lines are read from."""

    def readline(self, size: int = -1) -> bytes: ...


class Fields:
    """The lines of a head; raises :class:`NotHttp` at the first that is no field."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def readline(self, size: int = -1) -> bytes:
        line = self._lines.readline(size)
        if line and not FIELD.fullmatch(line):  # none: the client has gone
            raise NotHttp("a line of the head is no field")
        return line


def check_request_line(line: bytes) -> None:
    """Raise :class:`NotHttp` unless ``line`` begins a request."""
    if not REQUEST_LINE.fullmatch(line):
        raise NotHttp("no request begins like that")


def check_fields(version: str, fields: Message) -> None:
    """Raise :class:`NotHttp` where ``fields`` leave open whom a request is for, or where it ends."""
    given = {name: fields.get_all(name, []) for name in ONCE}
    for name, values in given.items():
        if len(values) > 1:
            raise NotHttp(f"{name} is given more than once")
    if version == "HTTP/1.1" and not given["Host"]:
        raise NotHttp("no Host is given")
    if given["Host"] and re.search(r"[\s,/?#@\\]", given["Host"][0]):
        raise NotHttp("Host is none")
    if given["Content-Length"] and not re.fullmatch(r"[0-9]+", given["Content-Length"][0], re.ASCII):
        raise NotHttp("Content-Length is no number")
    if given["Transfer-Encoding"]:
        if given["Content-Length"] or version == "HTTP/1.0":
            raise NotHttp("the length is given in two ways")
        if given["Transfer-Encoding"][0].lower() != "chunked":
            raise NotHttp("Transfer-Encoding is not chunked")


class Chunks(Input):  # type: ignore[misc]  # eventlet carries no types
    """A body that comes in chunks. It breaks off where the size of the next one should stand and doesn't."""

    @classmethod
    def in_place_of(cls, body: Input) -> "Chunks":
        """The same body, of which nothing was read."""
        chunks = cls(body.rfile, None, body.get_socket(), body.wfile, body.wfile_line, chunked_input=True)
        chunks._lines = _ChunkLines(body.rfile)
        return chunks

    def _chunked_read(self, _: Any, length: int | None = None, use_readline: bool = False) -> bytes:
        read: bytes = super()._chunked_read(self._lines, length, use_readline)
        return read


class _ChunkLines:
    """The lines between chunks; after a wrong one there is no right one, or what follows would pass for a request."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._expected: re.Pattern[bytes] | None = SIZE

    def readline(self) -> bytes:
        line = self._lines.readline(LONGEST_LINE) if self._expected else b""
        match = self._expected.fullmatch(line) if self._expected else None
        if match is None:
            self._expected = None
            raise ChunkReadError("between two chunks there is no size")
        if self._expected is SIZE:
            self._expected = END if int(match[1], 16) else FIELD
        elif self._expected is END:
            self._expected = SIZE
        return line
