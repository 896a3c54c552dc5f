"""Conversations and messages, made through the API by people of the integration tests."""

from typing import Any

from tests.integration.conftest import Person

CHAT = "/api/chat"
CONVERSATIONS = f"{CHAT}/conversations"
MESSAGES = f"{CHAT}/messages"


def start(creator: Person, *others: Person, title: str | None = None) -> str:
    """A new conversation; returns its id."""
    form = {"title": title, "participantIds": [other.id for other in others] or [creator.id]}
    answer = creator.post(CONVERSATIONS, form)
    assert answer.status_code == 201, answer.get_json()
    id: str = answer.get_json()["id"]
    return id


def write(sender: Person, conversation_id: str, content: str = "Hello", reply_to: str | None = None) -> dict[str, Any]:
    """A new message, as the answer shows it."""
    form = {"content": content} | ({"replyToId": reply_to} if reply_to else {})
    answer = sender.post(f"{CONVERSATIONS}/{conversation_id}/messages", form)
    assert answer.status_code == 201, answer.get_json()
    message: dict[str, Any] = answer.get_json()
    return message


def messages(reader: Person, conversation_id: str) -> list[dict[str, Any]]:
    """The newest messages of a conversation."""
    items: list[dict[str, Any]] = reader.get(f"{CONVERSATIONS}/{conversation_id}/messages").get_json()["items"]
    return items
