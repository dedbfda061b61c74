"""The home page: the records that are served, their last change and their licences, and links to begin with. It has no
script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Any

import orjson

from api.catalog import Version
from api.compiler.summary import summary
from api.errors import Unavailable
from api.http.assets import HTML, POLICY, guarded
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, Headers, plain_tags, respond, unchanged
from api.middleware.authentication import Authentication
from api.middleware.client_address import Network, is_secure
from api.pages.files import ASSETS, TITLE
from api.service import Service

GUARDED = guarded(POLICY)
# Added to the Vary of every answer, because the page shows its own address.
VARY = (b"vary", b"x-forwarded-proto")
# The price of the statement in points: it counts a sample of each list.
PRICE = 10
HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]{1,255}")
UNKNOWN = "<p>The store cannot answer now, so there are no numbers. Try again in a moment.</p>"
UNSTATED = {None: "no licence is stated", "NOASSERTION": "no licence is asserted"}


class Home:
    """The page of the newest version. Its numbers are charged like other answers, and kept until the data changes."""

    def __init__(self, service: Service, authentication: Authentication, versions: Sequence[Version]) -> None:
        self._service = service
        self._authentication = authentication
        self._versions = versions
        self._query = service.fixed(PRICE, summary(versions[-1]))

    async def answer(self, request: HttpRequest) -> BytesResponse:
        """Return the page; 304 if the browser has it, 503 without numbers if the store does not answer."""
        response = await self._answer(request, _origin(request, self._authentication.proxies))
        response.headers.append(VARY)
        return response

    async def _answer(self, request: HttpRequest, origin: str) -> BytesResponse:
        # The tag depends on the origin too, because the page shows its own address.
        identity = request.target + HTML + b" " + origin.encode()
        try:
            caller = await self._authentication.admit(request)
            if same := unchanged(request, partial(self._service.is_current, identity)):
                return same
            self._service.check(self._query.cost, caller)
            outcome = await self._service.execute(self._query, request.context, identity, plain_tags(request))
        except Unavailable as error:
            return self._without_numbers(origin, error)
        page = CachedBody(self._page(origin, orjson.loads(outcome.reply.body)))
        return await respond(request, page, GUARDED, HTML, outcome.tag)

    def _without_numbers(self, origin: str, error: Unavailable) -> BytesResponse:
        response = BytesResponse(self._page(origin, None), HTML, 503)
        after: Headers = [(b"retry-after", str(error.retry_after).encode()), (b"cache-control", b"no-store")]
        response.headers += [*GUARDED, *after]
        return response

    def _page(self, origin: str, held: Any) -> bytes:
        newest = self._versions[-1]
        return ASSETS.page(
            "home.html",
            title=TITLE,
            assets=ASSETS.path,
            version=newest.name,
            origin=escape(origin),
            served=_served(newest, held) if held else UNKNOWN,
            rights=_rights(held["rights"]) if held else UNKNOWN,
            links="\n".join(f"<li>{one}</li>" for one in _links(self._versions)),
        )


def _served(version: Version, held: Any) -> str:
    rows = []
    for one in version.resources.values():
        number, estimated = held["counts"][one.name]
        about = "about " if estimated else ""
        shown = f'<strong>{number:,}</strong> {about}<a href="{version.name}/{one.plural}">{one.plural}</a>'
        rows.append(f"<li>{shown}</li>")
    return f'<ul class="counts">\n{chr(10).join(rows)}\n</ul>\n<p class="soft">{_freshness(held["changed_at"])}</p>'


def _freshness(changed_at: str | None) -> str:
    if changed_at is None:
        return "Nothing has been loaded yet."
    moment = datetime.fromisoformat(changed_at).astimezone(UTC)
    shown = f"{moment.day} {moment:%B %Y, %H:%M} UTC"
    return f'Last change: <time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{shown}</time>.'


def _rights(found: list[dict[str, str | None]]) -> str:
    if not found:
        return "<p>There are no briefings yet.</p>"
    rows = []
    for one in found:
        licence, credit = one["licence"], escape(one["attribution"] or "No attribution is stated.")
        stated = UNSTATED.get(licence) or f"licence {escape(licence or '')}"
        rows.append(f'<li>{credit} <span class="soft">({stated})</span></li>')
    about = "Whoever reuses data prints the attribution of its briefing and keeps to the licence of its text:"
    return f'<p>{about}</p>\n<ul class="plain">\n{chr(10).join(rows)}\n</ul>'


def _links(versions: Sequence[Version]) -> list[str]:
    """Return links to the reference, GraphiQL and the contracts of each version, the newest first, then to the
    lifecycle of the versions and to the administration."""
    found = []
    for version in reversed(versions):
        name = version.name
        places = {
            f"Reference of {name}": f"docs/{name}",
            "GraphiQL": f"{name}/graphql",
            "OpenAPI": f"{name}/openapi.json",
            "GraphQL schema": f"{name}/schema.graphql",
        }
        found.append(", ".join(f'<a href="{path}">{words}</a>' for words, path in places.items()))
    found.append('<a href="versions">What becomes of each version</a>')
    return [*found, '<a href="docs/admin">Reference of keys and plans</a>, <a href="admin/openapi.json">OpenAPI</a>']


def _origin(request: HttpRequest, proxies: Sequence[Network]) -> str:
    """Return the origin that the client used. The page shows it in the call to copy."""
    host = request.header(b"host")
    return f"{'https' if is_secure(request, proxies) else 'http'}://{host if HOST.fullmatch(host) else 'localhost'}"
