"""Make the OpenAPI document of a version, only from the tables that requests are read and answered with.

`openapi/<version>.json` is this document, committed. It is served under the version's own path.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from fastapi import APIRouter

from api.catalog import Resource, Version
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute
from api.rest.accept import check_accept
from api.rest.access import own
from api.rest.access.contract import BEARER
from api.rest.code_samples import EXAMPLE_URL, code_samples, code_samples_of_me
from api.rest.examples import examples
from api.rest.feeds import JSON_FEED
from api.rest.formats import offered
from api.rest.group_schemas import group_schemas
from api.rest.inputs import (
    choice_schemas,
    count_inputs,
    diff_inputs,
    export_inputs,
    feed_inputs,
    list_inputs,
    record_inputs,
    revision_inputs,
    series_inputs,
    shared_inputs,
)
from api.rest.json_ld import MEDIA_TYPE as JSON_LD
from api.rest.json_ld import offers_json_ld
from api.rest.operations import Kind, Operation, operations
from api.rest.overview import LICENCE, TITLE, overview
from api.rest.responses import (
    count_responses,
    diff_responses,
    export_responses,
    feed_responses,
    groups_file_responses,
    list_responses,
    problem_schemas,
    record_responses,
    revisions_responses,
    series_responses,
    shared_headers,
    shared_responses,
)
from api.rest.routes import METHODS
from api.rest.schemas import Schema, feature_schemas, ref, schemas, title

# The bytes of a file. A client that took them for text could parse NDJSON as JSON.
BINARY: Schema = {"type": "string", "format": "binary"}
DIFFERENCES = (
    "Compares the {plural} that match the filters, as they were known at two times: those that were added, changed or "
    "removed in between, and those that entered or left the filter."
)
CUT = (
    "An error after the first byte closes the connection. A response without the last chunk of HTTP is therefore "
    "incomplete."
)


def openapi(version: Version) -> dict[str, Any]:
    """Return the document."""
    tags = [{"name": resource.plural, "description": resource.description} for resource in version.lists.values()]
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": version.name, "description": overview(version), "license": LICENCE},
        "servers": [{"url": "/", "description": "The service that serves this document."}],
        # The empty requirement is that of callers without a key.
        "security": [{}, {"bearer": []}],
        "tags": [*tags, own.TAG],
        "paths": _paths(version),
        "components": {
            "schemas": schemas(version)
            | group_schemas(version)
            | choice_schemas(version)
            | feature_schemas()
            | own.schemas()
            | problem_schemas(),
            "parameters": shared_inputs(version),
            "headers": shared_headers(version),
            "responses": shared_responses(version),
            "securitySchemes": {"bearer": BEARER},
        },
    }


@cache
def text(version: Version) -> str:
    """Return the document as it is committed, and served if no public address is set."""
    return write(openapi(version))


def write(document: dict[str, Any]) -> str:
    """Return a document as text."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def served(document: dict[str, Any], public_url: str) -> str:
    """Return a document as a service with a public address serves it: the address is its server, and that of its code
    samples."""
    servers = [{"url": public_url, "description": "The service that serves this document."}]
    return write(document | {"servers": servers}).replace(EXAMPLE_URL, public_url)


