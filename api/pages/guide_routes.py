"""The routes of the guide: its pages, and the search at `/guide?q=`."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter

from api.access.key import holds_key
from api.errors import NotFound, Unknown, UnknownName
from api.http.assets import HTML
from api.http.parameters import Faults, read_pairs
from api.http.problems import without_keys
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute
from api.pages.guide import INDEX, list_pages, page_names, read_page
from api.pages.guide_search import MAX_HITS, search_guide
from api.pages.templating import GUARDED, Templates

METHODS = ["GET", "HEAD", "OPTIONS"]
MAX_NAME = 100
MAX_QUERY = 200
QUERY = "q"


def routes(templates: Templates) -> APIRouter:
    """Return the routes of all pages. Other paths below `/guide` are not found."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    contents: dict[tuple[str, str], CachedBody] = {}

    async def answer(name: str, request: HttpRequest) -> BytesResponse:
        # The address of the page does not differ, so neither does its HTML.
        content = contents.get((name, request.path))
        if content is None:
            page = read_page(name)
            shown = templates.render("guide.html", request, "guide", page=page, pages=list_pages(), index=INDEX, q="")
            content = contents[name, request.path] = CachedBody(shown)
        return await respond(request, content, GUARDED, HTML)

    async def answer_index(request: HttpRequest) -> BytesResponse:
        if not request.query_string:
            return await answer(INDEX, request)
        return await answer_search(request, templates)

    async def answer_unknown(request: HttpRequest) -> BytesResponse:
        name = request.path.split("/")[2][:MAX_NAME]
        raise NotFound(f"There is no page {name} in the guide.", unknown=Unknown(name, page_names(), "/guide/"))

    router.add_api_route("/guide", answer_index, methods=METHODS)
    for name in page_names():
        if name != INDEX:
            router.add_api_route(f"/guide/{name}", partial(answer, name), methods=METHODS)
    router.add_api_route("/guide/{rest:path}", answer_unknown, methods=METHODS)
    return router


async def answer_search(request: HttpRequest, templates: Templates) -> BytesResponse:
    """Return the sections of the guide that have all words of the query. It needs no store and no key."""
    query = _read_query(request.query_string)
    if not query:
        response = BytesResponse(b"", HTML, 303)
        response.headers += [(b"location", b"guide"), (b"cache-control", b"no-store")]
        return response
    hits = search_guide(query)
    page = templates.render(
        "guide_search.html",
        request,
        "guide",
        q=query,
        hits=hits,
        is_cut=len(hits) == MAX_HITS,
        page=None,
        pages=list_pages(),
        index=INDEX,
    )
    if holds_key(query):
        # The page repeats its query.
        page = without_keys(page)
    return await respond(request, CachedBody(page), GUARDED, HTML)


def _read_query(query_string: bytes) -> str:
    """Return the words that are searched for; empty if the field was left empty. InvalidRequest if there is anything
    else."""
    if query_string == b"q=":
        return ""
    faults = Faults()
    pairs = read_pairs(query_string, faults)
    for name in pairs:
        if name != QUERY:
            faults.note(name, UnknownName("The guide takes only q, the words to search for.", name, (QUERY,)))
    query = pairs.get(QUERY, "").strip()
    if len(query) > MAX_QUERY:
        faults.note(QUERY, f"Expected at most {MAX_QUERY} letters.")
    faults.check()
    return query
