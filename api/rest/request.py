"""A URL becomes a Query: every parameter is read strictly, and every fault of a request is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from api.catalog import Resource, Version
from api.errors import NotFound, UnknownName
from api.http.parameters import Faults, read_pairs
from api.query import (
    Entry,
    Filter,
    HasMore,
    Lines,
    NextCursor,
    Nodes,
    Object,
    Page,
    Quality,
    Query,
    Record,
    Rows,
    Search,
    Selection,
    Sort,
    Through,
    Total,
    both,
    read_sort,
)
from api.query.cursor import fingerprint, read_cursor
from api.query.parse import IDENTIFIER, listed, read_language, read_words
from api.rest.formats import Format
from api.rest.hints import unknown
from api.rest.include import Tree, read_include, shown
from api.rest.outdated import outdated
from api.rest.parameters import Parameter, parameters, split

LIMIT = 50
LIMIT_MOST = 200
EXPORT_MOST = 10**9
COUNTS = ("exact", "estimated")


# What an export takes of what every list has: it has no pages, no counts and no links to show whole.
EXPORTED = ("q", "q_language", "sort", "limit")


@dataclass(frozen=True)
class Own:
    """A parameter that every list has, whatever it lists: its name and what it does."""

    name: str
    description: str


OWN = {
    one.name: one
    for one in (
        Own("q", 'Full text: words, "a phrase", or, -not, beginnings of words (corr*). Accents do not matter.'),
        Own("q_language", "The language whose stemmer reads `q` [BCP 47]; unstemmed words always match."),
        Own("include", "Links to show whole, separated by commas; two levels: `speaker,citations.source`."),
        Own("sort", "The field to sort by, descending with a minus. Ties are broken by id, and nulls come last."),
        Own("limit", f"Records a page, 1 to {LIMIT_MOST}."),
        Own("cursor", "Where the page begins: `page.next_cursor` of the page before."),
        Own("count", "Count what the filter leaves: `exact` (up to 100,000) or `estimated`."),
    )
}


def list_query(version: Version, resource: Resource, query_string: bytes) -> Query:
    """The Query of a list. InvalidRequest names each parameter that is wrong."""
    faults = Faults()
    given = read_pairs(query_string, faults)
    known = parameters(version, resource)
    _check_names(version, resource, given, {*known, *common(resource)}, faults)
    filter = _filter(resource, given, known, faults)
    sort = _sort(resource, given, faults)
    selection = _selection(version, resource, given, faults)
    size = _limit(given, faults)
    faults.check()
    mark = fingerprint(version.name, resource.name, sort, filter)
    position = read_cursor(given["cursor"], mark, sort, "cursor") if "cursor" in given else None
    rows = Rows(resource.name, Page(size, position), sort, selection, filter, fingerprint=mark)
    return Query(version.name, rows, outdated(version, resource, given))


def export_query(version: Version, resource: Resource, form: Format, query_string: bytes) -> Query:
    """The Query of an export: the list with its filters and its order, to its end or to `limit`."""
    faults = Faults()
    given = read_pairs(query_string, faults)
    known = parameters(version, resource)
    _check_names(version, resource, given, {*known, *exported(resource)}, faults)
    filter = _filter(resource, given, known, faults)
    sort = _sort(resource, given, faults)
    most = _limit(given, faults, EXPORT_MOST) if "limit" in given else None
    faults.check()
    shape = form.shape(version, resource)
    assert shape is not None
    lines = Lines(resource.name, sort, shape, filter, form.before, form.after, most)
    return Query(version.name, lines, outdated(version, resource, given))


def record_query(version: Version, resource: Resource, identifier: str, query_string: bytes) -> Query:
    """The Query of one record. NotFound where the id cannot be one of this resource."""
    faults = Faults()
    given = read_pairs(query_string, faults)
    _check_names(version, resource, given, {"include"}, faults)
    tree = _include(version, resource, given, faults)
    faults.check()
    if not IDENTIFIER.fullmatch(identifier) or not identifier.startswith(f"{resource.prefix}_"):
        raise NotFound(
            f"No {resource.name} has this id.",
            f"An id here is {resource.prefix}_ and 26 characters of Crockford base32, in lower case.",
        )
    record = Record(resource.name, identifier, shown(version, resource, tree))
    return Query(version.name, Object((Entry("data", record),)), outdated(version, resource, given))


def common(resource: Resource) -> list[str]:
    """The parameters that this list shares with all others: what cannot be searched has no `q`, and what links to
    nothing no `include`."""
    missing = [*([] if resource.searched else ["q", "q_language"]), *([] if resource.links else ["include"])]
    return [name for name in OWN if name not in missing]


def exported(resource: Resource) -> list[str]:
    """The parameters that this export shares with all others."""
    return [name for name in common(resource) if name in EXPORTED]


def _check_names(version: Version, resource: Resource, given: dict[str, str], known: set[str], faults: Faults) -> None:
    for name, value in given.items():
        if name not in known:
            faults.note(name, unknown(version, resource, name, value, known))


def _filter(resource: Resource, given: dict[str, str], known: dict[str, Parameter], faults: Faults) -> Filter:
    groups: dict[str, list[Filter]] = {"": []}
    for name, text in given.items():
        row = known.get(name)
        if row is None:
            continue
        try:
            groups.setdefault(row.link, []).append(row.filter(text))
        except ValueError as error:
            faults.note(name, _with_hint(text, error))
        prefix = f"{row.link}." if row.link else ""
        if row.condition.needs and prefix + row.condition.needs not in given:
            faults.note(name, f"Needs {prefix}{row.condition.needs} beside it, so that like is compared with like.")
    own = groups.pop("")
    if search := _search(given, faults):
        own.append(search)
    return both(*own, *(Through(link, both(*filters)) for link, filters in groups.items() if filters))


def _with_hint(text: str, error: ValueError) -> ValueError | str:
    return f"{error} In a URL a + is written %2B." if re.search(r"\d \d\d:?\d\d$", text) else error


def _search(given: dict[str, str], faults: Faults) -> Search | None:
    if "q" not in given:
        if "q_language" in given:
            faults.note("q_language", "Needs q beside it.")
        return None
    words = _read(given["q"], "q", read_words, faults)
    return Search(words, _read(given.get("q_language", "en"), "q_language", read_language, faults))


def _read(text: str, where: str, read: Callable[[str], str], faults: Faults) -> str:
    try:
        return read(text)
    except ValueError as error:
        faults.note(where, error)
        return text


def _sort(resource: Resource, given: dict[str, str], faults: Faults) -> Sort:
    default = read_sort(resource, resource.sort)
    assert default is not None
    if "sort" not in given:
        return default
    sort = read_sort(resource, given["sort"])
    if sort is None:
        names = [*resource.sortable, *(["relevance"] if resource.searched else [])]
        expected = f"Expected one of {listed(names)}, or one with a minus."
        faults.note("sort", UnknownName(expected, given["sort"], names))
    elif sort.field == "relevance" and "q" not in given:
        faults.note("sort", "Sorting by relevance needs q.")
    elif (needs := _needed(resource, sort)) and needs not in given:
        faults.note("sort", f"Sorting by {sort.field} needs {needs}, so that like is compared with like.")
    return sort or default


def _needed(resource: Resource, sort: Sort) -> str:
    return resource.fields[sort.field].needs if sort.field in resource.fields else ""


def _limit(given: dict[str, str], faults: Faults, most: int = LIMIT_MOST) -> int:
    text = given.get("limit", str(LIMIT))
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or not 1 <= int(text) <= most:
        faults.note("limit", f"Expected a whole number from 1 to {most}.")
        return LIMIT
    return int(text)


def _include(version: Version, resource: Resource, given: dict[str, str], faults: Faults) -> Tree:
    if "include" not in given:
        return {}
    try:
        return read_include(version, resource, split(given["include"]))
    except ValueError as error:
        faults.note("include", error)
        return {}


def _selection(version: Version, resource: Resource, given: dict[str, str], faults: Faults) -> Selection:
    nodes = Nodes(shown(version, resource, _include(version, resource, given, faults), listed=True))
    page = [Entry("next_cursor", NextCursor()), Entry("has_more", HasMore())]
    if count := given.get("count"):
        if count not in COUNTS:
            faults.note("count", "Expected exact or estimated.")
        exact = count == "exact"
        page += [Entry("total", Total(exact)), Entry("total_quality", Quality(exact))]
    return (Entry("data", nodes), Entry("page", Object(tuple(page))))