def routes(version: Version, public_url: str = "") -> APIRouter:
    """Return the route that serves the document."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute)
    document = served(openapi(version), public_url) if public_url else text(version)
    content = CachedBody(document.encode())

    async def handle(request: HttpRequest) -> BytesResponse:
        check_accept(request)
        return await respond(request, content)

    router.add_api_route(
        "/openapi.json", handle, methods=METHODS, include_in_schema=False, name=f"{version.name}-openapi"
    )
    return router


def _paths(version: Version) -> dict[str, Schema]:
    paths: dict[str, Schema] = {}
    for operation in operations(version):
        describe = DESCRIBED[operation.kind]
        samples = {"x-codeSamples": code_samples(version, operation)}
        paths[f"/{version.name}{operation.path}"] = {"get": describe(version, operation) | samples}
    paths[f"/{version.name}/me"] = {"get": own.operation() | {"x-codeSamples": code_samples_of_me(version)}}
    if version.lifecycle.status != "current":
        for item in paths.values():
            item["get"]["deprecated"] = True
    return paths


def _describe_list(version: Version, operation: Operation) -> Schema:
    resource = operation.resource
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"List {resource.plural}",
        "description": f"{resource.description} Sorted by `{resource.sort}` unless `sort` is given. "
        f"{_describe_export_by_accept(version, resource)}",
        "parameters": list_inputs(version, resource),
        "responses": list_responses(version, ref(f"{title(resource)}Page"), examples(version).get(operation.id)),
    }


def _describe_export_by_accept(version: Version, resource: Resource) -> str:
    forms = ", ".join(f"`{form.media_type}`" for form in offered(version, resource))
    return (
        f"With an `Accept` header that prefers {forms} to JSON, the response is the whole filtered list in that "
        "format, as under the path with the name of the format. It has no pages, so `cursor` and `count` are not "
        "available, and `include` only in NDJSON. A wildcard selects a JSON page."
    )


def _describe_counts(version: Version, operation: Operation) -> Schema:
    resource = operation.resource
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"Count {resource.plural}",
        "description": f"Counts the {resource.plural} that match the filters, in groups by fields and by buckets of "
        "time. Records whose time is less precise than the bucket are counted in `unplaced`, not spread over buckets. "
        "A large list is counted from a sample, unless `quality=exact` is requested.",
        "parameters": count_inputs(version, resource),
        "responses": count_responses(version, ref(f"{title(resource)}Counts"), examples(version).get(operation.id)),
    }


def _describe_counts_file(version: Version, operation: Operation) -> Schema:
    inputs = count_inputs(version, operation.resource, file=True)
    about = (
        "One row per group, where `part` is `group`. The rows `rest`, `undated` and `coarser` count the records of no "
        "group, so that additive counts add up to the total."
    )
    return _describe_groups_file(version, operation, f"Count {operation.resource.plural} as CSV", about, inputs)


def _describe_series_file(version: Version, operation: Operation) -> Schema:
    inputs = series_inputs(version, operation.resource, file=True)
    about = (
        "One row per point. `part` is `point`, or `envelope` for the bounds over all sources. The rows `rest` and "
        "`undated` count the figures that no point shows."
    )
    return _describe_groups_file(version, operation, "Get figures over time as CSV", about, inputs)


def _describe_groups_file(
    version: Version, operation: Operation, summary: str, about: str, inputs: list[Schema]
) -> Schema:
    form = operation.format
    assert form is not None
    return {
        "operationId": operation.id,
        "tags": [operation.resource.plural],
        "summary": summary,
        "description": f"{about} Cells have the form of exports: text that a spreadsheet would run as a formula is "
        "prefixed with an apostrophe. The price is the same as for JSON.",
        "parameters": inputs,
        "responses": groups_file_responses(version, form.media_type, BINARY, about),
    }


def _describe_series(version: Version, operation: Operation) -> Schema:
    resource = operation.resource
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": "Get figures over time",
        "description": f"Returns the {resource.plural} that match the filters as time series: the last figure of each "
        "bucket, with the bounds of all figures in it. Open bounds stay open, nothing is averaged, and only figures "
        "with the basis `flow` are added up. `envelope` shows the bounds over all sources.",
        "parameters": series_inputs(version, resource),
        "responses": series_responses(
            version, ref(f"{title(resource)}SeriesList"), examples(version).get(operation.id)
        ),
    }


def _describe_export(version: Version, operation: Operation) -> Schema:
    resource, form = operation.resource, operation.format
    assert form is not None
    schema = ref(form.schema) if form.schema else BINARY
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"Export {resource.plural} as {form.name.upper()}",
        "description": f"Streams all {resource.plural} that match the filters. {form.description} {CUT}",
        "parameters": export_inputs(version, resource, form),
        "responses": export_responses(version, form.media_type, schema, form.description),
    }


def _describe_feed(version: Version, operation: Operation) -> Schema:
    resource, feed = operation.resource, operation.feed
    assert feed is not None
    schema: Schema = {"type": "object"} if feed is JSON_FEED else {"type": "string"}
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"Follow {resource.plural} as {feed.title}",
        "description": f"Returns the {resource.plural} that match the filters, latest changes first. "
        f"{feed.description}",
        "parameters": feed_inputs(version, resource),
        "responses": feed_responses(feed.media_type, schema, feed.description),
    }


def _describe_record(version: Version, operation: Operation) -> Schema:
    resource = operation.resource
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"Get one {resource.name} by its id",
        "description": f"{resource.description} A withdrawn record returns 410 with the reason."
        f"{_describe_json_ld(version)}",
        "parameters": record_inputs(version, resource),
        "responses": record_responses(version, ref(f"{title(resource)}Record"), examples(version).get(operation.id)),
    }


def _describe_json_ld(version: Version) -> str:
    if not offers_json_ld(version):
        return ""
    return (
        f" With an `Accept` header that prefers `{JSON_LD}` to JSON, the response is the record in terms of "
        "schema.org, with the records that belong to it. `include` is not available then."
    )


def _describe_revisions(version: Version, operation: Operation) -> Schema:
    resource = operation.resource
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"List the revisions of one {resource.name}",
        "description": "Returns the changes of the record and the fields that they affected, newest first. A withdrawn "
        "record has revisions, too. They contain nothing of an erased record.",
        "parameters": revision_inputs(version, resource),
        "responses": revisions_responses(
            version, ref(f"{title(resource)}RevisionPage"), examples(version).get(operation.id)
        ),
    }


def _describe_diff(version: Version, operation: Operation) -> Schema:
    resource = operation.resource
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"Compare {resource.plural} at two times",
        "description": f"{DIFFERENCES.format(plural=resource.plural)} Sorted by their last changes in between. "
        "Records that entered or left the filter without a change of their own come last.",
        "parameters": diff_inputs(version, resource),
        "responses": diff_responses(version, ref(f"{title(resource)}DiffPage"), examples(version).get(operation.id)),
    }


def _describe_diff_export(version: Version, operation: Operation) -> Schema:
    resource, form = operation.resource, operation.format
    assert form is not None
    return {
        "operationId": operation.id,
        "tags": [resource.plural],
        "summary": f"Export the differences of {resource.plural} as {form.name.upper()}",
        "description": f"{DIFFERENCES.format(plural=resource.plural)} Streams all of them. {form.description} {CUT}",
        "parameters": diff_inputs(version, resource, form),
        "responses": export_responses(version, form.media_type, BINARY, form.description),
    }


DESCRIBED: dict[Kind, Callable[[Version, Operation], Schema]] = {
    "list": _describe_list,
    "counts": _describe_counts,
    "counts_file": _describe_counts_file,
    "series": _describe_series,
    "series_file": _describe_series_file,
    "record": _describe_record,
    "revisions": _describe_revisions,
    "export": _describe_export,
    "diff": _describe_diff,
    "diff_export": _describe_diff_export,
    "feed": _describe_feed,
}
