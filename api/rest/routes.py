"""The routes of a version, and the endpoints of its operations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, unquote

import orjson
from fastapi import APIRouter

from api.access.caller import Caller
from api.access.key import holds_key
from api.cache import SizedCache
from api.catalog import Resource, Version
from api.errors import NotFound, Withdrawn
from api.http.media_types import choose_media_type
from api.http.problems import HTTPError
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, plain_tags, respond, unchanged
from api.http.route import DataRoute, Endpoint
from api.http.streaming import StreamedResponse
from api.middleware.authentication import Authentication
from api.rest.export import ExportEndpoint, preferred_format
from api.rest.operations import Kind, Operation, operations
from api.rest.parameters import Parameter, parameters
from api.rest.request import list_query, record_query
from api.rest.url import merge_repeated
from api.service import PreparedQuery, Service

JSON = "application/json"
MEDIA_TYPE = JSON.encode()
# Values of Accept that nearly all clients send, and that mean JSON.
ACCEPTS_JSON = (b"", b"*/*", MEDIA_TYPE)
MAX_REMEMBERED_BYTES = 8 * 1024 * 1024
# The characters of a query (RFC 3986, 3.4) beside letters and digits, and the percent sign of what is encoded already.
IN_QUERY = "!$&'()*+,;=:@/?-._~%"
METHODS = ["GET", "HEAD", "OPTIONS"]


@dataclass(frozen=True, slots=True)
class CachedRequest:
    """A request that was read before: its query, its identity in entity tags, for a list the link to its next page
    without the cursor, and for a record its resource. The link is empty if the URL may contain a key, which the link
    would repeat."""

    query: PreparedQuery
    identity: bytes
    link: str = ""
    resource: Resource | None = None


class RestApi:
    """The REST API of one version, with an endpoint for each of its operations."""

    def __init__(
        self, service: Service, authentication: Authentication, exports: ExportEndpoint, version: Version
    ) -> None:
        self._service = service
        self._authentication = authentication
        self._exports = exports
        self._version = version
        self._remembered: SizedCache[CachedRequest] = SizedCache(MAX_REMEMBERED_BYTES)

    def endpoint(self, operation: Operation) -> Endpoint:
        """Return the endpoint of an operation."""
        make_endpoint: dict[Kind, Callable[[Operation], Endpoint]] = {
            "list": self._list_endpoint,
            "record": self._record_endpoint,
            "export": self._export_endpoint,
        }
        return make_endpoint[operation.kind](operation)

    def _list_endpoint(self, operation: Operation) -> Endpoint:
        version, resource = self._version, operation.resource
        filters = parameters(version, resource)

        async def answer(request: HttpRequest) -> BytesResponse | StreamedResponse:
            request.context.api = "rest"
            caller = await self._authentication.admit(request)
            accept = request.fields.get(b"accept", b"")
            if accept not in ACCEPTS_JSON:
                form = preferred_format(version, resource, request)
                if form is not None:
                    return await self._exports.response(version, resource, form, request)

            def read(query_string: bytes) -> CachedRequest:
                query = self._service.prepare(list_query(version, resource, request.query_string), caller)
                link = _next_page_url(request.path, query_string, self._service.settings.public_url)
                return CachedRequest(query, _identify(request.raw_path, query_string), link)

            return await self._answer(request, caller, (resource.name, request.query_string), filters, read)

        return answer

    def _record_endpoint(self, operation: Operation) -> Endpoint:
        version, resource = self._version, operation.resource

        async def answer(request: HttpRequest) -> BytesResponse:
            request.context.api = "rest"
            caller = await self._authentication.admit(request)
            if request.fields.get(b"accept", b"") not in ACCEPTS_JSON:
                check_accept(request)
            identifier = request.path_value

            def read(query_string: bytes) -> CachedRequest:
                query = record_query(version, resource, identifier, request.query_string)
                identity = _identify(request.raw_path, query_string)
                return CachedRequest(self._service.prepare(query, caller), identity, resource=resource)

            return await self._answer(request, caller, (resource.name, identifier, request.query_string), {}, read)

        return answer

    def _export_endpoint(self, operation: Operation) -> Endpoint:
        version, resource, form = self._version, operation.resource, operation.format
        assert form is not None

        async def answer(request: HttpRequest) -> StreamedResponse:
            # The path names the format. Generated clients send an Accept of problems alone.
            await self._authentication.admit(request)
            return await self._exports.response(version, resource, form, request)

        return answer

    async def _answer(
        self,
        request: HttpRequest,
        caller: Caller,
        key: Hashable,
        filters: dict[str, Parameter],
        read: Callable[[bytes], CachedRequest],
    ) -> BytesResponse:
        """Answer a list or a record. `read` reads a request that is not remembered under the key; it takes the query
        with each of the `filters` once."""
        service, context = self._service, request.context
        cached = self._remembered.get(key)
        if cached is None:
            query_string = merge_repeated(request.query_string, filters)
            identity = _identify(request.raw_path, query_string)
        else:
            identity = cached.identity
        tags: Sequence[str] = ()
        if b"if-none-match" in request.fields:
            if cached is not None:
                context.outdated = cached.query.outdated
            not_modified = unchanged(request, partial(service.is_current, context, identity))
            if not_modified is not None:
                return not_modified
            tags = plain_tags(request)
        if cached is None:
            await self._authentication.charge_reading(context)
            cached = read(query_string)
            self._remembered.put(key, cached, _estimate_size(cached.query, request.query_string))
        else:
            service.check(cached.query.cost, caller)
        context.outdated = cached.query.outdated
        outcome = await service.execute(cached.query, context, identity, tags)
        reply = outcome.reply
        if reply.notes and cached.resource is not None:
            raise missing_record(cached.resource, reply.notes[0])
        headers = []
        if reply.next and cached.link:
            headers.append(_link_header(cached.link + reply.next))
        return await respond(request, reply, headers, tag=outcome.tag)


def routes(service: Service, authentication: Authentication, exports: ExportEndpoint, version: Version) -> APIRouter:
    """Return the routes of a version's operations. A list is sent as a file if the client prefers one."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute)
    rest = RestApi(service, authentication, exports, version)
    for operation in operations(version):
        router.add_api_route(
            operation.route,
            rest.endpoint(operation),
            methods=METHODS,
            include_in_schema=False,
            name=f"{version.name}-{operation.id}",
        )
    return router


