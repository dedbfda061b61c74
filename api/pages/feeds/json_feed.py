"""Write a feed as JSON Feed 1.1. Its extension `_briefing` names the withdrawn records."""

from __future__ import annotations

from typing import Any

import orjson

from api.pages.feeds.feed import Feed, FeedEntry, Tombstone
from api.pages.files import TITLE

VERSION = "https://jsonfeed.org/version/1.1"


def write_json_feed(feed: Feed) -> bytes:
    """Return the document."""
    document: dict[str, Any] = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.table,
        "feed_url": feed.address,
    }
    if feed.next:
        document["next_url"] = feed.next
    document["authors"] = [{"name": TITLE}]
    document["_briefing"] = {
        "about": "Records that were withdrawn, by the id of their item.",
        "withdrawn": [_write_tombstone(stone) for stone in feed.tombstones],
    }
    document["items"] = [_write_item(entry) for entry in feed.entries]
    return orjson.dumps(document)


def _write_tombstone(stone: Tombstone) -> dict[str, str]:
    return {"id": stone.id, "url": stone.page, "withdrawn_at": stone.withdrawn_at, "reason": stone.reason}


def _write_item(entry: FeedEntry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.page,
        "title": entry.title,
        "content_text": entry.text or entry.title,
        "date_published": entry.published,
        "date_modified": entry.updated,
        "tags": list(entry.categories),
        "_briefing": {"data": entry.data, "rights": entry.rights},
    }
    if entry.language:
        item["language"] = entry.language
    return item
