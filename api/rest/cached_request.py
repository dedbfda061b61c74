"""Requests that were read before, as the REST API of a version remembers them."""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Resource
from api.rest.accept import MEDIA_TYPE
from api.service import PreparedQuery

MAX_REMEMBERED_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CachedRequest:
    """A request that was read before."""

    query: PreparedQuery
    # What its entity tag is made of.
    identity: bytes
    # The URL of the next page up to its cursor; empty if the URL may contain a key.
    link: str = ""
    # The resource of a record or of its revisions, for the error if the record is missing.
    resource: Resource | None = None
    # The header fields that do not depend on the answer.
    headers: tuple[tuple[bytes, bytes], ...] = ()
    # The URL of the answer up to the number of its edition; empty as the link is.
    permalink: str = ""
    # `Timeline.dated` when the request was read. If that has changed, its moment may mean another edition.
    dated: int = 0
    # A file has another one than JSON.
    media_type: bytes = MEDIA_TYPE


def estimate_size(cached: CachedRequest, query_string: bytes) -> int:
    """Return about how many bytes a remembered request takes."""
    statement = cached.query.statement
    arguments = sum(len(repr(argument)) for argument in statement.arguments)
    arguments += sum(len(value) for _, value in cached.headers) + len(cached.permalink)
    return 500 + 4 * len(query_string) + len(statement.sql) + arguments