def check_accept(request: HttpRequest) -> None:
    """Raise HTTPError (406) if the client does not accept JSON."""
    if not choose_media_type(request.header(b"accept"), (JSON,)):
        raise HTTPError("not_acceptable", f"Offered here: {JSON}.")


def missing_record(resource: Resource, note: str) -> NotFound | Withdrawn:
    """Return the error for a record that is not there, from the store's note."""
    _, _, reason = orjson.loads(note)
    if reason is None:
        return NotFound(f"No {resource.name} has this id.")
    return Withdrawn(f"This {resource.name} was withdrawn: {reason}")


def _link_header(url: str) -> tuple[bytes, bytes]:
    return b"link", f'<{url}>; rel="next"'.encode("latin-1")


def _identify(raw_path: bytes, query_string: bytes) -> bytes:
    """Return the identity of a request for JSON in entity tags."""
    return b"%b\0%b\0%b" % (raw_path, query_string, MEDIA_TYPE)


def _next_page_url(path: str, query_string: bytes, public_url: str) -> str:
    """Return the URL of the next page up to its cursor; empty if the query may contain a key."""
    if holds_key(unquote(query_string.decode("latin-1"))):
        return ""
    pairs = [pair for pair in query_string.split(b"&") if pair and not pair.startswith(b"cursor=")]
    next_query = b"&".join([*pairs, b"cursor="])
    # As it was sent, except for what no URL contains: a `>` would end the link, and what follows would be another one.
    return f"{public_url}{quote(path)}?{quote(next_query, safe=IN_QUERY)}"


def _estimate_size(query: PreparedQuery, query_string: bytes) -> int:
    """Return about how many bytes a remembered query takes."""
    statement = query.statement
    arguments = sum(len(repr(argument)) for argument in statement.arguments)
    return 500 + 4 * len(query_string) + len(statement.sql) + arguments
