"""What a push says, and what of it others can see."""

import json
import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pywebpush import WebPusher

from app.push.message import LONGEST_BODY, PushMessage
from app.push.schemas import SubscriptionKeys
from tests.support.push_service import Browser, base64url

MOST_BYTES = 4096  # RFC 8030, section 7.2


def message(title: str = "T", body: str = "B", tag: str = "chat-1") -> PushMessage:
    return PushMessage(title, body, tag, "normal")


def test_a_worker_is_told_title_body_address_and_tag() -> None:
    told = json.loads(message("Alice", "Hello").data)
    assert told == {"title": "Alice", "body": "Hello", "url": "/dashboard", "tag": "chat-1"}


def test_a_long_text_is_cut_and_shows_it() -> None:
    body = json.loads(message(body="x" * 10_000).data)["body"]
    assert body == "x" * (LONGEST_BODY - 1) + "…"
    assert json.loads(message(body="x" * LONGEST_BODY).data)["body"] == "x" * LONGEST_BODY


@pytest.mark.parametrize("character", ["x", "😀", "\x01", '"'])
def test_the_largest_push_is_not_too_large(character: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = base64url(key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    device = {"endpoint": "https://push.example.com", "keys": {"p256dh": point, "auth": base64url(os.urandom(16))}}
    largest = message(character * 200, character * 2000, f"notification-{character * 64}")
    assert len(WebPusher(device).encode(largest.data)["body"]) <= MOST_BYTES


def test_a_topic_is_32_characters_of_base64url() -> None:
    for tag in ("chat-1", "notification-" + "ß" * 64):
        assert re.fullmatch(r"[A-Za-z0-9_-]{32}", message(tag=tag).topic)


def test_what_is_about_the_same_has_one_topic() -> None:
    assert message("One").topic == message("Another").topic != message(tag="chat-2").topic


def test_a_topic_does_not_show_the_tag() -> None:
    assert "chat" not in message().topic


def test_keys_may_be_padded() -> None:
    form = Browser("https://push.example.com").subscription
    padded = {name: key + "=" * (-len(key) % 4) for name, key in form["keys"].items()}
    assert SubscriptionKeys.model_validate(padded).model_dump() == form["keys"]
