"""Notifications, made through the API by people of the integration tests."""

from typing import Any

from tests.integration.conftest import Person

PATH = "/api/notifications"


def content(**changes: Any) -> dict[str, Any]:
    """What is sent, but for whom to; with ``changes``."""
    return {"type": "greeting", "title": "Hello", "message": "How are you?"} | changes


def send(sender: Person, to: Person | None = None, **changes: Any) -> dict[str, Any]:
    """A notification as the server answers its making; without ``to``, to the sender."""
    answer = sender.post(PATH, content(userId=(to or sender).id, **changes))
    assert answer.status_code == 201, answer.get_json()
    sent: dict[str, Any] = answer.get_json()
    return sent


def unread(person: Person) -> int:
    """How many a person has not read."""
    count: int = person.get(PATH).get_json()["unreadCount"]
    return count
