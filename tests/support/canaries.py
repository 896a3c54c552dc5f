"""The product, with a route that has canaries sing in rooms of any kind: `python -m tests.support.canaries`.

What happens in some rooms is hard to make happen. A canary comes of nothing, and goes the way of every other event: it
is stored in a transaction, numbered by the relay, carried by the broker, and kept as history. Passwords cost next to
nothing here: many people register and log in, and how well they are hashed is not what is tested.
"""

from wsgi import app  # before anything else: it patches the standard library for eventlet

# isort: split
from typing import Annotated, ClassVar

from argon2 import PasswordHasher
from pydantic import Field

from app.auth import passwords
from app.cli.serve import serve
from app.core.api import body, public, returns
from app.core.schema import Schema
from app.core.transaction import transaction
from app.events.base import Published

passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Canary(Published):
    """Heard in rooms; its name is the payload."""

    name: ClassVar[str] = "canary"
    called: str
    heard_in: Annotated[list[str], Field(exclude=True)]

    def rooms(self) -> tuple[str, ...]:
        return tuple(self.heard_in)


class Canaries(Schema):
    """The rooms of each canary, by its name."""

    rooms: dict[str, list[str]]


@app.post("/canaries")
@public
@body(Canaries)
@returns(None, 204)
def sing(body: Canaries) -> None:
    """Publish them in one transaction, in order."""
    with transaction() as tx:
        for name, rooms in body.rooms.items():
            tx.publish(Canary(called=name, heard_in=rooms))


if __name__ == "__main__":
    serve(app)
