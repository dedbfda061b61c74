"""Report in header fields what is deprecated: the version of a request, and the parts of it that the request uses.

`Deprecation` is a structured-field date [RFC 9745], `Sunset` an HTTP date [RFC 8594], and `Link` leads to the version
that comes after. `Deprecated-Use` is a list of strings [RFC 9651]. Each names a part that the request uses, with what
to use instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import NoReturn

from fastapi import APIRouter

from api.access.usage import DeprecatedUsage
from api.catalog import DeprecatedPart, Version
from api.errors import Retired
from api.http.request import HttpRequest
from api.http.route import DataRoute, Endpoint
from api.http.route_table import REST_OF_PATH

Headers = list[tuple[bytes, bytes]]
# The deprecated parts that the answer to one request lists, even if the request uses more.
MAX_LISTED = 20
UNPRINTABLE = re.compile(r"[^ -~]")


def fields(version: Version, public_url: str = "") -> Headers:
    """Return the header fields of every answer of a version; none while it is current."""
    lifecycle = version.lifecycle
    if lifecycle.deprecated is None or lifecycle.sunset is None:
        return []
    deprecated_seconds = _at_midnight(lifecycle.deprecated).timestamp()
    sunset = format_datetime(_at_midnight(lifecycle.sunset), usegmt=True)
    return [
        (b"deprecation", f"@{deprecated_seconds:.0f}".encode()),
        (b"sunset", sunset.encode()),
        (b"link", f'<{public_url}/{lifecycle.successor}>; rel="successor-version"'.encode()),
    ]


def of_versions(versions: Iterable[Version], public_url: str = "") -> dict[str, Headers]:
    """Return the fields of the versions that are not current, by name."""
    fields_by_name = {}
    for version in versions:
        version_fields = fields(version, public_url)
        if version_fields:
            fields_by_name[version.name] = version_fields
    return fields_by_name


def uses(outdated: Iterable[DeprecatedPart]) -> bytes:
    """Return the value of `Deprecated-Use`."""
    items = [f"{_quote(part.name)};instead={_quote(part.instead)}" for part in outdated]
    return ", ".join(items[:MAX_LISTED]).encode()


def observer(usage: DeprecatedUsage) -> Callable[[HttpRequest], None]:
    """Return the observer of requests that counts the uses of deprecated things by caller."""

    def observe(request: HttpRequest) -> None:
        context = request.context
        if not (context.version_outdated or context.outdated):
            return
        key_id = context.caller.key_id if context.caller is not None else None
        if context.version_outdated:
            usage.note(key_id, context.version)
        for part in context.outdated:
            usage.note(key_id, context.version, part.name)

    return observe


def retired(version: Version) -> Retired:
    """Return the error for a version that is no longer served. It names the version to use instead."""
    lifecycle = version.lifecycle
    return Retired(
        f"Version {version.name} is no longer served, since {lifecycle.sunset}.",
        f"Go on with /{lifecycle.successor}; /versions lists what differs.",
    )


def gone(version: Version) -> APIRouter:
    """Return routes that refuse every path of a version that is no longer served."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    for path in (f"/{version.name}", f"/{version.name}/{REST_OF_PATH}"):
        endpoint = _create_refusing_endpoint(version)
        router.add_api_route(path, endpoint, methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    return router


def _create_refusing_endpoint(version: Version) -> Endpoint:
    async def refuse(request: HttpRequest) -> NoReturn:
        raise retired(version)

    return refuse


def _at_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _quote(text: str) -> str:
    """Return a string of structured fields: printable ASCII in quotes."""
    printable = UNPRINTABLE.sub("?", text)
    escaped = printable.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
