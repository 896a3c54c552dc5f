"""What the health routes answer."""

from typing import Literal

from app.core.schema import Schema

Status = Literal["ok", "degraded", "down"]


class Live(Schema):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Part(Schema):
    """One part that the server needs; ``latency_ms``: how long its answer took, None without one.

    ``degraded``: it does not answer, and the server manages without it, only slower; or it is the database, and can be
    read but not written to.
    """

    status: Status
    latency_ms: float | None


class Ready(Schema):
    """Whether requests can be served, and which part is down if not.

    ``draining``: the process was told to stop; it serves, and its clients go elsewhere.
    """

    status: Status | Literal["draining"]
    parts: dict[str, Part]


class ChannelHealth(Schema):
    """A loopback delivery through each channel."""

    status: Status
    channels: dict[str, Part]
