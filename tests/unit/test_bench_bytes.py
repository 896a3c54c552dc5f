"""The table of events and their bytes."""

import json

from app.events.registry import EVENTS
from bench.bytes import DOCUMENT, table, written


def test_the_documents_have_the_table_as_it_is_measured_now() -> None:
    """If not: python -m bench.bytes."""
    assert table() in DOCUMENT.read_text()


def test_each_event_has_a_row() -> None:
    for name in EVENTS:
        assert f"| `{name}` |" in table()


def test_what_stands_around_the_table_stays_as_it_is() -> None:
    document = DOCUMENT.read_text()
    assert written(document.replace("| `new-message` | ", "| `new-message` | 1")) == document


def test_a_payload_is_measured_as_it_leaves() -> None:
    payload = {"room": "text", "reason": "removed"}
    sent = json.dumps(payload, separators=(",", ":"))
    frame = f'42["room-left",{sent}]'
    assert f"| `room-left` | {len(sent)} | 16 | {len(frame) + 2} |" in table()
