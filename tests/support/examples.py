"""Values made from JSON Schemas."""

from typing import Any

PRIMITIVES = {"string": "text", "integer": 3, "number": 2.5, "boolean": True, "null": None}


def example(schema: dict[str, Any], definitions: dict[str, Any], *, empty: bool = False) -> Any:
    """A value as ``schema`` describes it.

    Args:
        definitions: what its references refer to, by the last part of the reference.
        empty: null wherever that is allowed, and nothing in lists and maps.
    """
    value: Any
    match schema:
        case {"$ref": ref}:
            value = example(definitions[ref.rsplit("/", 1)[-1]], definitions, empty=empty)
        case {"enum": [first, *_]}:
            value = first
        case {"anyOf": choices}:
            value = example(choices[-1 if empty else 0], definitions, empty=empty)
        case {"properties": fields}:
            value = {name: example(field, definitions, empty=empty) for name, field in fields.items()}
        case {"type": "object"}:
            values = schema.get("additionalProperties")
            value = {"key": example(values, definitions)} if isinstance(values, dict) and not empty else {}
        case {"type": "array", "items": items}:
            value = [] if empty else [example(items, definitions)]
        case {"format": "date-time"}:
            value = "2026-01-31T12:00:00.000Z"
        case _:
            value = PRIMITIVES[schema["type"]]
    return value
