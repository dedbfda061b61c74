"""Report in header fields what is deprecated: the version of a request, and the parts of it that the request uses.

`Deprecation` is a structured-field date [RFC 9745], `Sunset` an HTTP date [RFC 8594], and `Link` leads to the version
that comes after. `Deprecated-Use` is a list of strings [RFC 9651]. Each names a part that the request uses, with what
to use instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any

from fastapi import APIRouter

from api.access.usage import DeprecatedUsage
from api.catalog import DeprecatedPart, Version
from api.errors import Retired
from api.http.request import HttpRequest
from api.http.route import DataRoute, Endpoint
from api.http.route_table import REST_OF_PATH

Headers = list[tuple[bytes, bytes]]
# The deprecated parts that the answer to one request lists, even if the request uses more.
TOLD_MOST = 20


def fields(version: Version) -> Headers:
    """Return the header fields of every answer of a version; none while it is current."""
    life = version.lifecycle
    if life.deprecated is None or life.sunset is None:
        return []
    return [
        (b"deprecation", f"@{_midnight(life.deprecated).timestamp():.0f}".encode()),
        (b"sunset", format_datetime(_midnight(life.sunset), usegmt=True).encode()),
        (b"link", f'</{life.successor}>; rel="successor-version"'.encode()),
    ]


def of_versions(versions: Iterable[Version]) -> dict[str, Headers]:
    """Return the fields of the versions that are not current, by name."""
    return {one.name: told for one in versions if (told := fields(one))}


def uses(outdated: Iterable[DeprecatedPart]) -> bytes:
    """Return the value of `Deprecated-Use`."""
    parts = [f"{_string(one.name)};instead={_string(one.instead)}" for one in outdated]
    return ", ".join(parts[:TOLD_MOST]).encode()


def observer(counted: DeprecatedUsage) -> Callable[[HttpRequest], None]:
    """Return the observer of requests that counts the uses of deprecated things by caller."""

    def observe(request: HttpRequest) -> None:
        context = request.context
        if not (context.version_outdated or context.outdated):
            return
        key_id = context.caller.key_id if context.caller is not None else None
        if context.version_outdated:
            counted.note(key_id, context.version)
        for one in context.outdated:
            counted.note(key_id, context.version, one.name)

    return observe


def retired(version: Version) -> Retired:
    """Return the error for a version that is no longer served. It names the version to use instead."""
    life = version.lifecycle
    return Retired(
        f"Version {version.name} is no longer served, since {life.sunset}.",
        f"Go on with /{life.successor}; /versions tells what differs.",
    )


def gone(version: Version) -> APIRouter:
    """Return routes that refuse every path of a version that is no longer served."""
    router = APIRouter(route_class=DataRoute, include_in_schema=False)
    for path in (f"/{version.name}", f"/{version.name}/{REST_OF_PATH}"):
        router.add_api_route(path, _refuse(version), methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
    return router


def _refuse(version: Version) -> Endpoint:
    async def handle(request: HttpRequest) -> Any:
        raise retired(version)

    return handle


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _string(text: str) -> str:
    """Return a string of structured fields: printable ASCII in quotes."""
    plain = "".join(one if " " <= one <= "~" else "?" for one in text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
