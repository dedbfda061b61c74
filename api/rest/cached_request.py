"""Requests that were read before, as the REST API of a version remembers them."""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Resource
from api.rest.accept import MEDIA_TYPE
from api.service import PreparedQuery

MAX_REMEMBERED_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CachedRequest:
    """A request that was read before: its query, its identity in entity tags, for a list the link to its next page
    without the cursor, for a record its resource, and the header fields of an answer that shows an edition, with
    the number of dated editions that were known then. `permalink` is the URL of the answer up to the number of its
    edition. It and the link are empty if the URL may contain a key, which they would repeat. A file has another media
    type than JSON."""

    query: PreparedQuery
    identity: bytes
    link: str = ""
    resource: Resource | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    permalink: str = ""
    dated: int = 0
    media_type: bytes = MEDIA_TYPE


def estimate_size(cached: CachedRequest, query_string: bytes) -> int:
    """Return about how many bytes a remembered request takes."""
    statement = cached.query.statement
    arguments = sum(len(repr(argument)) for argument in statement.arguments)
    arguments += sum(len(value) for _, value in cached.headers) + len(cached.permalink)
    return 500 + 4 * len(query_string) + len(statement.sql) + arguments
