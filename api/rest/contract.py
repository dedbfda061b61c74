"""The OpenAPI document of a version, made wholly of the tables that requests are read and answered by.

`openapi/<version>.json` is this document, committed; it is served under the version's own path.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import APIRouter, Request

from api.catalog import Resource, Version
from api.http.respond import Content, respond
from api.http.route import DataRoute
from api.rest.access import own
from api.rest.examples import examples, get_id, list_id
from api.rest.formats import Format, offered
from api.rest.inputs import export_inputs, list_inputs, record_inputs, shared_inputs
from api.rest.overview import LICENCE, TITLE, overview
from api.rest.responses import (
    export_responses,
    list_responses,
    problem_schemas,
    record_responses,
    shared_headers,
    shared_responses,
)
from api.rest.routes import METHODS, check_accept
from api.rest.schemas import Schema, feature_schemas, ref, schemas, title

TEXT: Schema = {"type": "string"}
CUT = (
    "What goes wrong after the first byte cuts the connection: an answer that does not end as HTTP ends it (the last "
    "chunk is missing) is not the whole file."
)


def openapi(version: Version) -> dict[str, Any]:
    """The document."""
    resources = version.lists.values()
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": version.name, "description": overview(version), "license": LICENCE},
        "servers": [{"url": "/", "description": "The service that this document came from."}],
        "security": [],
        "tags": [*({"name": one.plural, "description": one.description} for one in resources), own.TAG],
        "paths": _every_path(version),
        "components": {
            "schemas": schemas(version) | feature_schemas() | own.schemas() | problem_schemas(),
            "parameters": shared_inputs(version),
            "headers": shared_headers(),
            "responses": shared_responses(),
        },
    }


@cache
def text(version: Version) -> str:
    """The document as it is committed and served."""
    return json.dumps(openapi(version), indent=2, ensure_ascii=False) + "\n"


def routes(version: Version) -> APIRouter:
    """The route that serves the document."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute)
    content = Content(text(version).encode())

    async def handle(request: Request) -> Any:
        check_accept(request.scope)
        return await respond(request.scope, content)

    router.add_api_route(
        "/openapi.json", handle, methods=METHODS, include_in_schema=False, name=f"{version.name}-openapi"
    )
    return router


def _every_path(version: Version) -> dict[str, Schema]:
    paths = {path: item for one in version.lists.values() for path, item in _paths(version, one).items()}
    paths[f"/{version.name}/me"] = {"get": own.operation()}
    if version.lifecycle.status != "current":
        for item in paths.values():
            item["get"]["deprecated"] = True
    return paths


def _paths(version: Version, resource: Resource) -> dict[str, Schema]:
    listed = f"/{version.name}/{resource.plural}"
    paths = {listed: {"get": _list(version, resource)}}
    if resource.prefix:
        paths[f"{listed}/{{id}}"] = {"get": _record(version, resource)}
    exports = {
        f"{listed}.{form.name}": {"get": _export(version, resource, form)} for form in offered(version, resource)
    }
    return paths | exports


def _list(version: Version, resource: Resource) -> Schema:
    name = list_id(resource)
    return {
        "operationId": name,
        "tags": [resource.plural],
        "summary": f"List {resource.plural}",
        "description": f"{resource.description} In the order of `{resource.sort}` unless `sort` names another. "
        f"{_instead(version, resource)}",
        "parameters": list_inputs(version, resource),
        "responses": list_responses(ref(f"{title(resource)}Page"), examples(version)[name]),
    }


def _instead(version: Version, resource: Resource) -> str:
    forms = ", ".join(f"`{form.media_type}`" for form in offered(version, resource))
    return (
        f"An `Accept` that prefers {forms} to JSON gets the whole filtered list in that format, as the path that ends "
        "with its name gives it: without pages, and so without `cursor`, `count` and `include`. A wildcard such as "
        "`*/*` means a page."
    )


def _export(version: Version, resource: Resource, form: Format) -> Schema:
    return {
        "operationId": f"export_{resource.plural}_{form.name}",
        "tags": [resource.plural],
        "summary": f"Export {resource.plural} as {form.name.upper()}",
        "description": f"All {resource.plural} that the filters leave, streamed. {form.description} {CUT}",
        "parameters": export_inputs(version, resource),
        "responses": export_responses(form.media_type, ref(form.schema) if form.schema else TEXT, form.description),
    }


def _record(version: Version, resource: Resource) -> Schema:
    name = get_id(resource)
    return {
        "operationId": name,
        "tags": [resource.plural],
        "summary": f"Get one {resource.name} by its id",
        "description": f"{resource.description} One that was withdrawn answers 410 with the reason.",
        "parameters": record_inputs(version, resource),
        "responses": record_responses(ref(f"{title(resource)}Record"), examples(version)[name]),
    }
