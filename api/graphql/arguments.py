"""Read the arguments of a list (Relay's first, after, last, before) and of a link's set: the page that they ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.catalog import DeprecatedPart, Link, Resource, Version
from api.catalog.lifecycle import missing_companions
from api.errors import Fault, InvalidRequest
from api.graphql.declare import MAX_LINKED, MAX_RECORDS, RECORDS_FIRST
from api.graphql.filter_reader import FilterReader
from api.graphql.shape import camel, pascal
from api.query import EVERYTHING, AsOf, EditionFinder, Filter, KnownAt, ListQuery, Page, Selection, Sort, read_sort
from api.query.cursor import ListCursor, continue_as_of, fingerprint, read_cursor
from api.query.filters import resources_of_list, search_of
from api.query.known_at import read_known_at
from api.query.sort import POSITION


def read_root_list(
    version: Version,
    resource: Resource,
    arguments: dict[str, Any],
    selection: Selection,
    key: str,
    outdated: list[DeprecatedPart],
    finder: EditionFinder,
) -> ListQuery:
    """Return a root list. InvalidRequest names the argument that is wrong. Deprecated parts are added to `outdated`."""
    filter = read_filter(version, resource, arguments, key, outdated)
    filter_argument = arguments.get("filter") or {}
    sort = _read_order(resource, arguments.get("orderBy"), filter_argument, filter, f"{key}.orderBy")
    _note_missing_filters(resource, sort, filter_argument, outdated)
    list_fingerprint = fingerprint(version.name, resource.name, sort, filter)
    as_of = read_edition(arguments, key, finder.find_for_list)
    page, cursor, path = _read_page(arguments, list_fingerprint, sort, key)
    if cursor is not None and version.history:
        as_of = continue_as_of(cursor, as_of, finder, resources_of_list(version, resource, filter), path)
    return ListQuery(resource.name, page, sort, selection, filter, fingerprint=list_fingerprint, as_of=as_of)


def read_edition(arguments: dict[str, Any], key: str, find: Callable[[KnownAt], AsOf]) -> AsOf | None:
    """Return the edition that `knownAt` names; None for the present. `find` looks it up."""
    known_at = arguments.get("knownAt")
    if known_at is None:
        return None
    try:
        return find(read_known_at(known_at))
    except ValueError as error:
        raise _fault(f"{key}.knownAt", str(error)) from None


def read_linked_set(
    version: Version,
    link: Link,
    arguments: dict[str, Any],
    selection: Selection,
    key: str,
    outdated: list[DeprecatedPart],
) -> ListQuery:
    """Return the set of a link, in the target's own order. Deprecated parts are added to `outdated`."""
    target = version[link.target]
    sort = POSITION if link.owned else _sort_of(target, target.sort)
    size = check_size(arguments["first"], MAX_LINKED, f"{key}.first")
    filter = read_filter(version, target, arguments, key, outdated)
    return ListQuery(link.target, Page(size), sort, selection, filter, link=link.name)


def read_filter(
    version: Version, resource: Resource, arguments: dict[str, Any], key: str, outdated: list[DeprecatedPart]
) -> Filter:
    """Return the filter of a list. InvalidRequest names the argument that is wrong. Deprecated parts are added to
    `outdated`."""
    filter_argument = arguments.get("filter")
    if filter_argument is None:
        return EVERYTHING
    return FilterReader(version, outdated).read(resource, filter_argument, f"{key}.filter")


def _read_page(
    arguments: dict[str, Any], list_fingerprint: str, sort: Sort, key: str
) -> tuple[Page, ListCursor | None, str]:
    """Return the page, its cursor, and the path of the argument with the cursor."""
    first = arguments.get("first")
    last = arguments.get("last")
    after = arguments.get("after")
    before = arguments.get("before")
    if first is not None and last is not None:
        raise _fault(f"{key}.last", "Give first or last, not both.")
    if after is not None and before is not None:
        raise _fault(f"{key}.before", "Give after or before, not both.")
    if last is None and before is None:
        size = _read_size(first, f"{key}.first")
        path = f"{key}.after"
        cursor = _read_cursor(after, list_fingerprint, sort, path)
        return Page(size, _position(cursor)), cursor, path
    if first is not None:
        raise _fault(f"{key}.first", "first goes with after, last with before.")
    if after is not None:
        raise _fault(f"{key}.after", "first goes with after, last with before.")
    size = _read_size(last, f"{key}.last")
    path = f"{key}.before"
    cursor = _read_cursor(before, list_fingerprint, sort, path)
    return Page(size, _position(cursor), backward=True), cursor, path


def _read_size(size: int | None, path: str) -> int:
    if size is None:
        return RECORDS_FIRST
    return check_size(size, MAX_RECORDS, path)


def check_size(size: int, limit: int, path: str) -> int:
    """Return the size of a page. InvalidRequest if it is none or above the limit."""
    if not 1 <= size <= limit:
        raise _fault(path, f"Expected a whole number from 1 to {limit}.")
    return size


def _read_cursor(cursor: str | None, list_fingerprint: str, sort: Sort, path: str) -> ListCursor | None:
    if cursor is None:
        return None
    return read_cursor(cursor, list_fingerprint, sort, path)


def _position(cursor: ListCursor | None) -> tuple[Any, Any] | None:
    return None if cursor is None else cursor.position


def _read_order(
    resource: Resource, order: dict[str, Any] | None, filter_argument: dict[str, Any], filter: Filter, path: str
) -> Sort:
    if order is None:
        return _sort_of(resource, resource.sort)
    name = order["field"].value
    if name == "relevance":
        # The best come first in either direction.
        if search_of(filter) is None:
            raise _fault(path, "Sorting by RELEVANCE needs search in the filter.")
        return _sort_of(resource, name)
    needed = camel(resource.fields[name].needs)
    if needed and needed not in filter_argument:
        sorting = f"Sorting by {name.upper()} needs {needed} in the filter"
        raise _fault(path, f"{sorting}, so that like is compared with like.")
    direction = order.get("direction")
    descending = direction is not None and direction.value == "desc"
    return _sort_of(resource, f"-{name}" if descending else name)


def _sort_of(resource: Resource, text: str) -> Sort:
    """Return a sort that the resource has, because its schema offers it."""
    sort = read_sort(resource, text)
    assert sort is not None
    return sort


def _note_missing_filters(
    resource: Resource, sort: Sort, filter_argument: dict[str, Any], outdated: list[DeprecatedPart]
) -> None:
    """Note a sort without any of the filters that its field expects beside it."""
    field = resource.fields.get(sort.field)
    if field is None:
        return
    expected = [camel(name) for name in field.expects]
    instead = missing_companions(expected, filter_argument)
    if instead:
        outdated.append(DeprecatedPart(f"{pascal(resource.name)}OrderField.{sort.field.upper()}", instead))


def _fault(path: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {detail}", (Fault(path, detail),))
