"""The formats of feeds, each a row: a list with its filters for feed readers, the newest changes first."""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import Resource, Version


@dataclass(frozen=True)
class FeedFormat:
    """A format: the end of its path, the end of its operation id, its media type, and its name."""

    suffix: str
    name: str
    media_type: str
    title: str
    description: str


ATOM = FeedFormat(
    "atom",
    "atom",
    "application/atom+xml",
    "Atom",
    "An Atom feed [RFC 4287]. A withdrawn record is a tombstone, `at:deleted-entry` [RFC 6721].",
)
JSON_FEED = FeedFormat(
    "feed.json",
    "json",
    "application/feed+json",
    "JSON Feed",
    "A JSON Feed, version 1.1. Withdrawn records are in the extension `_briefing`.",
)
FEEDS = (ATOM, JSON_FEED)


def offered_feeds(version: Version, resource: Resource) -> tuple[FeedFormat, ...]:
    """Return the feeds of a list. Only records with ids have changes of their own, and only a version that lists
    withdrawals can say which of them are gone."""
    return FEEDS if resource.prefix and "withdrawal" in version.lists else ()
