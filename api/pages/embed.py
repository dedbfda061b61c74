"""Lists and records for frames of other sites: `/embed/events` and `/embed/events/{id}`.

They have a policy of their own: every site may frame them, and they have neither scripts nor forms. A URL with
`known_at` shows the same for good, so caches may keep it for long.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from fastapi import APIRouter

from api.catalog import Resource, Version
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.pages.answering import RecordAnswers, unknown_list, with_defaults
from api.pages.explore.columns import table_of
from api.pages.explore.page_url import read_page_url
from api.pages.explore.record_page import included_links, record_page
from api.pages.explore.words import list_title, plain_title
from api.pages.templating import FRAMED, Templates
from api.query import EditionFinder, Query
from api.rest.request import list_query, record_query
from api.rest.routes import METHODS
from api.service import Service

# Records of a list unless its URL sets a limit.
LIMIT = "10"
# Facts of a record: the first ones.
FACTS = 3


class Embeds:
    """The embedded lists and records of one version."""

    def __init__(
        self, service: Service, authentication: Authentication, version: Version, templates: Templates
    ) -> None:
        self._answers = RecordAnswers(service, authentication, version, templates)
        self._version = version
        self._templates = templates

    async def answer_list(self, resource: Resource, request: HttpRequest) -> BytesResponse:
        """Return the table of a list, which takes the parameters of the list."""
        version, table = self._version, table_of(self._version, resource)

        def read(finder: EditionFinder) -> Query:
            query_string = with_defaults(request.query_string, table.include, limit=LIMIT)
            return list_query(version, resource, query_string, finder)

        def render(answer: dict[str, Any], origin: str) -> bytes:
            url = read_page_url(version, resource, request.query_string)
            return self._templates.render(
                "embed/list.html",
                request,
                title=list_title(resource.plural),
                resource=resource,
                columns=table.columns,
                rows=[table.row(resource, record) for record in answer["data"]],
                has_more=answer["page"]["has_more"],
                address=f"explore/{resource.plural}{url.query(limit='', cursor='')}",
                edition=_edition(request),
            )

        request.context.api = "rest"
        return await self._answers.answer(request, read, render, headers=FRAMED)

    async def answer_record(self, resource: Resource, request: HttpRequest) -> BytesResponse:
        """Return a record with who says what about it. NotFound or Withdrawn if it is not there."""
        version, identifier = self._version, request.path_value

        def read(finder: EditionFinder) -> Query:
            include = included_links(version, resource)
            return record_query(version, resource, identifier, request.query_string, finder, include=include)

        def render(answer: dict[str, Any], origin: str) -> bytes:
            page = record_page(version, resource, answer["data"])
            return self._templates.render(
                "embed/record.html",
                request,
                page=page,
                title=plain_title(page.title),
                facts=page.facts[:FACTS],
                address=f"explore/{resource.plural}/{identifier}",
                edition=_edition(request),
            )

        request.context.api = "rest"
        return await self._answers.answer(request, read, render, resource=resource, headers=FRAMED)

    async def answer_unknown(self, request: HttpRequest) -> BytesResponse:
        """Raise NotFound for a path that does not exist."""
        raise unknown_list(self._version, request, "/embed/")


def routes(service: Service, authentication: Authentication, version: Version, templates: Templates) -> APIRouter:
    """Return the routes of a version's lists and records. Other paths below `/embed` are not found."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    embeds = Embeds(service, authentication, version, templates)
    for resource in version.lists.values():
        path = f"/embed/{resource.plural}"
        router.add_api_route(path, partial(embeds.answer_list, resource), methods=METHODS)
        if resource.prefix:
            router.add_api_route(f"{path}/{{identifier}}", partial(embeds.answer_record, resource), methods=METHODS)
    router.add_api_route("/embed/{rest:path}", embeds.answer_unknown, methods=METHODS)
    return router


def _edition(request: HttpRequest) -> str:
    """Return the edition that an answer shows, if its URL names one."""
    return f"e{request.context.edition}" if b"known_at=" in request.query_string else ""
