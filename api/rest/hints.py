"""Suggest what to use instead of an unknown parameter: other services name pages, bounds, times and files differently.

A hint names what the caller meant. The error contains the valid names only if there is no hint, so that the nearest of
them can be suggested (`api/suggest.py`). The nearest name can be wrong: for `starts_at_lte` it is the other bound.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from api.catalog import Resource, Version, newest_with_history
from api.errors import UnknownName
from api.rest.formats import offered

DETAIL = "There is no such parameter here."
# Letters of a name that are looked at: no valid name is as long.
MAX_LETTERS = 100

# Names of a time as of which records are read.
IN_TIME = frozenset(
    ("known_at", "knownat", "asof", "vintage", "vintage_date", "vintage_dates", "edition", "as_known_at")
)
ELSEWHERE = {
    **dict.fromkeys(("offset", "skip", "start", "page", "after"), "cursor"),
    **dict.fromkeys(("order", "order_by", "orderby", "ordering", "sort_by", "direction"), "sort"),
    **dict.fromkeys(("per_page", "page_size", "pagesize", "size", "first", "rows"), "limit"),
    **dict.fromkeys(("search", "query", "text"), "q"),
    **dict.fromkeys(IN_TIME, "known_at"),
}
INSTEAD = {
    "known_at": " The state of an earlier time is asked for with known_at.",
    "cursor": " Pages go on with cursor, which is page.next_cursor of the page before.",
    "sort": " The order is asked for with sort, as in sort=-id.",
    "limit": " How many records there are at most is asked for with limit.",
    "q": " Full text is asked for with q.",
}
FILES = frozenset(("format", "_format", "fmt", "f", "output", "export", "media_type"))
LOWER = ("gte", "gt", "ge", "min", "from", "after", "since")
UPPER = ("lte", "lt", "le", "max", "to", "before", "until", "till")
BOUNDS = "|".join((*LOWER, *UPPER))
# As `starts_at_lte`, `starts_at__lte`, `starts_at[lte]`, `starts_at.lte`, or `max_value`.
BOUND_LAST = re.compile(rf"([a-z0-9_.]*[a-z0-9])(?:__|[_.:\[-])({BOUNDS})\]?")
BOUND_FIRST = re.compile(rf"({BOUNDS})_([a-z0-9_.]+)")
SINCE = frozenset(
    (
        "from",
        "since",
        "from_date",
        "date_from",
        "start_date",
        "startdate",
        "start_time",
        "begin",
        "min_date",
        "newer_than",
    )
)
UNTIL = frozenset(
    ("to", "until", "till", "before", "to_date", "date_to", "end_date", "enddate", "end_time", "end", "max_date")
)
WHEN = frozenset(("date", "time", "datetime", "day", "when", "period"))


def describe_unknown(
    version: Version, resource: Resource, name: str, value: str, known: Collection[str]
) -> str | UnknownName:
    """Return what is wrong with a parameter of a list or an export that is not `known`, and what to use instead."""
    lowered = name[:MAX_LETTERS].lower()
    if lowered in IN_TIME and not version.history:
        return f"{DETAIL}{_history_hint(resource)}"
    other = ELSEWHERE.get(lowered, "")
    if other in known:
        return DETAIL + INSTEAD[other]
    hint = (
        _include_hint(version, resource, lowered)
        or _file_hint(version, resource, lowered, value)
        or _bound_hint(lowered, known)
        or _time_hint(resource, lowered, known)
    )
    if not hint:
        return UnknownName(DETAIL, name, known)
    return f"{DETAIL} {hint}"


def _history_hint(resource: Resource) -> str:
    """Return a hint to the newest version whose lists can be read as they were known at a moment."""
    version = newest_with_history(resource.name)
    if version is None:
        return ""
    path = f"/{version.name}/{resource.plural}"
    return f" Version {version.name[1:]} has known_at, the state of an earlier time: {path}."


def _file_hint(version: Version, resource: Resource, name: str, value: str) -> str:
    if name not in FILES:
        return ""
    forms = [form.name for form in offered(version, resource)]
    if value.lower() in forms:
        forms = [value.lower()]
    paths = ", ".join(f"/{version.name}/{resource.plural}.{form}" for form in forms)
    return f"A file is requested by its path: {paths}."


def _include_hint(version: Version, resource: Resource, name: str) -> str:
    if name != "include" or not resource.links:
        return ""
    return f"Only NDJSON has linked records: request /{version.name}/{resource.plural}.ndjson with include."


def _bound_hint(name: str, known: Collection[str]) -> str:
    match = BOUND_LAST.fullmatch(name)
    if match:
        return _name_bound(match[1], match[2], known)
    match = BOUND_FIRST.fullmatch(name)
    if match:
        return _name_bound(match[2], match[1], known)
    return _name_bounds(name, known)


def _name_bound(field: str, bound: str, known: Collection[str]) -> str:
    if bound in LOWER and f"{field}_gte" in known:
        return f"The lower bound is {field}_gte, which includes its value."
    if bound in UPPER and f"{field}_lt" in known:
        return f"The upper bound is {field}_lt, which excludes its value."
    return ""


def _name_bounds(field: str, known: Collection[str]) -> str:
    if f"{field}_gte" in known and f"{field}_lt" in known:
        return f"The bounds are {field}_gte, which includes its value, and {field}_lt, which excludes it."
    return ""


def _time_hint(resource: Resource, name: str, known: Collection[str]) -> str:
    """Return a hint to the bounds of the time that the list is sorted by."""
    field = resource.sort.removeprefix("-")
    if name in SINCE:
        return _name_bound(field, "gte", known)
    if name in UNTIL:
        return _name_bound(field, "lt", known)
    if name in WHEN:
        return _name_bounds(field, known)
    return ""
