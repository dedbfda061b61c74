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
from api.http.responses import BytesResponse, CachedBody, plain_tags, respond, unchanged
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
        public_url = self._service.settings.public_url
        response = await self._answer(request, public_url or _origin(request, self._authentication.proxies))
        response.headers.append(VARY)
        return response

    async def _answer(self, request: HttpRequest, origin: str) -> BytesResponse:
        # The tag depends on the origin too, because the page shows its own address.
        identity = request.target + HTML + b" " + origin.encode()
        try:
            caller = await self._authentication.admit(request)
            not_modified = unchanged(request, partial(self._service.is_current, request.context, identity))
            if not_modified is not None:
                return not_modified
            self._service.check(self._query.cost, caller)
            outcome = await self._service.execute(self._query, request.context, identity, plain_tags(request))
        except Unavailable as error:
            return self._without_numbers(origin, error)
        page = self._render(origin, orjson.loads(outcome.reply.body))
        return await respond(request, CachedBody(page), GUARDED, HTML, outcome.tag)

    def _without_numbers(self, origin: str, error: Unavailable) -> BytesResponse:
        response = BytesResponse(self._render(origin, None), HTML, 503)
        retry_after = str(error.retry_after).encode()
        response.headers += [*GUARDED, (b"retry-after", retry_after), (b"cache-control", b"no-store")]
        return response

    def _render(self, origin: str, numbers: dict[str, Any] | None) -> bytes:
        """Return the page with these numbers, as the summary of the store has them; without any if they are None."""
        newest = self._versions[-1]
        served = rights = UNKNOWN
        if numbers:
            served = _render_counts(newest, numbers["counts"], numbers["changed_at"])
            rights = _render_rights(numbers["rights"])
        return ASSETS.page(
            "home.html",
            title=TITLE,
            assets=ASSETS.path,
            version=newest.name,
            origin=escape(origin),
            served=served,
            rights=rights,
            links="\n".join(f"<li>{link}</li>" for link in _render_links(self._versions)),
        )


def _render_counts(version: Version, counts: dict[str, list[Any]], changed_at: str | None) -> str:
    """Return the number of records of each resource, which may be estimated, and the time of the last change. `counts`
    has for each resource the number, and whether it is estimated."""
    items = []
    for resource in version.resources.values():
        number, estimated = counts[resource.name]
        about = "about " if estimated else ""
        link = f'<a href="{version.name}/{resource.plural}">{resource.plural}</a>'
        items.append(f"<li><strong>{number:,}</strong> {about}{link}</li>")
    lines = ['<ul class="counts">', *items, "</ul>", f'<p class="soft">{_render_last_change(changed_at)}</p>']
    return "\n".join(lines)


def _render_last_change(changed_at: str | None) -> str:
    if changed_at is None:
        return "Nothing has been loaded yet."
    moment = datetime.fromisoformat(changed_at).astimezone(UTC)
    text = f"{moment.day} {moment:%B %Y, %H:%M} UTC"
    return f'Last change: <time datetime="{moment:%Y-%m-%dT%H:%M:%SZ}">{text}</time>.'


def _render_rights(rights: list[dict[str, str | None]]) -> str:
    """Return each attribution of the briefings, with the licence of their texts."""
    if not rights:
        return "<p>There are no briefings yet.</p>"
    items = []
    for right in rights:
        credit = escape(right["attribution"] or "No attribution is stated.")
        licence = _describe_licence(right["licence"])
        items.append(f'<li>{credit} <span class="soft">({licence})</span></li>')
    about = "Whoever reuses data prints the attribution of its briefing and keeps to the licence of its text:"
    lines = [f"<p>{about}</p>", '<ul class="plain">', *items, "</ul>"]
    return "\n".join(lines)


def _describe_licence(licence: str | None) -> str:
    if licence is None or licence in UNSTATED:
        return UNSTATED[licence]
    return f"licence {escape(licence)}"


def _render_links(versions: Sequence[Version]) -> list[str]:
    """Return links to the reference, GraphiQL and the contracts of each version, the newest first, then to the
    lifecycle of the versions and to the administration."""
    entries = []
    for version in reversed(versions):
        name = version.name
        links = [
            f'<a href="docs/{name}">Reference of {name}</a>',
            f'<a href="{name}/graphql">GraphiQL</a>',
            f'<a href="{name}/openapi.json">OpenAPI</a>',
            f'<a href="{name}/schema.graphql">GraphQL schema</a>',
        ]
        entries.append(", ".join(links))
    entries.append('<a href="versions">What becomes of each version</a>')
    entries.append('<a href="docs/admin">Reference of keys and plans</a>, <a href="admin/openapi.json">OpenAPI</a>')
    return entries


def _origin(request: HttpRequest, proxies: Sequence[Network]) -> str:
    """Return the origin that the client used. The page shows it in the call to copy."""
    scheme = "https" if is_secure(request, proxies) else "http"
    host = request.header(b"host")
    if not HOST.fullmatch(host):
        host = "localhost"
    return f"{scheme}://{host}"
