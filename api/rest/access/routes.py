"""The routes of `/admin`: check the caller, read the body, do the operation, and answer without caching."""

from __future__ import annotations

import re
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
from fastapi import APIRouter
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from api.access.caller import ADMIN
from api.errors import Fault, InvalidRequest, Unknown, UnknownName
from api.http.body import read_body
from api.http.json_body import read_json
from api.http.parameters import MAX_FAULTS, Faults, read_pairs
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
MAX_LIMIT = 1000
LIMIT = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)
PRIVATE = (b"cache-control", b"no-store")


def routes(store: AccessStore, authentication: Authentication, settings: Settings) -> APIRouter:
    """Return the routes of `/admin/…`."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    contract = orjson.dumps(document())

    async def describe(request: HttpRequest) -> BytesResponse:
        return private(contract)

    router.add_api_route("/admin/openapi.json", describe, methods=["GET", "HEAD", "OPTIONS"])
    by_path: dict[str, dict[str, AdminOperation]] = {}
    for operation in sorted(OPERATIONS, key=attrgetter("path")):
        by_path.setdefault(operation.path, {})[operation.method] = operation
    for path, by_method in by_path.items():
        if "GET" in by_method:
            by_method["HEAD"] = by_method["GET"]
        handler = _handler(by_method, store, authentication, settings)
        router.add_api_route(path, handler, methods=[*by_method, "OPTIONS"])
    return router


def private(body: bytes, status: int = 200) -> BytesResponse:
    """Return an answer that is for this caller alone."""
    response = BytesResponse(body, status=status)
    response.headers.append(PRIVATE)
    return response


def _handler(
    by_method: dict[str, AdminOperation], store: AccessStore, authentication: Authentication, settings: Settings
) -> Endpoint:
    async def handle(request: HttpRequest) -> BytesResponse:
        caller = await authentication.admit(request, ADMIN)
        operation = by_method[request.method]
        body = await _read_body(operation, request, settings)
        cursor, limit = _read_page(operation, request.query_string)
        key_expiry = datetime.fromisoformat(caller.expires) if caller.expires else None
        admin_request = AdminRequest(
            store,
            settings.key_environment,
            actor=f"key: {caller.key_id}",
            path_value=request.path_value,
            body=body,
            cursor=cursor,
            limit=limit,
            key_expiry=key_expiry,
        )
        result = await operation.handle(admin_request)
        return _response(operation, result, limit)

    return handle


async def _read_body(operation: AdminOperation, request: HttpRequest, settings: Settings) -> BaseModel | None:
    if operation.takes is None:
        return None
    body = await read_body(request, settings)
    media_type = request.header(b"content-type").partition(";")[0].strip().lower()
    if body and media_type != JSON:
        raise HTTPError("unsupported_media_type", f"Send {JSON}.")
    if not body:
        body = b"{}"
    try:
        read_json(body)
    except ValueError as error:
        raise InvalidRequest.of([Fault("body", str(error))]) from None
    try:
        return operation.takes.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[:MAX_FAULTS]
        faults = [_fault(operation.takes, detail) for detail in details]
        raise InvalidRequest.of(faults, error.error_count()) from None


def _fault(model: type[BaseModel], error: ErrorDetails) -> Fault:
    where = ".".join(str(part)[:100] for part in error["loc"]) or "body"
    if error["type"] == "extra_forbidden":
        return Fault(where, "There is no such field here.", unknown=Unknown(where, model.model_fields))
    return Fault(where, error["msg"].removeprefix("Value error, ").rstrip(".") + ".")


def _read_page(operation: AdminOperation, query_string: bytes) -> tuple[str | None, int]:
    faults = Faults()
    texts = read_pairs(query_string, faults)
    known = ("limit", "cursor") if operation.place else ()
    for name in texts:
        if name not in known:
            faults.note(name, UnknownName("There is no such parameter here.", name, known))
    limit, cursor = texts.get("limit", str(PAGE)), texts.get("cursor")
    if not _is_limit(limit):
        faults.note("limit", f"Expected a whole number from 1 to {MAX_LIMIT:,}.")
    if cursor is not None and not _is_cursor(operation, cursor):
        faults.note("cursor", "Expected the next_cursor of a page of this list.")
    faults.check()
    return cursor, int(limit)


def _is_limit(text: str) -> bool:
    return LIMIT.fullmatch(text) is not None and int(text) <= MAX_LIMIT


def _is_cursor(operation: AdminOperation, text: str) -> bool:
    if not text.isascii():
        return False
    if operation.place == "seq":
        return text.isdigit() and len(text) <= 18
    return text.startswith("key_") and len(text) == 16


def _response(operation: AdminOperation, result: Any, limit: int) -> BytesResponse:
    model = operation.answers
    if model is None:
        return private(b"", operation.status)
    if not operation.many:
        return private(orjson.dumps({"data": _to_json(model, result)}), operation.status)
    rows = result[:limit] if operation.place else result
    body: dict[str, Any] = {"data": [_to_json(model, row) for row in rows]}
    if operation.place:
        has_more = len(result) > limit
        next_cursor = str(rows[-1][operation.place]) if has_more else None
        body["page"] = {"next_cursor": next_cursor, "has_more": has_more}
    return private(orjson.dumps(body))


def _to_json(model: type[BaseModel], row: dict[str, Any]) -> dict[str, Any]:
    return model(**row).model_dump(mode="json")
