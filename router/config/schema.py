"""The JSON Schema of config.yaml, for editors: made from the Structs of `model`, so it says what the decoder does."""

import json
from typing import Any, Final

import msgspec

from router.config.model import Config
from router.config.scalars import Secret

_SECRET: Final = {
    "anyOf": [
        {"type": "string", "minLength": 1},
        {
            "type": "object",
            "properties": {
                "env": {"type": "string", "description": "The environment variable that holds the secret."},
                "file": {"type": "string", "description": "The file that holds the secret, relative to this one."},
            },
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
    ]
}


def json_schema() -> str:
    """The schema as the text of a file."""
    (reference,), definitions = msgspec.json.schema_components(
        [Config], schema_hook=_custom, ref_template="#/$defs/{name}"
    )
    for definition in definitions.values():
        for key, value in definition["properties"].items():
            definition["properties"][key] = _as_written(value, definitions)
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Wamplex configuration",
        **reference,
        "$defs": definitions,
    }
    return json.dumps(schema, indent=2) + "\n"


def _custom(kind: type) -> dict[str, Any]:
    return _SECRET if kind is Secret else {"type": "string", "minLength": 1}  # a path


def _as_written(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What the file may say for a key: `false` switches a section off, nothing or `true` is its defaults."""
    if isinstance(schema.get("default"), dict | list | tuple):
        del schema["default"]  # the defaults of its keys say the same
    if schema.get("type") == "integer" and "pattern" in schema:
        schema["type"] = ["integer", "string"]  # a size; the bounds hold for the number, the pattern for the text
    optional = "anyOf" in schema and any("$ref" in choice for choice in schema["anyOf"])
    if not optional and "$ref" not in schema:
        return schema
    choices = [choice for choice in schema.pop("anyOf", [schema]) if "$ref" in choice]
    section = choices[0]["$ref"]
    schema.pop("$ref", None)
    if optional and schema.get("default", False) is None:
        schema["default"] = False
    others: list[dict[str, Any]] = []
    if not definitions[section.rpartition("/")[2]]["required"]:
        others = [{"type": ["boolean", "null"] if optional else "null"}]
    elif optional:
        others = [{"const": False}]
    return {**schema, "anyOf": [{"$ref": section}, *others]} if others else {**schema, "$ref": section}
