"""The routes of `/admin`: check the caller, read the body, do the operation, and answer without caching."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ValidationError

from api.access.caller import ADMIN
from api.errors import Fault, InvalidRequest, Unknown, UnknownName
from api.http.body import read_body
from api.http.json_body import read_json
from api.http.parameters import FAULTS_MOST, Faults, read_pairs
from api.http.problems import HTTPError
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.route import DataRoute, Endpoint
from api.middleware.authentication import Authentication
from api.rest.access.contract import document
from api.rest.access.operations import OPERATIONS, PAGE, AdminOperation, AdminRequest
from api.settings import Settings
from api.store.access import AccessStore

JSON = "application/json"
LIMIT_MOST = 1000
PRIVATE = (b"cache-control", b"no-store")


def routes(store: AccessStore, authentication: Authentication, settings: Settings) -> APIRouter:
    """Return the routes of `/admin/…`."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    contract = orjson.dumps(document())

    async def describe(request: HttpRequest) -> Any:
        return private(contract)

    router.add_api_route("/admin/openapi.json", describe, methods=["GET", "HEAD", "OPTIONS"])
    for path, group in groupby(sorted(OPERATIONS, key=lambda one: one.path), key=lambda one: one.path):
        offered = {one.method: one for one in group}
        if "GET" in offered:
            offered["HEAD"] = offered["GET"]
        router.add_api_route(path, _handler(offered, store, authentication, settings), methods=[*offered, "OPTIONS"])
    return router


def private(body: bytes, status: int = 200) -> BytesResponse:
    """Return an answer that is for this caller alone."""
    response = BytesResponse(body, status=status)
    response.headers.append(PRIVATE)
    return response


def _handler(
    offered: dict[str, AdminOperation], store: AccessStore, authentication: Authentication, settings: Settings
) -> Endpoint:
    async def handle(request: HttpRequest) -> BytesResponse:
        caller = await authentication.admit(request, ADMIN)
        operation = offered[request.method]
        body = await _body(operation, request, settings)
        cursor, limit = _page(operation, request.query_string)
        ends = datetime.fromisoformat(caller.expires) if caller.expires else None
        asked = AdminRequest(
            store, settings.key_environment, f"key: {caller.key_id}", request.path_value, body, cursor, limit, ends
        )
        return _answer(operation, await operation.handle(asked), limit)

    return handle


async def _body(operation: AdminOperation, request: HttpRequest, settings: Settings) -> BaseModel | None:
    if operation.takes is None:
        return None
    sent = await read_body(request, settings)
    if sent and request.header(b"content-type").partition(";")[0].strip().lower() != JSON:
        raise HTTPError("unsupported_media_type", f"Send {JSON}.")
    try:
        read_json(sent or b"{}")
    except ValueError as error:
        raise InvalidRequest.of([Fault("body", str(error))]) from None
    try:
        return operation.takes.model_validate_json(sent or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[:FAULTS_MOST]
        faults = [_fault(operation.takes, one) for one in first]
        raise InvalidRequest.of(faults, error.error_count()) from None


def _fault(model: type[BaseModel], error: Any) -> Fault:
    where = ".".join(str(part)[:100] for part in error["loc"]) or "body"
    if error["type"] == "extra_forbidden":
        return Fault(where, "There is no such field here.", unknown=Unknown(where, model.model_fields))
    return Fault(where, error["msg"].removeprefix("Value error, ").rstrip(".") + ".")


def _page(operation: AdminOperation, query_string: bytes) -> tuple[str | None, int]:
    faults = Faults()
    given = read_pairs(query_string, faults)
    known = ("limit", "cursor") if operation.place else ()
    for name in given.keys() - known:
        faults.note(name, UnknownName("There is no such parameter here.", name, known))
    limit, cursor = given.get("limit", str(PAGE)), given.get("cursor")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:10]) <= LIMIT_MOST):
        faults.note("limit", f"Expected a whole number from 1 to {LIMIT_MOST:,}.")
    if cursor is not None and not _is_place(operation, cursor):
        faults.note("cursor", "Expected the next_cursor of a page of this list.")
    faults.check()
    return cursor, int(limit)


def _is_place(operation: AdminOperation, cursor: str) -> bool:
    digits = cursor.isascii() and cursor.isdigit() and len(cursor) <= 18
    return digits if operation.place == "seq" else cursor.isascii() and cursor.startswith("key_") and len(cursor) == 16


def _answer(operation: AdminOperation, found: Any, limit: int) -> BytesResponse:
    if operation.answers is None:
        return private(b"", operation.status)
    model = operation.answers
    if not operation.many:
        return private(orjson.dumps({"data": model(**found).model_dump(mode="json")}), operation.status)
    shown = found[:limit] if operation.place else found
    told: dict[str, Any] = {"data": [model(**row).model_dump(mode="json") for row in shown]}
    if operation.place:
        more = len(found) > limit
        told["page"] = {"next_cursor": str(shown[-1][operation.place]) if more else None, "has_more": more}
    return private(orjson.dumps(told))
