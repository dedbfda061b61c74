"""Read the arguments of a list (Relay's first, after, last, before) and of a link's set: the page that they ask for."""

from __future__ import annotations

from typing import Any

from api.catalog import DeprecatedPart, Link, Resource, Version
from api.catalog.lifecycle import missing
from api.errors import Fault, InvalidRequest
from api.graphql.declare import LINKED_MOST, RECORDS_FIRST, RECORDS_MOST
from api.graphql.filter_reader import FilterReader
from api.graphql.shape import camel, pascal
from api.query import EVERYTHING, Filter, ListQuery, Page, Selection, Sort, read_sort
from api.query.cursor import fingerprint, read_cursor
from api.query.filters import searched
from api.query.sort import POSITION


def list_of(
    version: Version,
    resource: Resource,
    given: dict[str, Any],
    selection: Selection,
    key: str,
    outdated: list[DeprecatedPart],
) -> ListQuery:
    """Return a root list. InvalidRequest names the argument that is wrong. Deprecated parts are added to `outdated`."""
    filter = _filter(version, resource, given, key, outdated)
    sort = _sort(resource, given.get("orderBy"), given.get("filter"), filter, f"{key}.orderBy")
    expected = resource.fields[sort.field].expects if sort.field in resource.fields else ()
    if instead := missing(map(camel, expected), given.get("filter") or ()):
        outdated.append(DeprecatedPart(f"{pascal(resource.name)}OrderField.{sort.field.upper()}", instead))
    mark = fingerprint(version.name, resource.name, sort, filter)
    page = _page(given, mark, sort, key)
    return ListQuery(resource.name, page, sort, selection, filter, fingerprint=mark)


def set_of(
    version: Version, link: Link, given: dict[str, Any], selection: Selection, key: str, outdated: list[DeprecatedPart]
) -> ListQuery:
    """Return the set of a link, in the target's own order. Deprecated parts are added to `outdated`."""
    target = version[link.target]
    sort = POSITION if link.owned else read_sort(target, target.sort)
    assert sort is not None
    size = _size(given["first"], LINKED_MOST, f"{key}.first")
    filter = _filter(version, target, given, key, outdated)
    return ListQuery(link.target, Page(size), sort, selection, filter, link=link.name)


def _filter(
    version: Version, resource: Resource, given: dict[str, Any], key: str, outdated: list[DeprecatedPart]
) -> Filter:
    filter = given.get("filter")
    return EVERYTHING if filter is None else FilterReader(version, outdated).read(resource, filter, f"{key}.filter")


def _page(given: dict[str, Any], mark: str, sort: Sort, key: str) -> Page:
    first, last = given.get("first"), given.get("last")
    after, before = given.get("after"), given.get("before")
    if first is not None and last is not None:
        raise _fault(f"{key}.last", "Give first or last, not both.")
    if after is not None and before is not None:
        raise _fault(f"{key}.before", "Give after or before, not both.")
    backward = last is not None or before is not None
    if backward and (first is not None or after is not None):
        raise _fault(f"{key}.{'first' if first is not None else 'after'}", "first goes with after, last with before.")
    size = last if backward else first
    way = "last" if backward else "first"
    size = RECORDS_FIRST if size is None else _size(size, RECORDS_MOST, f"{key}.{way}")
    cursor, where = (before, "before") if backward else (after, "after")
    position = None if cursor is None else read_cursor(cursor, mark, sort, f"{key}.{where}")
    return Page(size, position, backward)


def _size(size: int, most: int, path: str) -> int:
    if not 1 <= size <= most:
        raise _fault(path, f"Expected a whole number from 1 to {most}.")
    return size


def _sort(resource: Resource, given: Any, narrowing: Any, filter: Filter, path: str) -> Sort:
    if given is None:
        sort = read_sort(resource, resource.sort)
        assert sort is not None
        return sort
    name = given["field"].value
    direction = given.get("direction")
    sort = read_sort(resource, f"-{name}" if direction is not None and direction.value == "desc" else name)
    if name == "relevance":
        if searched(filter) is None:
            raise _fault(path, "Sorting by relevance needs search in the filter.")
        sort = read_sort(resource, name)
    elif (needs := resource.fields[name].needs) and needs not in (narrowing or {}):
        raise _fault(path, f"Sorting by {name} needs {needs} in the filter, so that like is compared with like.")
    assert sort is not None
    return sort


def _fault(path: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"{path}: {detail}", (Fault(path, detail),))
