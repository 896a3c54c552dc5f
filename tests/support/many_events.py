"""What else fills a database: notifications, conversations with their messages, and the history of events."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

from sqlalchemy import Connection, insert

from app.chat.models import Conversation, Message, Participant
from app.core.clock import now
from app.events.models import event_rooms, events
from app.extensions import Model
from app.notifications.models import Notification
from tests.support.many_rows import copy_of, multiply, numbered

EACH = 500  # made, before they are copied
MEMBERS = 3


def fill_events(connection: Connection, user_ids: Sequence[str]) -> None:
    """Ten thousand of each, and three participants of each conversation, all of these users."""
    random = Random(2)
    _notify(connection, random.choices(user_ids, k=EACH))
    members = {numbered(number, "c"): random.sample(user_ids, MEMBERS) for number in range(EACH)}
    _converse(connection, members)
    told = [(id, random.choice(members[id])) for id in random.choices(list(members), k=EACH)]
    said = [
        {"id": numbered(number, "m"), "conversation_id": id, "sender_id": sender, "content": "Hello"}
        for number, (id, sender) in enumerate(told)
    ]
    connection.execute(insert(Message), said)
    _copy(connection, "messages", "id", "conversation_id")


def _notify(connection: Connection, user_ids: Sequence[str]) -> None:
    at = now()
    told: dict[str, Any] = {"type": "note", "title": "Something", "message": "Something happened"}
    connection.execute(
        insert(Notification),
        [
            told | {"id": numbered(number, "n"), "user_id": id, "read_at": at if number % 3 else None}
            for number, id in enumerate(user_ids)
        ],
    )
    _copy(connection, "notifications", "id")
    rooms = [(f"notifications-{id}", seq) for seq, id in enumerate(user_ids, 1)]
    event = {"event": "new-notification", "payload": "{}", "created_at": at}
    connection.execute(insert(events), [event | {"seq": seq, "rooms": f'["{room}"]'} for room, seq in rooms])
    connection.execute(insert(event_rooms), [{"room": room, "seq": seq} for room, seq in rooms])
    for table in (events, event_rooms):
        seq = table.c.seq
        multiply(connection, table, lambda number, seq=seq: {"seq": seq + number * EACH})  # type: ignore[misc]


def _converse(connection: Connection, members: dict[str, list[str]]) -> None:
    joined_at = now() - timedelta(days=1)
    connection.execute(insert(Conversation), [{"id": id, "creator_id": of[0]} for id, of in members.items()])
    taking_part = [(id, user_id) for id, of in members.items() for user_id in of]
    connection.execute(
        insert(Participant),
        [{"conversation_id": id, "user_id": user_id, "joined_at": joined_at} for id, user_id in taking_part],
    )
    _copy(connection, "conversations", "id")
    _copy(connection, "participants", "conversation_id")


def _copy(connection: Connection, name: str, *ids: str) -> None:
    table = Model.metadata.tables[name]
    multiply(connection, table, lambda number: {id: copy_of(table.c[id], number) for id in ids})
