"""The load format as JSON Schema (2020-12), from the models that check it: a document, or one line of NDJSON.

The rules between fields are included if JSON Schema can express them. It cannot compare two values.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.ingest.load_format import CHILDREN, DOCUMENT, LINES, RECORDS, RecordModel

NAME = "openapi/load.json"


def load_schema() -> dict[str, Any]:
    """Return the schema. `$defs` contains each resource twice: for a document and, with the suffix Line, for a line of
    NDJSON."""
    forms = (*RECORDS.values(), *LINES.values(), *CHILDREN.values())
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [(DOCUMENT, "validation")]
    models += [(form.model, "validation") for form in forms]
    _, generated = models_json_schema(models, ref_template="#/$defs/{model}")
    definitions = {name: _without_titles(schema) for name, schema in sorted(generated["$defs"].items())}
    for form in forms:
        _add_rules(definitions[form.model.__name__], form)
    definitions["Line"] = {"oneOf": [_reference(form.model.__name__) for form in LINES.values()]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Briefing load format 1",
        "description": "A JSON document of one briefing, or one line of a file of newline-delimited JSON.",
        "anyOf": [_reference(DOCUMENT.__name__), _reference("Line")],
        "$defs": definitions,
    }


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _add_rules(schema: dict[str, Any], form: RecordModel) -> None:
    """Add the rules to the schema. A withdrawal may leave out all fields except the names of the record."""
    rules = [rule.schema for rule in form.rules if rule.schema]
    if not form.envelope:
        if rules:
            schema["allOf"] = rules
        return
    required = schema.pop("required", [])
    unless_withdrawn: dict[str, Any] = {"required": [name for name in required if name != "resource"]}
    if rules:
        unless_withdrawn["allOf"] = rules
    if "resource" in required:
        schema["required"] = ["resource"]
    withdrawn = {"properties": {"withdrawn": {"type": "object"}}, "required": ["withdrawn"]}
    envelope = [rule.schema for rule in form.envelope]
    schema["allOf"] = [*envelope, {"if": withdrawn, "else": unless_withdrawn}]


def _without_titles(schema: Any) -> Any:
    """Return a schema without the titles that only repeat a field's name."""
    if isinstance(schema, list):
        return [_without_titles(element) for element in schema]
    if not isinstance(schema, dict):
        return schema
    cleaned: dict[str, Any] = {}
    for name, value in schema.items():
        if name == "properties":
            # The names in here are those of fields, and a field may be called title.
            cleaned[name] = {field: _without_titles(field_schema) for field, field_schema in value.items()}
        elif name != "title" or not isinstance(value, str):
            cleaned[name] = _without_titles(value)
    return cleaned


def load_contract() -> str:
    """Return the text of the committed file."""
    return json.dumps(load_schema(), indent=2, ensure_ascii=False) + "\n"
