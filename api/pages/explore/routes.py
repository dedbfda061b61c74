"""The routes of the explorer: the lists at `/explore`, the table of each list, and the page of each record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup

from api.catalog import Resource, Version
from api.http.assets import HTML
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.pages.answering import RecordAnswers, unknown_list, with_defaults
from api.pages.explore.calls import embed_list, embed_record, graphiql_address, list_calls, record_calls
from api.pages.explore.citation import Seen, write_citation
from api.pages.explore.columns import table_of
from api.pages.explore.extras import other_searches, read_names, with_names
from api.pages.explore.facts import has_other_figures, series_root
from api.pages.explore.filter_form import counted_fields, filter_form
from api.pages.explore.history import History, read_history, revisions_root
from api.pages.explore.page_url import PageUrl, clean_query, read_page_url, write_query
from api.pages.explore.place_map import own_place
from api.pages.explore.record_page import RecordPage, included_links, record_page
from api.pages.explore.timeline import BarTimeline, bucket_links
from api.pages.explore.views import TABLE, VIEWS, ViewRequest, read_view, view_address, view_query, views_of
from api.pages.explore.words import list_title, plain_title, write_day, write_moment
from api.pages.templating import GUARDED, Templates
from api.query import AsOf, EditionFinder, Item, Object, Query
from api.query.known_at import write_edition
from api.rest.answer_urls import may_hold_key
from api.rest.feeds import offered_feeds
from api.rest.formats import offered
from api.rest.json_ld import to_html, write_json_ld
from api.rest.request import linked_record_query, list_query
from api.rest.url import find_edition, read_url
from api.service import Service

METHODS = ["GET", "HEAD", "OPTIONS"]


class Explorer:
    """The pages of the lists and the records of one version."""

    def __init__(
        self, service: Service, authentication: Authentication, version: Version, templates: Templates
    ) -> None:
        self._answers = RecordAnswers(service, authentication, version, templates)
        self._timeline = service.changes.timeline
        self._version = version
        self._templates = templates

    async def answer_index(self, request: HttpRequest) -> BytesResponse:
        """Return the page with all lists."""
        page = self._templates.render("explore/index.html", request, "explore", lists=self._titled_lists())
        return await respond(request, CachedBody(page), GUARDED, HTML)

    async def answer_unknown(self, request: HttpRequest) -> BytesResponse:
        """Raise NotFound for a path below the explorer that does not exist."""
        raise unknown_list(self._version, request, "/explore/")

    async def answer_list(self, resource: Resource, request: HttpRequest) -> BytesResponse:
        """Return a page of a list as a table; a redirect if the query has empty fields of a form."""
        version = self._version
        cleaned = clean_query(version, resource, request.query_string)
        # A redirect would repeat a key in its Location.
        if cleaned is not None and not may_hold_key(cleaned):
            return _redirect(b"?" + cleaned if cleaned else resource.plural.encode())

        @cache
        def view_of_request() -> ViewRequest:
            return read_view(version, resource, request.query_string)

        @cache
        def url_of_request() -> PageUrl:
            view = view_of_request()
            name = view.name if view.name != TABLE else ""
            return read_page_url(version, resource, view.query_string, name, view.bucket)

        table = table_of(version, resource)

        def read(finder: EditionFinder) -> Query:
            view = view_of_request()
            if view.name != TABLE:
                query = view_query(version, resource, view, finder)
            else:
                facets = ",".join(counted_fields(version, resource))
                query_string = with_defaults(view.query_string, table.include, count="estimated", facets=facets)
                query = list_query(version, resource, query_string, finder)
            return with_names(url_of_request(), query)

        def render(whole_answer: dict[str, Any], origin: str) -> bytes:
            url = url_of_request()
            answer, names = read_names(url, whole_answer)
            if url.view:
                shown = VIEWS[url.view].show(url, answer)
                return self._render_view(request, url, shown, origin, names)
            rows = [table.row(resource, record) for record in answer["data"]]
            cursor = answer["page"]["next_cursor"]
            return self._render_list(
                request,
                url,
                origin,
                columns=table.columns,
                rows=rows,
                form=filter_form(url, answer.get("facets"), names),
                total=answer["page"].get("total"),
                total_quality=answer["page"].get("total_quality"),
                next=url.query(cursor=cursor) if cursor else "",
                json_address=f"{resource.plural}{url.data_query}",
            )

        return await self._answers.answer(request, read, render)

    def _render_view(self, request: HttpRequest, url: PageUrl, shown: Any, origin: str, names: dict[str, str]) -> bytes:
        quality = "estimated" if getattr(shown, "is_sampled", False) else "exact"
        buckets = bucket_links(url, shown.bucket) if isinstance(shown, BarTimeline) else []
        return self._render_list(
            request,
            url,
            origin,
            shown=shown,
            form=filter_form(url, names=names),
            buckets=buckets,
            total=shown.total,
            total_quality=quality,
            next="",
            json_address=view_address(url),
        )

    def _render_list(self, request: HttpRequest, url: PageUrl, origin: str, **values: Any) -> bytes:
        resource = url.resource
        names = views_of(self._version, resource)
        views: list[tuple[str, str]] = []
        if len(names) > 1:
            views = [(name, url.to_view(name)) for name in names]
        formats = [form for form in offered(self._version, resource) if not form.missing]
        return self._templates.render(
            "explore/list.html",
            request,
            "explore",
            resource=resource,
            title=list_title(resource.plural),
            lists=self._titled_lists(),
            view=url.view or TABLE,
            views=views,
            q=url.texts.get("q", ""),
            searches=other_searches(url),
            first=(url.query(cursor="") or resource.plural) if "cursor" in url.texts else "",
            reset=(write_query(url.own_pairs) or resource.plural) if url.filters or "sort" in url.texts else "",
            formats=formats,
            export_query=url.export_query,
            # A feed tells what is new, so it has no state of before.
            feeds=() if "known_at" in url.texts else offered_feeds(self._version, resource),
            feed_query=url.feed_query,
            graphiql=graphiql_address(url, "../"),
            calls=(*list_calls(url, origin), embed_list(url, origin)),
            address=f"{origin}/explore/{resource.plural}{url.query()}",
            **values,
        )

    def _titled_lists(self) -> list[tuple[Resource, str]]:
        """Return all lists with their titles."""
        return [(resource, list_title(resource.plural)) for resource in self._version.lists.values()]

    async def answer_record(self, resource: Resource, request: HttpRequest) -> BytesResponse:
        """Return the page of a record. NotFound or Withdrawn if it is not there."""
        version, identifier = self._version, request.path_value
        names = ("known_at",) if version.history else ()
        as_of: AsOf | None = None

        def read(finder: EditionFinder) -> Query:
            nonlocal as_of
            url = read_url(version, resource, {}, names, request.query_string)
            as_of = find_edition(url, finder.find)
            query = linked_record_query(version, resource, identifier, included_links(version, resource), as_of=as_of)
            assert isinstance(query.root, Object)
            roots = list(query.root.selection)
            if version.history:
                roots.append(Item("history", revisions_root(version, resource, identifier)))
            series = series_root(resource, identifier, as_of)
            if series is not None:
                roots.append(series)
            return replace(query, root=Object(tuple(roots)))

        def render(answer: dict[str, Any], origin: str) -> bytes:
            history = read_history(resource, answer.get("history"), answer["data"]["revision"])
            page = record_page(version, resource, answer["data"], in_series=has_other_figures(answer))
            address = f"{origin}/explore/{resource.plural}/{identifier}"
            edition = self._shown_edition(request, as_of)
            seen = Seen(f"{address}?known_at={edition}" if edition else address, edition, day)
            return self._render_record(request, resource, answer["data"], page, history, origin, seen)

        # The page of the present says when it was seen. One of an edition is the same on any day.
        day = "" if request.query_string else write_day(datetime.now(UTC).date())
        return await self._answers.answer(request, read, render, resource=resource, shows=day.encode())

    def _shown_edition(self, request: HttpRequest, as_of: AsOf | None) -> str:
        """Return the name of the edition that a page shows; empty if there is none yet."""
        if as_of is not None:
            return write_edition(as_of.number, as_of.store)
        if request.context.edition and self._timeline.store:
            return write_edition(int(request.context.edition), self._timeline.store)
        return ""

    def _render_record(
        self,
        request: HttpRequest,
        resource: Resource,
        record: dict[str, Any],
        page: RecordPage,
        history: History | None,
        origin: str,
        seen: Seen,
    ) -> bytes:
        identifier, title = record["id"], plain_title(page.title)
        is_present = not request.query_string
        known_at = "" if is_present else seen.edition
        pinned = f"?known_at={known_at}" if known_at else ""
        if pinned and history is not None and history.shown is not None:
            # Pages of all editions with this revision have one address.
            pinned = f"?known_at={history.entries[history.shown].edition}"
        return self._templates.render(
            "explore/record.html",
            request,
            "explore",
            resource=resource,
            list_title=list_title(resource.plural),
            page=page,
            place=own_place(resource, record),
            history=history,
            pinned=pinned,
            known_from=write_moment(record["updated_at"]),
            document_title=title,
            record=record,
            updated=write_moment(record["updated_at"], "day"),
            permalink=f"{origin}/explore/{resource.plural}/{identifier}{pinned}",
            citation=write_citation(resource, record, page.title, seen),
            description=plain_title(page.lead or page.quotation or page.title),
            json_ld=Markup(to_html(write_json_ld(self._version, resource, record, origin))),
            embedded=f"embed/{resource.plural}/{identifier}",
            calls=(
                *record_calls(self._version, resource, identifier, origin, known_at),
                *embed_record(resource, identifier, title, origin, seen.edition, is_present=is_present),
            ),
        )


def routes(service: Service, authentication: Authentication, version: Version, templates: Templates) -> APIRouter:
    """Return the routes of a version's explorer. Other paths below `/explore` are not found."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    explorer = Explorer(service, authentication, version, templates)
    router.add_api_route("/explore", explorer.answer_index, methods=METHODS)
    for resource in version.lists.values():
        path = f"/explore/{resource.plural}"
        router.add_api_route(path, partial(explorer.answer_list, resource), methods=METHODS)
        if resource.prefix:
            router.add_api_route(f"{path}/{{identifier}}", partial(explorer.answer_record, resource), methods=METHODS)
    router.add_api_route("/explore/{rest:path}", explorer.answer_unknown, methods=METHODS)
    return router


def _redirect(location: bytes) -> BytesResponse:
    response = BytesResponse(b"", HTML, 303)
    response.headers += [(b"location", location), (b"cache-control", b"no-store")]
    return response
