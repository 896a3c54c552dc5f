"""What the descriptors answer."""

from app.core.schema import Schema


class Descriptor(Schema):
    """How to hear a channel: connect to ``namespace``, or emit ``joinEvent`` elsewhere; ``room`` is one's own."""

    namespace: str
    join_event: str
    room: str | None
    events: list[str]
    health: str
