"""JSON Schemas of pydantic models, for the documents that are generated."""

import re
from collections.abc import Collection, Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema


class JsonSchemas:
    """The JSON Schemas of several models, each once.

    Attributes:
        definitions: the schemas by name, those of nested models among them; they refer to each other.
    """

    definitions: dict[str, Any]

    def __init__(self, received: Iterable[type[BaseModel]], sent: Iterable[type[BaseModel]], ref_template: str) -> None:
        """
        Args:
            received: models that are read.
            sent: models that are written. One that is both and differs has two schemas.
            ref_template: how one schema refers to another, with ``{model}`` for its name.
        """
        modes: tuple[tuple[Iterable[type[BaseModel]], JsonSchemaMode], ...] = (
            (received, "validation"),
            (sent, "serialization"),
        )
        models = [(model, mode) for group, mode in modes for model in dict.fromkeys(group)]
        self._refs, document = models_json_schema(models, ref_template=ref_template, schema_generator=_Generator)
        self._prefix = ref_template.removesuffix("{model}")
        self.definitions = document.get("$defs", {})
        for schema in self.definitions.values():
            if about := schema.get("description"):
                schema["description"] = markdown(about, schema.get("properties", ()))

    def received(self, model: type[BaseModel]) -> dict[str, Any]:
        """The reference to what ``model`` reads."""
        return self._refs[model, "validation"]

    def sent(self, model: type[BaseModel]) -> dict[str, Any]:
        """The reference to what ``model`` writes."""
        return self._refs[model, "serialization"]

    def fields(self, model: type[BaseModel]) -> dict[str, tuple[dict[str, Any], bool]]:
        """The fields that ``model`` reads: the schema of each by its name, and whether it is required."""
        definition = self.definitions[self.received(model)["$ref"].removeprefix(self._prefix)]
        required = definition.get("required", ())
        return {name: (field, name in required) for name, field in definition.get("properties", {}).items()}


def markdown(docstring: str, fields: Collection[str] = ()) -> str:
    """A docstring, which is reStructuredText, as Markdown.

    Args:
        fields: names as JSON has them; what the docstring calls by the Python name is called by these.
    """

    def literal(match: re.Match[str]) -> str:
        name = to_camel(match[1])
        return f"`{name if name in fields else match[1]}`"

    return re.sub(r"``(.+?)``", literal, docstring)


class _Generator(GenerateJsonSchema):
    """Pydantic's generator, without titles that repeat the fields' names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Without a default of null where null itself is refused: the field is left out, then."""
        found = super().default_schema(schema)
        if found.get("default", ...) is None and {"type": "null"} not in found.get("anyOf", ()):
            del found["default"]
        return found

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        total: bool,
    ) -> bool:
        """What has a default is sent all the same; only None may be left out."""
        schema = field["schema"]
        if self.mode == "serialization" and schema["type"] == "default":
            return schema.get("default", ...) is not None
        return super().field_is_required(field, total)
