"""The routes of a version: for each resource its list and its records. What they answer is decided elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

import orjson
from fastapi import APIRouter, Request
from starlette.types import Scope

from api.access.key import holds_key
from api.answer import Priced, Service
from api.catalog import Resource, Version
from api.errors import NotFound, Withdrawn
from api.http.admission import Admission
from api.http.facts import answered, charge_reading, requested
from api.http.media import fields, header, wanted
from api.http.problems import HTTPError
from api.http.respond import Bytes, respond, unchanged
from api.http.route import DataRoute, Handler
from api.memo import Memo
from api.rest.export import Exports, preferred
from api.rest.request import list_query, record_query

JSON = "application/json"
MEDIA_TYPE = JSON.encode()
PLANS_MOST = 8 * 1024 * 1024
# What a query is made of (RFC 3986, 3.4) beside letters and digits, and the sign of what is encoded already.
IN_QUERY = "!$&'()*+,;=:@/?-._~%"
METHODS = ["GET", "HEAD", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A request that was read before: how it is answered, and for a list the link to its next page without the cursor.
    The link is empty if the URL may contain a key, which the link would repeat."""

    priced: Priced
    link: str = ""


def routes(service: Service, admission: Admission, exports: Exports, version: Version) -> APIRouter:
    """The lists and the records of a version; a list goes out as a file where the client prefers one."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute)
    plans: Memo[Planned] = Memo(PLANS_MOST)
    for resource in version.lists.values():
        router.add_api_route(
            f"/{resource.plural}",
            _list(service, admission, exports, version, resource, plans),
            methods=METHODS,
            include_in_schema=False,
            name=f"{version.name}-list-{resource.plural}",
        )
        if resource.prefix:
            router.add_api_route(
                f"/{resource.plural}/{{identifier}}",
                _record(service, admission, version, resource, plans),
                methods=METHODS,
                include_in_schema=False,
                name=f"{version.name}-get-{resource.name}",
            )
    return router


def _list(
    service: Service,
    admission: Admission,
    exports: Exports,
    version: Version,
    resource: Resource,
    plans: Memo[Planned],
) -> Handler:
    async def handle(request: Request) -> Any:
        scope = request.scope
        scope["facts"].door = "rest"
        async with admission(scope) as caller:
            form = preferred(version, resource, scope)
            if form is not None:
                return await exports.response(version, resource, form, scope, caller)
            query_string: bytes = scope["query_string"]
            planned = plans.get((resource.name, query_string))
            about = requested(scope, MEDIA_TYPE)
            if same := _same(service, scope, about, planned):
                return same
            if planned is None:
                await charge_reading(service.gate, scope)
                priced = service.plan(list_query(version, resource, query_string), caller.plan)
                planned = Planned(priced, _next_page(scope))
                plans.put((resource.name, query_string), planned, _weight(priced, query_string))
            priced = planned.priced
            scope["facts"].outdated = priced.outdated
            reply = await answered(service, priced, scope, about)
            headers = [] if not reply.next or not planned.link else [_link(planned.link + reply.next)]
            return await respond(scope, reply, headers, tag=service.tag(about, priced, reply.mark))

    return handle


def _record(
    service: Service, admission: Admission, version: Version, resource: Resource, plans: Memo[Planned]
) -> Handler:
    async def handle(request: Request) -> Any:
        scope = request.scope
        scope["facts"].door = "rest"
        async with admission(scope) as caller:
            check_accept(scope)
            identifier = scope["path_params"]["identifier"]
            query_string: bytes = scope["query_string"]
            planned = plans.get((resource.name, identifier, query_string))
            about = requested(scope, MEDIA_TYPE)
            if same := _same(service, scope, about, planned):
                return same
            if planned is None:
                await charge_reading(service.gate, scope)
                priced = service.plan(record_query(version, resource, identifier, query_string), caller.plan)
                planned = Planned(priced)
                plans.put((resource.name, identifier, query_string), planned, _weight(priced, query_string))
            priced = planned.priced
            scope["facts"].outdated = priced.outdated
            reply = await answered(service, priced, scope, about)
            if reply.notes:
                raise missing(resource, reply.notes[0])
            return await respond(scope, reply, tag=service.tag(about, priced, reply.mark))

    return handle


def _same(service: Service, scope: Scope, about: bytes, planned: Planned | None) -> Bytes | None:
    """Return a 304 if the client's copy is current, without parsing the request. If the request is remembered, note the
    deprecated parts that it uses."""
    if b"if-none-match" not in fields(scope):
        return None
    if planned is not None:
        scope["facts"].outdated = planned.priced.outdated
    return unchanged(scope, partial(service.is_current, about))


def check_accept(scope: Scope) -> None:
    """Not acceptable, where the client takes no JSON."""
    accept = header(scope, b"accept")
    if accept not in ("", "*/*", JSON) and not wanted(accept, (JSON,)):
        raise HTTPError("not_acceptable", f"Offered here: {JSON}.")


def missing(resource: Resource, note: str) -> NotFound | Withdrawn:
    """Why there is no record, as the store's note tells it."""
    _, _, reason = orjson.loads(note)
    if reason is None:
        return NotFound(f"No {resource.name} has this id.")
    return Withdrawn(f"This {resource.name} was withdrawn: {reason}")


def _link(url: str) -> tuple[bytes, bytes]:
    return b"link", f'<{url}>; rel="next"'.encode("latin-1")


def _next_page(scope: Scope) -> str:
    if holds_key(unquote(scope["query_string"].decode("latin-1"))):
        return ""
    pairs = [one for one in scope["query_string"].split(b"&") if one and not one.startswith(b"cursor=")]
    # As it was sent, but for what no URL has: a `>` would end the link, and what follows it would be another.
    return f"{quote(scope['path'])}?{quote(b'&'.join([*pairs, b'cursor=']), safe=IN_QUERY)}"


def _weight(priced: Priced, query_string: bytes) -> int:
    """About how many bytes a remembered plan takes."""
    return (
        500
        + 4 * len(query_string)
        + len(priced.statement.sql)
        + sum(len(repr(one)) for one in priced.statement.arguments)
    )
