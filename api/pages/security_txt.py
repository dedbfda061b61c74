"""`/.well-known/security.txt` (RFC 9116): whom to tell of a vulnerability. It exists only if the operator names a
contact."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter

from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, respond
from api.http.route import DataRoute
from api.rest.routes import METHODS

PATH = "/.well-known/security.txt"
TEXT = b"text/plain; charset=utf-8"
# Months for which a contact counts. The file may not count for longer than a year.
MONTHS = 6


def routes(contact: str, public_url: str) -> APIRouter:
    """Return the route of the file; none without a contact."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)

    async def answer(request: HttpRequest) -> BytesResponse:
        text = write_security_txt(contact, public_url, datetime.now(UTC))
        return await respond(request, CachedBody(text.encode()), media_type=TEXT)

    if contact:
        router.add_api_route(PATH, answer, methods=METHODS)
    return router


def write_security_txt(contact: str, public_url: str, now: datetime) -> str:
    """Return the file. It expires at the beginning of a month, so that it changes once a month."""
    month = now.month - 1 + MONTHS
    expires = datetime(now.year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    lines = [f"Contact: {contact}", f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: en"]
    if public_url:
        lines.append(f"Canonical: {public_url}{PATH}")
    return "\n".join([*lines, ""])
