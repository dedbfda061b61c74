"""The route of a version's GraphQL. A request takes a third of the time that it takes with Strawberry's own router."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import orjson
import structlog
from fastapi import APIRouter

from api.access.access_control import Charge
from api.access.caller import Caller
from api.catalog import DeprecatedPart, Version
from api.graphql.console import page
from api.graphql.executor import Executor, from_store
from api.graphql.problems import body
from api.graphql.request import ACCEPTED, HTML, MEDIA_TYPE, check_content_type, media_type, status_of
from api.graphql.scheduler import DocumentScheduler
from api.http.body import read_body
from api.http.problems import headers_of
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, packed, plain_tags, respond, unchanged
from api.http.route import DataRoute
from api.middleware import deprecation
from api.middleware.authentication import Authentication
from api.service import Service

log = structlog.get_logger("briefing")


def routes(
    service: Service, authentication: Authentication, version: Version, scheduler: DocumentScheduler
) -> APIRouter:
    """Return `/vN/graphql`: POST and GET, and the console for a browser that opens it. All versions share the
    scheduler."""
    router = APIRouter(route_class=DataRoute)
    endpoint = _Endpoint(service, authentication, Executor(service, version, scheduler), version)
    router.add_api_route(
        f"/{version.name}/graphql", endpoint.handle, methods=["GET", "HEAD", "POST", "OPTIONS"], include_in_schema=False
    )
    return router


class _Endpoint:
    def __init__(self, service: Service, authentication: Authentication, executor: Executor, version: Version) -> None:
        self._service = service
        self._authentication = authentication
        self._executor = executor
        self._version = version

    async def handle(self, request: HttpRequest) -> BytesResponse:
        """Answer a request. An error is an answer in GraphQL's own shape."""
        context = request.context
        context.api = "graphql"
        kind = ACCEPTED.get(request.fields.get(b"accept", b""))
        if kind is None:
            kind = media_type(request)
        if kind == HTML:
            return page(self._version)
        media = f"{kind}; charset=utf-8".encode()
        try:
            caller = await self._authentication.admit(request)
            return await self._answer(request, caller, media)
        except Exception as raised:
            error = await self._authentication.settle_error(context, raised)
            status = status_of(error, kind)
            if status == 500:
                log.exception("internal error", request_id=request.id, route=context.route)
            response = BytesResponse(body(error), media, status)
            response.headers += [(b"cache-control", b"no-store"), *headers_of(error)]
            return response

    async def _answer(self, request: HttpRequest, caller: Caller, media: bytes) -> BytesResponse:
        context = request.context
        identity: bytes | None
        if request.method == "POST":
            if request.fields.get(b"content-type") != MEDIA_TYPE:
                check_content_type(request)
            sent = await read_body(request, self._service.settings)
            # An answer to a POST has no entity tag.
            identity = None
            key = b"+" + sent
        else:
            sent = request.query_string
            identity = request.target + media
            key = b"?" + sent
        prepared = self._executor.prepared_requests.get(key)
        if prepared is not None and prepared.dated != self._service.changes.timeline.dated:
            prepared = None
        if prepared is not None:
            if prepared.named or caller.plan.trusted_only:
                await self._executor.persisted.check(prepared.document_hash, prepared.named, caller)
            context.outdated = prepared.outdated
        # For a plan with trusted documents only, the document has to be known first.
        if identity is not None and (prepared is not None or not caller.plan.trusted_only):
            same = unchanged(request, partial(self._service.is_current, context, identity), weak=True)
            if same is not None:
                return same
        if prepared is None:
            await self._authentication.charge_reading(context)
            prepared = await self._executor.prepare(request.method, sent, key, caller)
            context.outdated = prepared.outdated
        elif prepared.query is not None:
            self._service.check(prepared.query.cost, caller)
        tag = None
        if prepared.query is None or prepared.introspection is not None:
            # Answers about the schema have no mark of the store, and so no entity tag.
            answer = await self._executor.introspect(prepared, context)
        else:
            client_tags: Sequence[str] = ()
            if identity is not None:
                client_tags = plain_tags(request)
            outcome = await self._service.execute(prepared.query, context, identity, client_tags)
            answer = from_store(outcome)
            if identity is not None:
                tag = outcome.tag
        assert context.charge is not None
        editions = b""
        if self._version.history and prepared.query is not None:
            editions = _write_editions(prepared.query.statement.editions, context.edition)
        end = _response_end(context.charge, prepared.outdated, editions)
        if tag is None:
            response = await packed(request, answer, media, end)
            response.headers.append((b"cache-control", b"no-store"))
            return response
        return await respond(request, answer, media_type=media, tag=tag, end=end)


def _write_editions(editions: tuple[tuple[str, int | None], ...], present: str) -> bytes:
    """Return the member of `extensions` with the edition of each root: one that was named, null if that is
    before the first one, or that of the present. It is empty if no root reads the store."""
    if not editions:
        return b""
    numbers: dict[str, int | None] = {}
    for key, edition in editions:
        if edition is None:
            numbers[key] = int(present)
        else:
            numbers[key] = edition or None
    return b',"editions":%b' % orjson.dumps(numbers)


def _response_end(charge: Charge, outdated: tuple[DeprecatedPart, ...], editions: bytes = b"") -> bytes:
    """Return the end of a response: the price, what the request cost in the end, the points left of the limit that has
    fewest, the seconds until that limit is full, the editions of its roots, and the deprecated parts of the
    operation."""
    members = editions
    if outdated:
        members += b',"deprecations":%b' % orjson.dumps(outdated)
    if charge.left is None:
        return b',"extensions":{"cost":{"requested":%d,"actual":%d}%b}}' % (charge.price, charge.used, members)
    # The points left and the seconds, for one limit after the other.
    points, seconds = charge.standing[::2], charge.standing[1::2]
    remaining, reset = min(zip(points, seconds, strict=True))
    return b',"extensions":{"cost":{"requested":%d,"actual":%d,"remaining":%d,"reset":%d}%b}}' % (
        charge.price,
        charge.used,
        remaining,
        reset,
        members,
    )


def retired(version: Version) -> APIRouter:
    """Return the route of `/vN/graphql` of a version that is no longer served: 410 in GraphQL's own shape."""
    router = APIRouter(route_class=DataRoute)

    async def handle(request: HttpRequest) -> BytesResponse:
        kind = media_type(request)
        error = deprecation.retired(version)
        if kind == HTML:
            raise error
        response = BytesResponse(body(error), f"{kind}; charset=utf-8".encode(), 410)
        response.headers.append((b"cache-control", b"no-store"))
        return response

    router.add_api_route(
        f"/{version.name}/graphql", handle, methods=["GET", "HEAD", "POST", "OPTIONS"], include_in_schema=False
    )
    return router
