"""The load format as JSON Schema (2020-12), from the models that check it: a document, or one line of NDJSON.

The rules between fields are included if JSON Schema can express them. It cannot compare two values.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import models_json_schema

from api.ingest.load_format import CHILDREN, DOCUMENT, LINES, RECORDS, RecordModel

NAME = "openapi/load.json"


def load_schema() -> dict[str, Any]:
    """Return the schema. `$defs` contains each resource twice: for a document and, with the suffix Line, for a line of
    NDJSON."""
    forms = (*RECORDS.values(), *LINES.values(), *CHILDREN.values())
    models = [(model, "validation") for model in (DOCUMENT, *(form.model for form in forms))]
    _, made = models_json_schema(models, ref_template="#/$defs/{model}")  # type: ignore[arg-type]
    defined = {name: _plain(schema) for name, schema in sorted(made["$defs"].items())}
    for form in forms:
        _rule(defined[form.model.__name__], form)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Briefing load format 1",
        "description": "A JSON document of one briefing, or one line of a file of newline-delimited JSON.",
        "anyOf": [_ref(DOCUMENT.__name__), _ref("Line")],
        "$defs": defined | {"Line": {"oneOf": [_ref(form.model.__name__) for form in LINES.values()]}},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def _rule(schema: dict[str, Any], form: RecordModel) -> None:
    """Add the rules to the schema. A withdrawal may leave out all fields except the names of the record."""
    rules = [rule.schema for rule in form.rules if rule.schema]
    if not form.envelope:
        schema |= {"allOf": rules} if rules else {}
        return
    always = [name for name in schema.get("required", ()) if name == "resource"]
    content = [name for name in schema.pop("required", ()) if name not in always]
    taken = {"properties": {"withdrawn": {"type": "object"}}, "required": ["withdrawn"]}
    whole = {"required": content, **({"allOf": rules} if rules else {})}
    if always:
        schema["required"] = always
    schema["allOf"] = [*(rule.schema for rule in form.envelope), {"if": taken, "else": whole}]


def _plain(schema: Any) -> Any:
    """Return a schema without the titles that only repeat a field's name."""
    if isinstance(schema, dict):
        return {
            name: {field: _plain(one) for field, one in value.items()} if name == "properties" else _plain(value)
            for name, value in schema.items()
            if not (name == "title" and isinstance(value, str))
        }
    return [_plain(one) for one in schema] if isinstance(schema, list) else schema


def load_contract() -> str:
    """Return the text of the committed file."""
    return json.dumps(load_schema(), indent=2, ensure_ascii=False) + "\n"
