"""The routes of feeds. Their paths and parameters are in the table of operations of REST, and so in the contract."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter

from api.catalog import Version
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.pages.answering import RecordAnswers
from api.pages.explore.page_url import read_page_url
from api.pages.feeds.atom import write_atom
from api.pages.feeds.feed import Feed, included, make_feed
from api.pages.feeds.json_feed import write_json_feed
from api.pages.templating import Templates
from api.query import EditionFinder, Query
from api.rest.feeds import ATOM, JSON_FEED, FeedFormat
from api.rest.operations import Operation, operations
from api.rest.request import feed_query
from api.rest.routes import METHODS
from api.service import Service

WRITERS: dict[FeedFormat, Callable[[Feed], bytes]] = {ATOM: write_atom, JSON_FEED: write_json_feed}


def routes(service: Service, authentication: Authentication, version: Version, templates: Templates) -> APIRouter:
    """Return the routes of a version's feeds."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute, include_in_schema=False)
    answers = RecordAnswers(service, authentication, version, templates)
    for operation in operations(version):
        if operation.kind == "feed":
            name = f"{version.name}-{operation.id}"
            endpoint = partial(_answer, answers, version, operation)
            router.add_api_route(operation.route, endpoint, methods=METHODS, name=name)
    return router


async def _answer(
    answers: RecordAnswers, version: Version, operation: Operation, request: HttpRequest
) -> BytesResponse:
    resource, form = operation.resource, operation.feed
    assert form is not None
    request.context.api = "rest"

    def read(finder: EditionFinder) -> Query:
        return feed_query(version, resource, request.query_string, included(version, resource))

    def render(answer: dict[str, Any], origin: str) -> bytes:
        url = read_page_url(version, resource, request.query_string)
        return WRITERS[form](make_feed(url, form, answer, origin))

    return await answers.answer(request, read, render, media_type=form.media_type.encode(), headers=())
