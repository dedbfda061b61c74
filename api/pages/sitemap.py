"""The sitemap (sitemaps.org): an index at `/sitemap.xml`, the pages, and the records of each list that changed last."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from xml.sax.saxutils import escape

import orjson
from fastapi import APIRouter

from api.catalog import Resource, Version
from api.compiler.sitemap import newest_ids
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, plain_tags, respond, unchanged
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.pages.guide import INDEX, page_names
from api.pages.origin import VARY, find_origin
from api.rest.routes import METHODS
from api.service import PreparedQuery, Service

MEDIA_TYPE = b"application/xml; charset=utf-8"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
# Records of a list in its sitemap. A sitemap may have 50,000, but this one is one statement and one answer.
MOST = 5000
# Points of a sitemap: its rows are ids alone, and 40 of them are looked at for a point.
POINTS = MOST // 40
# The first parts of the addresses of its files.
PAGES = "pages"


class Sitemap:
    """The files of the sitemap of one version."""

    def __init__(self, service: Service, authentication: Authentication, version: Version) -> None:
        self._service = service
        self._authentication = authentication
        self._version = version
        self._queries: dict[str, PreparedQuery] = {}
        for resource in version.resources.values():
            statement = newest_ids(version, resource, MOST, POINTS)
            self._queries[resource.plural] = service.fixed(POINTS, statement)

    async def answer_index(self, request: HttpRequest) -> BytesResponse:
        """Return the index of the files."""
        names = [PAGES, *self._queries]
        origin = self._origin(request)
        return await self._respond(request, write_index(f"{origin}/sitemaps/{name}.xml" for name in names))

    async def answer_pages(self, request: HttpRequest) -> BytesResponse:
        """Return the addresses of the pages that are no records."""
        guide = [_guide_path(name) for name in page_names()]
        lists = [f"/explore/{resource.plural}" for resource in self._version.lists.values()]
        origin = self._origin(request)
        paths = ["/", "/explore", *lists, *guide]
        return await self._respond(request, write_urls((origin + path, "") for path in paths))

    async def answer_records(self, resource: Resource, request: HttpRequest) -> BytesResponse:
        """Return the addresses of the records of a list that changed last."""
        service, context = self._service, request.context
        caller = await self._authentication.admit(request)
        origin = self._origin(request)
        identity = b"\0".join((request.target, MEDIA_TYPE, origin.encode()))
        not_modified = unchanged(request, partial(service.is_current, context, identity))
        if not_modified is not None:
            return not_modified
        query = self._queries[resource.plural]
        service.check(query.cost, caller)
        outcome = await service.execute(query, context, identity, plain_tags(request))
        base = f"{origin}/explore/{resource.plural}"
        rows = [(f"{base}/{identifier}", day) for identifier, day in orjson.loads(outcome.reply.body)]
        return await self._respond(request, write_urls(rows), outcome.tag)

    def _origin(self, request: HttpRequest) -> str:
        return find_origin(request, self._service.settings.public_url, self._authentication.proxies)

    async def _respond(self, request: HttpRequest, text: str, tag: str | None = None) -> BytesResponse:
        response = await respond(request, CachedBody(text.encode()), (), MEDIA_TYPE, tag)
        # It contains its own address.
        response.headers.append(VARY)
        return response


def routes(service: Service, authentication: Authentication, version: Version) -> APIRouter:
    """Return the routes of the index and of its files."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    sitemap = Sitemap(service, authentication, version)
    router.add_api_route("/sitemap.xml", sitemap.answer_index, methods=METHODS)
    router.add_api_route(f"/sitemaps/{PAGES}.xml", sitemap.answer_pages, methods=METHODS)
    for resource in version.resources.values():
        path = f"/sitemaps/{resource.plural}.xml"
        router.add_api_route(path, partial(sitemap.answer_records, resource), methods=METHODS)
    return router


def _guide_path(name: str) -> str:
    return "/guide" if name == INDEX else f"/guide/{name}"


def write_index(addresses: Iterable[str]) -> str:
    """Return an index of sitemaps."""
    entries = "".join(f"<sitemap><loc>{escape(address)}</loc></sitemap>\n" for address in addresses)
    return _write("sitemapindex", entries)


def write_urls(rows: Iterable[tuple[str, str]]) -> str:
    """Return a sitemap of addresses, each with the day of its last change; empty if that is not known."""
    entries = []
    for address, day in rows:
        changed = f"<lastmod>{day}</lastmod>" if day else ""
        entries.append(f"<url><loc>{escape(address)}</loc>{changed}</url>\n")
    return _write("urlset", "".join(entries))


def _write(name: str, entries: str) -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<{name} xmlns="{NAMESPACE}">\n{entries}</{name}>\n'
