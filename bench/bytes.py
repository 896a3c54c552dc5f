"""What each event has in bytes: ``python -m bench.bytes`` writes the table in docs/performance.md anew.

Events are made from their schemas, with nothing left out: each text is as short as ``text``, ids have 36 characters,
and lists have one item.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.engine.envelope import Envelope
from app.engine.hub import Encoded
from app.events.base import Event
from app.events.connection import ToOneSocket
from app.events.registry import EVENTS
from tests.support.examples import example

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
HEAD = "| event | payload | of it names | frame | leaves |\n| --- | ---: | ---: | ---: | --- |\n"
OFFSET = "123456"
ID = "0198c0de-0000-7000-8000-000000000000"


def table() -> str:
    """A row for each event of the catalogue, in Markdown."""
    return HEAD + "".join(map(_row, EVENTS.values()))


def written(document: str) -> str:
    """``document`` with the table as it is now."""
    before, _, rest = document.partition(HEAD)
    _, _, after = rest.partition("\n\n")
    return f"{before}{table()}\n{after}"


def _row(event: type[Event]) -> str:
    payload = _payload(event)
    text = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    offset = None if issubclass(event, ToOneSocket) else OFFSET
    frame = Encoded("/", Envelope(event.name, text, ())).packet(offset).frame
    names = sum(len(json.dumps(name)) + 1 for name in _names(payload))
    sizes = " | ".join(map(str, (len(text.encode()), names, len(frame))))
    return f"| `{event.name}` | {sizes} | {_leaves(event)} |\n"


def _payload(event: type[Event]) -> Any:
    schema = event.model_json_schema(mode="serialization", by_alias=True)
    return _with_ids(example(schema, schema.get("$defs", {})))


def _with_ids(value: Any, name: str = "") -> Any:
    match value:
        case dict():
            return {key: _with_ids(item, key) for key, item in value.items()}
        case list():
            return [_with_ids(item, name) for item in value]
        case str() if name.endswith(("id", "Id", "ids", "Ids")):
            return ID
        case _:
            return value


def _names(payload: Any) -> Iterator[str]:
    if isinstance(payload, dict):
        for name, value in payload.items():
            yield name
            yield from _names(value)


def _leaves(event: type[Event]) -> str:
    conflation = event.conflation
    if conflation is None:
        return ""
    by = ", ".join(event.model_fields[field].alias or field for field in conflation.by)
    window = [f"one in {conflation.window:g} s by {by}"] if conflation.window else []
    ceiling = [f"{conflation.ceiling} a second and room"] if conflation.ceiling else []
    return "; ".join(window + ceiling)


if __name__ == "__main__":
    DOCUMENT.write_text(written(DOCUMENT.read_text()))
