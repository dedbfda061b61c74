"""Answers that show an edition: how long they may be kept, and the header fields of Memento (RFC 7089).

A URL without `known_at` is a TimeGate: with `Accept-Datetime` it answers as of that time. The `Content-Location` of
each answer, also of the present, names the URL that gives this answer for good. An answer about an edition changes only
with a new release, or if a record is erased. So shared caches may keep it for long, if the operator purges them then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

import orjson

from api.access.caller import Caller
from api.catalog import Version
from api.http.responses import VALIDATED, CachePolicy, Headers
from api.query.known_at import to_moment, write_edition
from api.query.timeline import Timeline

VARY_IN_TIME = (b"vary", b"accept, accept-encoding, accept-datetime")
SURROGATE_KEY = (b"surrogate-key", b"editions")
PRESENT = CachePolicy(VARY_IN_TIME)
PUBLIC = CachePolicy(VARY_IN_TIME, (b"cache-control", b"public, max-age=3600, s-maxage=31536000"), (SURROGATE_KEY,))
# The answer to a caller with a key is kept by that caller alone.
PRIVATE = CachePolicy(VARY_IN_TIME, (b"cache-control", b"private, max-age=3600"))


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of what was requested: without `known_at`, and up to the name of an edition. Both are empty if the URL
    may contain a key, which an answer must not repeat. A record has a list of its versions, the TimeMap."""

    original: str = ""
    permalink: str = ""
    timemap: str = ""


LINK_FORMAT = "application/link-format"


def timemap(body: bytes, original: str, own: str, store: str) -> bytes:
    """Return a page of revisions as a TimeMap (RFC 7089, 5) in the link format (RFC 6690): the URL of each version of a
    record. `own` is the URL of the page."""
    links = [
        f'<{original}>; rel="original timegate"',
        f'<{own}>; rel="self"; type="{LINK_FORMAT}"',
    ]
    for revision in orjson.loads(body)["data"]:
        if revision["action"] != "withdrawn":
            moment = datetime.fromisoformat(revision["known_from"]).replace(microsecond=0)
            url = f"{original}?known_at={write_edition(revision['edition'], store)}"
            links.append(f'<{url}>; rel="memento"; datetime="{format_datetime(moment, usegmt=True)}"')
    return ",\n".join(links).encode("latin-1")


def cache_policy(version: Version, caller: Caller, *, shows_edition: bool) -> CachePolicy:
    """Return how an answer may be kept. `shows_edition` says that it shows an edition that its URL names for good."""
    if not version.history:
        return VALIDATED
    if not shows_edition:
        return PRESENT
    return PUBLIC if caller.key_id is None else PRIVATE


def memento_headers(addresses: Addresses, edition: int, timeline: Timeline) -> Headers:
    """Return the header fields of an answer that shows an edition."""
    # Without the fraction of the second: with Accept-Datetime, this second stands for its end.
    moment = to_moment(timeline.time_of(edition) // 1_000_000 * 1_000_000)
    headers: Headers = [(b"memento-datetime", format_datetime(moment, usegmt=True).encode())]
    if addresses.original:
        links = [f'<{addresses.original}>; rel="original timegate"']
        if addresses.timemap:
            links.append(f'<{addresses.timemap}>; rel="timemap"; type="application/link-format"')
        headers.append((b"link", ", ".join(links).encode("latin-1")))
    return headers
