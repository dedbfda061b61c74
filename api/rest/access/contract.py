"""Make the OpenAPI document of `/admin` and of `/vN/me` from the table of operations and the models.

`openapi/admin.json` is this document, committed. It is served at `/admin/openapi.json`.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.catalog import VERSIONS
from api.http.problems import MEDIA_TYPE, PROBLEMS
from api.rest.access.bodies import Me
from api.rest.access.operations import OPERATIONS, PAGE, AdminOperation
from api.rest.overview import LICENCE
from api.rest.responses import problem_schemas
from api.rest.schemas import Schema, ref

ABOUT = """Keys and plans, for holders of a key with the scope `admin`, and what a caller may do, for anyone. This
document is apart from those of the data, and changes with releases of the service. A key goes into the header field
`Authorization: Bearer …` or `X-API-Key`, never into a URL. What is changed holds in every process within a second, and
stands in the log. Answers are not kept. Problems are `application/problem+json` [RFC 9457]."""
SECURITY: dict[str, Schema] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key [RFC 6750]."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key."},
}


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    models: dict[type[BaseModel], Literal["validation", "serialization"]] = {Me: "serialization"}
    for row in OPERATIONS:
        if row.takes:
            models[row.takes] = "validation"
        if row.answers:
            models[row.answers] = "serialization"
    _, made = models_json_schema([*models.items()], ref_template="#/components/schemas/{model}")
    paths: dict[str, Schema] = {}
    for row in OPERATIONS:
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row)
    for name in (one.name for one in VERSIONS.values() if one.lifecycle.status != "retired"):
        paths[f"/{name}/me"] = {"get": _me(name)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Briefing API: access", "version": "1", "description": ABOUT, "license": LICENCE},
        "servers": [{"url": "/", "description": "The service that this document came from."}],
        "security": [{name: []} for name in SECURITY],
        "tags": [{"name": "access", "description": "Who may ask, and how much."}],
        "paths": paths,
        "components": {"schemas": made["$defs"] | problem_schemas(), "securitySchemes": SECURITY},
    }


def text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _operation(row: AdminOperation) -> Schema:
    made: Schema = {"operationId": row.id, "tags": ["access"], "summary": row.summary}
    if parameters := _parameters(row):
        made["parameters"] = parameters
    if row.takes:
        needed = any(field.is_required() for field in row.takes.model_fields.values())
        made["requestBody"] = {"required": needed, "content": {"application/json": {"schema": ref(row.takes.__name__)}}}
    answer: Schema = {"description": f"{row.summary}: done." if row.status != 200 else row.summary + "."}
    if row.answers:
        answer["content"] = {"application/json": {"schema": _envelope(row, ref(row.answers.__name__))}}
    met = [401, 403, 503, *([404] if row.parameter else []), *([409, 413, 415] if row.takes or not row.answers else [])]
    return made | {"responses": {str(row.status): answer} | _problems(400, *met)}


def _me(version: str) -> Schema:
    data = {"type": "object", "required": ["data"], "properties": {"data": ref("Me")}}
    answer = {"description": "Who asks.", "content": {"application/json": {"schema": data}}}
    about = {"operationId": f"get_{version}_me", "tags": ["access"], "summary": "Tell who asks, and what they may do"}
    return (
        about
        | {"security": [*({name: []} for name in SECURITY), {}]}
        | {"responses": {"200": answer} | _problems(400, 401, 503)}
    )


def _parameters(row: AdminOperation) -> list[Schema]:
    found: list[Schema] = []
    if row.parameter:
        name = row.path.partition("{")[2].partition("}")[0]
        found.append(_parameter(name, "path", {"type": "string"}, row.parameter) | {"required": True})
    if row.place:
        limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": PAGE}
        found.append(_parameter("limit", "query", limit, "Rows on a page."))
        found.append(_parameter("cursor", "query", {"type": "string"}, "The next_cursor of the page before."))
    return found


def _parameter(name: str, where: str, schema: Schema, about: str) -> Schema:
    return {"name": name, "in": where, "description": about, "schema": schema}


def _envelope(row: AdminOperation, one: Schema) -> Schema:
    properties: Schema = {"data": {"type": "array", "items": one} if row.many else one}
    if row.place:
        cursor = {"type": ["string", "null"], "description": "Where the next page begins."}
        more = {"type": "boolean", "description": "Whether there is one."}
        page = {"next_cursor": cursor, "has_more": more}
        properties["page"] = {"type": "object", "required": [*page], "properties": page}
    return {"type": "object", "required": [*properties], "properties": properties}


def _problems(*statuses: int) -> Schema:
    content = {MEDIA_TYPE.decode(): {"schema": ref("Problem")}}
    return {
        str(status): {
            "description": " ".join(
                f"`{one.code}`: {one.meaning}" for one in PROBLEMS.values() if one.status == status
            ),
            "content": content,
        }
        for status in sorted(statuses)
    }
