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
from api.rest.schemas import Schema, ref, with_doubles

ABOUT = """Management of API keys and plans, for callers with a key of the scope `admin`. Any caller can read its own
plan and limits. This document is separate from the contracts of the data and changes with releases of the service. Send
a key in the header field `Authorization: Bearer …` or `X-API-Key`, never in a URL. A change applies in every process
within a second and is recorded in the audit log. Responses are not cacheable. Problems are `application/problem+json`
[RFC 9457]."""
BEARER: Schema = {"type": "http", "scheme": "bearer", "description": "An API key as a bearer token [RFC 6750]."}
RESULTS = {200: "The result.", 201: "The created object.", 204: "Deleted. The response has no body."}
SECURITY: dict[str, Schema] = {
    "bearer": BEARER,
    "header": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same API key in a header field of its own.",
    },
}


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    models: dict[type[BaseModel], Literal["validation", "serialization"]] = {Me: "serialization"}
    for operation in OPERATIONS:
        if operation.takes:
            models[operation.takes] = "validation"
        if operation.answers:
            models[operation.answers] = "serialization"
    _, definitions = models_json_schema([*models.items()], ref_template="#/components/schemas/{model}")
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe_operation(operation)
    for version in VERSIONS.values():
        if version.lifecycle.status != "retired":
            paths[f"/{version.name}/me"] = {"get": _describe_me(version.name)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Briefing API: access", "version": "1", "description": ABOUT, "license": LICENCE},
        "servers": [{"url": "/", "description": "The service that serves this document."}],
        "security": _security(),
        "tags": [{"name": "access", "description": "API keys, plans and limits."}],
        "paths": paths,
        "components": {"schemas": with_doubles(definitions["$defs"]) | problem_schemas(), "securitySchemes": SECURITY},
    }


def text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _describe_operation(operation: AdminOperation) -> Schema:
    schema: Schema = {"operationId": operation.id, "tags": ["access"], "summary": operation.summary}
    parameters = _parameters(operation)
    if parameters:
        schema["parameters"] = parameters
    if operation.takes:
        required = any(field.is_required() for field in operation.takes.model_fields.values())
        content = {"application/json": {"schema": ref(operation.takes.__name__)}}
        schema["requestBody"] = {"required": required, "content": content}
    response: Schema = {"description": RESULTS[operation.status]}
    if operation.answers:
        envelope = _envelope(operation, ref(operation.answers.__name__))
        response["content"] = {"application/json": {"schema": envelope}}
    problems = [400, 401, 403, 503]
    if operation.parameter:
        problems.append(404)
    if operation.takes or not operation.answers:
        problems += [409, 413, 415]
    schema["responses"] = {str(operation.status): response} | _problem_responses(problems)
    return schema


def _describe_me(version: str) -> Schema:
    data = {"type": "object", "required": ["data"], "properties": {"data": ref("Me")}}
    response = {"description": "The caller and its limits.", "content": {"application/json": {"schema": data}}}
    # The empty requirement is that of callers without a key.
    security: list[Schema] = [*_security(), {}]
    return {
        "operationId": f"get_{version}_me",
        "tags": ["access"],
        "summary": "Get the caller and its limits",
        "security": security,
        "responses": {"200": response} | _problem_responses([400, 401, 503]),
    }


def _security() -> list[Schema]:
    return [{name: []} for name in SECURITY]


def _parameters(operation: AdminOperation) -> list[Schema]:
    parameters: list[Schema] = []
    if operation.parameter:
        name = operation.path.partition("{")[2].partition("}")[0]
        in_path = _parameter(name, "path", {"type": "string"}, operation.parameter)
        parameters.append(in_path | {"required": True})
    if operation.place:
        limit = {"type": "integer", "minimum": 1, "maximum": 1000, "default": PAGE}
        parameters.append(_parameter("limit", "query", limit, "The maximum number of rows on a page."))
        parameters.append(_parameter("cursor", "query", {"type": "string"}, "The `next_cursor` of the previous page."))
    return parameters


def _parameter(name: str, where: str, schema: Schema, about: str) -> Schema:
    return {"name": name, "in": where, "description": about, "schema": schema}


def _envelope(operation: AdminOperation, data: Schema) -> Schema:
    """Return the schema of an answer with this data, or with a list of them."""
    if operation.many:
        data = {"type": "array", "items": data}
    properties: Schema = {"data": data}
    if operation.place:
        cursor = {"type": ["string", "null"], "description": "The cursor of the next page. Null on the last page."}
        more = {"type": "boolean", "description": "True if there is a next page."}
        page = {"next_cursor": cursor, "has_more": more}
        properties["page"] = {"type": "object", "required": [*page], "properties": page}
    return {"type": "object", "required": [*properties], "properties": properties}


def _problem_responses(statuses: list[int]) -> Schema:
    content = {MEDIA_TYPE.decode(): {"schema": ref("Problem")}}
    responses = {}
    for status in sorted(statuses):
        problems = [problem for problem in PROBLEMS.values() if problem.status == status]
        description = " ".join(f"`{problem.code}`: {problem.meaning}" for problem in problems)
        responses[str(status)] = {"description": description, "content": content}
    return responses
