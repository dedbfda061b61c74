"""The part of a version's contract about `/vN/me`: the caller, and its limits. The rest of access is in a document of
its own (`contract.py`)."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from api.rest.access.bodies import Me
from api.rest.responses import own_responses
from api.rest.schemas import Schema, ref, structure, with_doubles

ENVELOPE = "MeRecord"
TAG = {"name": "access", "description": "The caller and its limits."}
# The bounds of plans are for clients that create them. Here they would promise that no plan ever exceeds them.
BOUNDS = ("title", "default", "pattern", "enum", "minimum", "maximum", "minItems", "maxItems")
EXAMPLE = {
    "data": {
        "identity": "key:key_3hGq9ZsYw0Lr",
        "key": "key_3hGq9ZsYw0Lr",
        "name": "Newsroom of the Daily",
        "expires_at": "2027-01-01T00:00:00+00:00",
        "scopes": ["read"],
        "plan": {
            "name": "free",
            "points_minute": 3000,
            "points_day": 500000,
            "burst": 10000,
            "at_once": 8,
            "page_most": 200,
            "export_most": 100000,
            "formats": ["csv", "ndjson", "geojson"],
            "trusted_only": False,
            "open": True,
        },
        "limits": [
            {"name": "minute", "size": 10000, "points": 3000, "period": 60, "remaining": 9948, "reset": 1.04},
            {"name": "day", "size": 500000, "points": 500000, "period": 86400, "remaining": 481200, "reset": 3248.64},
        ],
    }
}


def schemas() -> dict[str, Schema]:
    """Return the schemas of the answer, by name."""
    _, definitions = models_json_schema([(Me, "serialization")], ref_template="#/components/schemas/{model}")
    parts: dict[str, Schema] = with_doubles(_without_bounds(definitions["$defs"]))
    return {ENVELOPE: structure({"data": ref("Me")}, "The caller and its limits.")} | parts


def operation() -> Schema:
    """Return the operation."""
    return {
        "operationId": "get_me",
        "tags": [TAG["name"]],
        "summary": "Get the caller and its remaining limits",
        "description": "Returns the plan and the limits of the key or, without a key, of the network address. The "
        "request costs no points, so it also works when none are left.",
        "parameters": [],
        "responses": own_responses(ref(ENVELOPE), EXAMPLE),
    }


def _without_bounds(part: Any) -> Any:
    """Return a part of a schema without the keywords that only bind clients that send."""
    if isinstance(part, list):
        return [_without_bounds(item) for item in part]
    if not isinstance(part, dict):
        return part
    result = {}
    for name, value in part.items():
        if name in BOUNDS:
            continue
        if name == "properties":
            # The keys are names of properties here, not keywords: a property may be called `title`.
            result[name] = {key: _without_bounds(schema) for key, schema in value.items()}
        else:
            result[name] = _without_bounds(value)
    return result
