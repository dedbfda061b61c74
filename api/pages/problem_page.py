"""Show problems as pages: the same code, status and text as the problem document, for people who use a browser."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from api.http.assets import HTML
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.pages.templating import FRAMED, GUARDED, Templates

# The first parts of the paths whose problems are pages. The first is that of the home page.
PATHS = ("", "explore", "guide")
EMBEDDED = "embed"
# What a reader can do about a problem, by its code, beside its own hint.
ADVICE = {
    "unauthenticated": "This service is closed: it answers requests that carry a key. A browser does not send one, so "
    "use a program, and ask the operator of the service for a key.",
    "rate_limited": "Your network has made many requests. Wait as long as it says below, and reload the page.",
    "unavailable": "The store cannot answer now. Wait a moment, and reload the page.",
    "timed_out": "Charts and exact counts read each record that passes the filters. Filter by a measure, a country or "
    "a time.",
    "too_expensive": "Ask for fewer records a page, or for a shorter time.",
    "invalid_cursor": "A page of a list belongs to its filters and its order. Begin again with the first page.",
    "withdrawn": "The record was published here and then taken back. Its id will not be used for another one.",
    "internal": "It is not your fault. Tell the operator of the service the request id below.",
}


def problem_pages(templates: Templates) -> dict[str, ProblemPage]:
    """Return the page of problems by the first part of a path."""
    pages = dict.fromkeys(PATHS, ProblemPage(templates, "problem.html", GUARDED))
    return pages | {EMBEDDED: ProblemPage(templates, "embed/problem.html", FRAMED)}


class ProblemPage:
    """The page of a problem, from a template and with these header fields."""

    def __init__(self, templates: Templates, template: str, headers: Sequence[tuple[bytes, bytes]]) -> None:
        self._templates = templates
        self._template = template
        self._headers = headers

    def __call__(self, request: HttpRequest, problem: dict[str, Any]) -> BytesResponse:
        """Return the page of a problem document."""
        page = self._templates.render(
            self._template,
            request,
            problem=problem,
            advice=ADVICE.get(problem["code"], ""),
            without_query=_own_path(request) if request.query_string else "",
        )
        response = BytesResponse(page, HTML, problem["status"])
        response.headers += self._headers
        return response


def _own_path(request: HttpRequest) -> str:
    """Return the path of a request, relative to itself. Without the dot its last part could be read as a host."""
    return "./" + quote(request.path.rpartition("/")[2], safe="")
