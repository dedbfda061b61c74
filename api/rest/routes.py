"""The routes of a version, and the endpoints of its operations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import quote

import orjson
from fastapi import APIRouter

from api.access.caller import Caller
from api.cache import SizedCache
from api.catalog import Resource, Version
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, CachePolicy, Headers, plain_tags, respond, unchanged
from api.http.route import DataRoute, Endpoint
from api.http.streaming import StreamedResponse
from api.middleware.authentication import Authentication
from api.query import EditionFinder, Query
from api.rest.accept import ACCEPTS_JSON, MEDIA_TYPE, OtherForm, check_accept, preferred_form
from api.rest.answer_urls import may_hold_key, quote_query, url_up_to
from api.rest.cached_request import MAX_REMEMBERED_BYTES, CachedRequest, estimate_size
from api.rest.diff import diff_export_request, diff_query, write_diff_permalink
from api.rest.export import ExportEndpoint, preferred_format
from api.rest.group_request import counts_query, series_query
from api.rest.include import read_include
from api.rest.json_ld import MEDIA_TYPE as JSON_LD
from api.rest.json_ld import included_paths, write_json_ld
from api.rest.memento import LINK_FORMAT, PUBLIC, Addresses, cache_policy, memento_headers, timemap
from api.rest.operations import Kind, Operation, operations
from api.rest.parameters import Parameter, parameters
from api.rest.request import export_request, list_query, record_query, revisions_query
from api.rest.url import merge_repeated
from api.service import PreparedQuery, Service
from api.service.absence import missing_record
from api.service.entity_tags import names_edition

METHODS = ["GET", "HEAD", "OPTIONS"]
# A function that makes the Query of a list's path from the query of a URL.
QueryMaker = Callable[[Version, Resource, bytes, EditionFinder, str], Query]


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
            "counts": partial(self._groups_endpoint, counts_query),
            "counts_file": partial(self._groups_endpoint, partial(counts_query, file=True)),
            "series": partial(self._groups_endpoint, series_query),
            "series_file": partial(self._groups_endpoint, partial(series_query, file=True)),
            "record": self._record_endpoint,
            "revisions": self._revisions_endpoint,
            "export": self._export_endpoint,
            "diff": self._diff_endpoint,
            "diff_export": self._export_endpoint,
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

            accept_datetime = request.fields.get(b"accept-datetime", b"") if version.history else b""

            def read(merged_query: bytes, finder: EditionFinder) -> CachedRequest:
                addresses = self._addresses(request, merged_query)
                query = list_query(
                    version,
                    resource,
                    request.query_string,
                    finder,
                    accept_datetime.decode("latin-1"),
                    addresses.permalink,
                )
                link = self._next_page_url(request, merged_query)
                return self._make_cached_request(
                    request, merged_query, self._service.prepare(query, caller), addresses, link
                )

            key = (operation.kind, resource.name, request.query_string, accept_datetime)
            return await self._answer(request, caller, key, filters, read)

        return answer

    def _groups_endpoint(self, make_query: QueryMaker, operation: Operation) -> Endpoint:
        """Return the endpoint of counts or of series, which have no pages. The path of a file names its format."""
        version, resource = self._version, operation.resource
        filters = parameters(version, resource)
        form = operation.format

        async def answer(request: HttpRequest) -> BytesResponse:
            request.context.api = "rest"
            caller = await self._authentication.admit(request)
            if form is None and request.fields.get(b"accept", b"") not in ACCEPTS_JSON:
                check_accept(request)
            accept_datetime = request.fields.get(b"accept-datetime", b"") if version.history else b""

            def read(merged_query: bytes, finder: EditionFinder) -> CachedRequest:
                addresses = self._addresses(request, merged_query)
                query = make_query(version, resource, request.query_string, finder, accept_datetime.decode("latin-1"))
                cached = self._make_cached_request(
                    request, merged_query, self._service.prepare(query, caller), addresses
                )
                if form is None:
                    return cached
                name = operation.path.removeprefix("/").replace("/", "-")
                disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
                return replace(cached, headers=(*cached.headers, disposition), media_type=form.content_type)

            key = (operation.kind, resource.name, request.query_string, accept_datetime)
            return await self._answer(request, caller, key, filters, read)

        return answer

    def _record_endpoint(self, operation: Operation) -> Endpoint:
        version, resource = self._version, operation.resource
        links_of_json_ld = read_include(version, resource, included_paths(version, resource))

        def write(request: HttpRequest, body: bytes) -> bytes:
            record = orjson.loads(body)["data"]
            return orjson.dumps(write_json_ld(version, resource, record, self._service.settings.public_url))

        json_ld = OtherForm(JSON_LD, write)

        async def answer(request: HttpRequest) -> BytesResponse:
            request.context.api = "rest"
            caller = await self._authentication.admit(request)
            form = None
            if request.fields.get(b"accept", b"") not in ACCEPTS_JSON:
                form = preferred_form(version, request, json_ld)
            identifier = request.path_value
            accept_datetime = request.fields.get(b"accept-datetime", b"") if version.history else b""

            def read(merged_query: bytes, finder: EditionFinder) -> CachedRequest:
                query = record_query(
                    version,
                    resource,
                    identifier,
                    request.query_string,
                    finder,
                    accept_datetime.decode("latin-1"),
                    None if form is None else links_of_json_ld,
                )
                addresses = self._addresses(request, merged_query)
                if addresses.original:
                    path = f"{self._service.settings.public_url}{quote(request.path)}"
                    addresses = replace(addresses, timemap=f"{path}/revisions")
                prepared = self._service.prepare(query, caller)
                return self._make_cached_request(
                    request, merged_query, prepared, addresses, resource=resource, form=form
                )

            key = (operation.kind, resource.name, identifier, request.query_string, accept_datetime, form is None)
            return await self._answer(request, caller, key, {}, read, form)

        return answer

    def _revisions_endpoint(self, operation: Operation) -> Endpoint:
        version, resource = self._version, operation.resource
        links = OtherForm(LINK_FORMAT, self._write_timemap)

        async def answer(request: HttpRequest) -> BytesResponse:
            request.context.api = "rest"
            caller = await self._authentication.admit(request)
            form = None
            if request.fields.get(b"accept", b"") not in ACCEPTS_JSON:
                form = preferred_form(version, request, links)
            identifier = request.path_value
            accept_datetime = request.fields.get(b"accept-datetime", b"")

            def read(merged_query: bytes, finder: EditionFinder) -> CachedRequest:
                addresses = self._addresses(request, merged_query)
                query = revisions_query(
                    version,
                    resource,
                    identifier,
                    request.query_string,
                    finder,
                    accept_datetime.decode("latin-1"),
                    addresses.permalink,
                )
                link = self._next_page_url(request, merged_query)
                prepared = self._service.prepare(query, caller)
                return self._make_cached_request(request, merged_query, prepared, addresses, link, resource, form)

            key = ("revisions", resource.name, identifier, request.query_string, accept_datetime, form is None)
            return await self._answer(request, caller, key, {}, read, form)

        return answer

    def _export_endpoint(self, operation: Operation) -> Endpoint:
        version, resource, form = self._version, operation.resource, operation.format
        assert form is not None
        read_export = diff_export_request if operation.kind == "diff_export" else export_request

        async def answer(request: HttpRequest) -> StreamedResponse:
            # The path names the format. Generated clients send an Accept of problems alone.
            await self._authentication.admit(request)
            return await self._exports.response(version, resource, form, request, read_export)

        return answer

    def _diff_endpoint(self, operation: Operation) -> Endpoint:
        version, resource = self._version, operation.resource
        filters = parameters(version, resource)

        async def answer(request: HttpRequest) -> BytesResponse:
            request.context.api = "rest"
            caller = await self._authentication.admit(request)
            if request.fields.get(b"accept", b"") not in ACCEPTS_JSON:
                check_accept(request)

            def read(merged_query: bytes, finder: EditionFinder) -> CachedRequest:
                public_url = self._service.settings.public_url
                url = url_up_to(request.path, merged_query, public_url, (b"from", b"to"), b"from=")
                query = diff_query(version, resource, request.query_string, finder, url)
                link = self._next_page_url(request, merged_query)
                prepared = self._service.prepare(query, caller)
                headers: Headers = []
                if url:
                    location = write_diff_permalink(url, query, prepared.statement.edition)
                    headers.append((b"content-location", location.encode("latin-1")))
                identity, dated = self._identify(request, merged_query), self._service.changes.timeline.dated
                return CachedRequest(prepared, identity, link, headers=tuple(headers), dated=dated)

            key = ("diff", resource.name, request.query_string)
            return await self._answer(request, caller, key, filters, read)

        return answer

    def _write_timemap(self, request: HttpRequest, body: bytes) -> bytes:
        """Return a page of revisions as a TimeMap."""
        own = f"{self._service.settings.public_url}{quote(request.path)}"
        original = own.removesuffix("/revisions")
        if request.query_string and not may_hold_key(request.query_string):
            own += f"?{quote_query([request.query_string])}"
        return timemap(body, original, own, self._service.changes.timeline.store)

    def _next_page_url(self, request: HttpRequest, query_string: bytes) -> str:
        """Return the URL of the next page up to its cursor."""
        return url_up_to(request.path, query_string, self._service.settings.public_url, (b"cursor",), b"cursor=")

    def _addresses(self, request: HttpRequest, query_string: bytes) -> Addresses:
        """Return the URLs of what is requested. A version without a history has none."""
        if not self._version.history:
            return Addresses()
        public_url = self._service.settings.public_url
        permalink = url_up_to(request.path, query_string, public_url, (b"known_at",), b"known_at=")
        if not permalink:
            return Addresses()
        return Addresses(permalink.removesuffix("known_at=")[:-1], permalink)

    def _make_cached_request(
        self,
        request: HttpRequest,
        query_string: bytes,
        query: PreparedQuery,
        addresses: Addresses,
        link: str = "",
        resource: Resource | None = None,
        form: OtherForm | None = None,
    ) -> CachedRequest:
        """Return a request that was read, in the form in which it is remembered."""
        headers: Headers = []
        timeline = self._service.changes.timeline
        if self._version.history and query.statement.edition:
            headers = memento_headers(addresses, query.statement.edition, timeline)
        identity = self._identify(request, query_string, form)
        permalink = f"{addresses.permalink}e" if addresses.permalink else ""
        return CachedRequest(query, identity, link, resource, tuple(headers), permalink, timeline.dated)

    def _identify(self, request: HttpRequest, query_string: bytes, form: OtherForm | None = None) -> bytes:
        """Return the identity of a request in entity tags."""
        media_type = MEDIA_TYPE if form is None else form.media_type.encode()
        identity = b"%b\0%b\0%b" % (request.raw_path, query_string, media_type)
        accept_datetime = request.fields.get(b"accept-datetime")
        if accept_datetime is None or not self._version.history:
            return identity
        return b"%b\0%b" % (identity, accept_datetime)

    def _policy(self, caller: Caller, tag: str) -> CachePolicy:
        """Return how the answer with this entity tag may be kept."""
        return cache_policy(self._version, caller, shows_edition=names_edition(tag))

    async def _answer(
        self,
        request: HttpRequest,
        caller: Caller,
        key: Hashable,
        filters: dict[str, Parameter],
        read: Callable[[bytes, EditionFinder], CachedRequest],
        form: OtherForm | None = None,
    ) -> BytesResponse:
        """Answer a request for data, as JSON or in the other form. If no request is remembered under the key, `read`
        makes one of the query, in which each of the `filters` that are repeated stands once, and of a finder of
        editions."""
        service, context = self._service, request.context
        cached = self._remembered.get(key)
        if cached is not None and cached.query.statement.edition is not None:
            # The moment that it names may mean another edition by now.
            cached = cached if cached.dated == service.changes.timeline.dated else None
        if cached is None:
            # URLs and tags have the merged query. Parameters are read from the original one, so that errors name what
            # the client sent.
            merged_query = merge_repeated(request.query_string, filters)
            identity = self._identify(request, merged_query, form)
        else:
            identity = cached.identity
        tags: Sequence[str] = ()
        if b"if-none-match" in request.fields:
            if cached is not None:
                context.outdated = cached.query.outdated
            is_current = partial(service.is_current, context, identity)
            not_modified = unchanged(request, is_current, policy_of=partial(self._policy, caller))
            if not_modified is not None:
                context.shared = PUBLIC.control in not_modified.headers
                return not_modified
            tags = plain_tags(request)
        if cached is None:
            await self._authentication.charge_reading(context)
            cached = await service.with_editions(partial(read, merged_query))
            if cached.query.statement.final:
                self._remembered.put(key, cached, estimate_size(cached, request.query_string))
        else:
            service.check(cached.query.cost, caller)
        context.outdated = cached.query.outdated
        outcome = await service.execute(cached.query, context, identity, tags)
        reply = outcome.reply
        if reply.notes and cached.resource is not None:
            raise missing_record(cached.resource, reply.notes[0])
        headers = [*cached.headers]
        store = service.changes.timeline.store
        if cached.permalink and store and context.edition > "0":
            headers.append((b"content-location", f"{cached.permalink}{context.edition}-{store}".encode("latin-1")))
        if reply.next and cached.link:
            headers.append(_link_header(cached.link + reply.next))
        statement = cached.query.statement
        shows_edition = statement.edition is not None and statement.final
        policy = cache_policy(self._version, caller, shows_edition=shows_edition)
        context.shared = policy is PUBLIC
        # A moment that is still to come has no lasting tag, so the tag is made from the body.
        tag = outcome.tag if statement.final else None
        if form is not None:
            body = CachedBody(form.write(request, reply.body))
            return await respond(request, body, headers, form.media_type.encode(), tag, policy=policy)
        return await respond(request, reply, headers, cached.media_type, tag=tag, policy=policy)


def routes(service: Service, authentication: Authentication, exports: ExportEndpoint, version: Version) -> APIRouter:
    """Return the routes of a version's operations. A list is sent as a file if the client prefers one."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute)
    rest = RestApi(service, authentication, exports, version)
    for operation in operations(version):
        if operation.kind == "feed":
            # The pages have the words of entries (api/pages/feeds/).
            continue
        router.add_api_route(
            operation.route,
            rest.endpoint(operation),
            methods=METHODS,
            include_in_schema=False,
            name=f"{version.name}-{operation.id}",
        )
    return router


def _link_header(url: str) -> tuple[bytes, bytes]:
    return b"link", f'<{url}>; rel="next"'.encode("latin-1")
