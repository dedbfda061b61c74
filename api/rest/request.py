"""Make a Query of a URL: of a list, of an export, of one record. `group_request.py` does so for counts and series."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from api.catalog import DeprecatedPart, Resource, Version
from api.errors import NotFound
from api.query import (
    AsOf,
    Changed,
    CountAdditive,
    CountGroups,
    CountNumber,
    CountQualityField,
    EditionFinder,
    EditionNumber,
    ExportQuery,
    FacetFields,
    FacetName,
    Facets,
    FacetValue,
    HasMore,
    Item,
    ListQuery,
    NextCursor,
    Nodes,
    Object,
    Page,
    Permalink,
    Quality,
    Query,
    Record,
    RevisionColumn,
    RevisionsQuery,
    Selection,
    StoredRecord,
    Total,
    read_sort,
    record_points,
)
from api.query.counts import FACET_TOP
from api.query.cursor import continue_as_of, fingerprint, read_cursor, revisions_fingerprint
from api.query.filters import resources_of_list, test_of_condition
from api.query.own_fields import own_selection
from api.query.parse import IDENTIFIER
from api.query.sort import REVISION
from api.rest.formats import Format
from api.rest.group_request import GROUP_NUMBERS, REST_NUMBERS
from api.rest.include import Tree, read_include, record_selection
from api.rest.outdated import outdated
from api.rest.parameters import parameters
from api.rest.url import (
    LIMIT,
    MAX_EXPORT,
    NO_EDITIONS,
    REVISION_NAMES,
    Url,
    export_names,
    feed_names,
    find_edition,
    list_names,
    read_url,
    record_names,
)

FACETS = (
    Item("total", CountNumber("total")),
    Item("quality", CountQualityField()),
    Item(
        "fields",
        FacetFields(
            (
                Item("field", FacetName()),
                Item("additive", CountAdditive()),
                Item("data", CountGroups((Item("value", FacetValue()), *GROUP_NUMBERS))),
                Item("rest", Object(REST_NUMBERS)),
            )
        ),
    ),
)


def list_query(
    version: Version,
    resource: Resource,
    query_string: bytes,
    finder: EditionFinder = NO_EDITIONS,
    accept_datetime: str = "",
    permalink: str = "",
) -> Query:
    """Return the Query of a list. InvalidRequest names each parameter that is wrong. `permalink` is the URL of the list
    up to the name of an edition; without it, that of a page is null."""
    names = list_names(version, resource)
    url = read_url(
        version, resource, parameters(version, resource), names, query_string, accept_datetime=accept_datetime
    )
    filter, sort = url.filter, url.order
    list_fingerprint = fingerprint(version.name, resource.name, sort, filter)
    as_of = find_edition(url, finder.find_for_list)
    position = None
    if url.cursor:
        cursor = read_cursor(url.cursor, list_fingerprint, sort, "cursor")
        position = cursor.position
        if version.history:
            resources = resources_of_list(version, resource, filter)
            as_of = continue_as_of(cursor, as_of, finder, resources, "cursor")
    page = Page(url.limit or LIMIT, position)
    selection = _page_selection(url, permalink)
    rows = ListQuery(resource.name, page, sort, selection, filter, fingerprint=list_fingerprint, as_of=as_of)
    return Query(version.name, rows, outdated(version, resource, url.texts))


# The order of feeds: the newest changes first. An index of every resource serves it.
NEWEST_CHANGES = "-updated_at"


def feed_query(version: Version, resource: Resource, query_string: bytes, include: Iterable[str]) -> Query:
    """Return the Query of a feed: the records that the filters leave, and, on its first page, the newest withdrawals of
    this kind of record. Filters do not apply to withdrawals, because nothing but the id of a record is left."""
    names = feed_names(version, resource)
    url = read_url(version, resource, parameters(version, resource), names, query_string)
    sort = read_sort(resource, NEWEST_CHANGES)
    assert sort is not None
    list_fingerprint = fingerprint(version.name, resource.name, sort, url.filter)
    position = None
    if url.cursor:
        position = read_cursor(url.cursor, list_fingerprint, sort, "cursor").position
    size = url.limit or LIMIT
    tree = read_include(version, resource, include)
    nodes = Nodes(record_selection(version, resource, tree, listed=True))
    selection = (Item("data", nodes), Item("next_cursor", NextCursor()))
    page = Page(size, position)
    records = ListQuery(resource.name, page, sort, selection, url.filter, fingerprint=list_fingerprint)
    roots = [Item("records", records)]
    if not url.cursor:
        roots.append(Item("withdrawn", _withdrawals(version, resource, size)))
    return Query(version.name, Object(tuple(roots)), outdated(version, resource, url.texts))


def _withdrawals(version: Version, resource: Resource, size: int) -> ListQuery:
    """Return the newest withdrawals of one kind of record."""
    withdrawal = version["withdrawal"]
    sort = read_sort(withdrawal, "-change")
    assert sort is not None
    is_of_resource = test_of_condition(version.conditions["withdrawal"]["resource", "in"], (resource.name,))
    nodes = Nodes(record_selection(version, withdrawal, {}, listed=True))
    return ListQuery("withdrawal", Page(size), sort, (Item("data", nodes),), is_of_resource)


# The parts of a revision that the log has, in order.
REVISION_COLUMNS = ("revision", "action", "edition", "known_from", "known_to", "reason", "dataset")


@dataclass(frozen=True)
class ExportRequest:
    """The Query of an export, and whether the file begins with a byte order mark."""

    query: Query
    bom: bool = False


def export_request(
    version: Version,
    resource: Resource,
    form: Format,
    query_string: bytes,
    finder: EditionFinder = NO_EDITIONS,
    accept_datetime: str = "",
) -> ExportRequest:
    """Return the request for an export: the list with its filters and its order, to its end or to `limit`."""
    filters, shared = parameters(version, resource), export_names(version, resource, form)
    url = read_url(version, resource, filters, shared, query_string, MAX_EXPORT, accept_datetime)
    shape = form.shape(version, resource, url.include)
    assert shape is not None
    export = ExportQuery(
        resource=resource.name,
        sort=url.order,
        shape=shape,
        filter=url.filter,
        before=form.before,
        after=form.after,
        max_records=url.limit,
        marked=True,
        position=(url.after_id, url.after_id) if url.after_id else None,
        as_of=find_edition(url, finder.find_for_list),
    )
    return ExportRequest(Query(version.name, export, outdated(version, resource, url.texts)), url.bom)


def export_query(version: Version, resource: Resource, form: Format, query_string: bytes) -> Query:
    """Return the Query of an export."""
    return export_request(version, resource, form, query_string).query


def record_query(
    version: Version,
    resource: Resource,
    identifier: str,
    query_string: bytes,
    finder: EditionFinder = NO_EDITIONS,
    accept_datetime: str = "",
    include: Tree | None = None,
) -> Query:
    """Return the Query of one record. NotFound if the id cannot be one of this resource. With `include`, the answer has
    these links, and the URL names none."""
    names = [name for name in record_names(version) if include is None or name != "include"]
    url = read_url(version, resource, {}, names, query_string, accept_datetime=accept_datetime)
    as_of = find_edition(url, finder.find)
    outdated_parts = outdated(version, resource, url.texts)
    tree = url.include if include is None else include
    return linked_record_query(version, resource, identifier, tree, outdated_parts, as_of)


def linked_record_query(
    version: Version,
    resource: Resource,
    identifier: str,
    tree: Tree,
    outdated: tuple[DeprecatedPart, ...] = (),
    as_of: AsOf | None = None,
) -> Query:
    """Return the Query of one record with the links of a tree. NotFound if the id cannot be one of this resource."""
    _check_id(resource, identifier)
    record = Record(resource.name, identifier, record_selection(version, resource, tree), as_of)
    return Query(version.name, Object((Item("data", record),)), outdated)


def revisions_query(
    version: Version,
    resource: Resource,
    identifier: str,
    query_string: bytes,
    finder: EditionFinder = NO_EDITIONS,
    accept_datetime: str = "",
    permalink: str = "",
) -> Query:
    """Return the Query of the revisions of a record. NotFound if the id cannot be one of this resource."""
    url = read_url(version, resource, {}, REVISION_NAMES, query_string, accept_datetime=accept_datetime)
    _check_id(resource, identifier)
    as_of = find_edition(url, finder.find)
    list_fingerprint = revisions_fingerprint(version.name, identifier)
    before = None
    if url.cursor:
        cursor = read_cursor(url.cursor, list_fingerprint, REVISION, "cursor")
        before = cursor.position[1]
        as_of = continue_as_of(cursor, as_of, finder, (resource.name,), "cursor")
    columns = [Item(name, RevisionColumn(name)) for name in REVISION_COLUMNS]
    columns.append(Item("changed", Changed(own_selection(version, resource))))
    if url.record == "full":
        selection = record_selection(version, resource, {})
        columns.append(Item("record", StoredRecord(selection, record_points(version, selection))))
    page = (
        Item("next_cursor", NextCursor()),
        Item("has_more", HasMore()),
        Item("edition", EditionNumber()),
        Item("permalink", Permalink(permalink)),
    )
    body = (Item("data", Nodes(tuple(columns))), Item("page", Object(page)))
    root = RevisionsQuery(
        resource.name, identifier, url.limit or LIMIT, body, before, fingerprint=list_fingerprint, as_of=as_of
    )
    return Query(version.name, root)


def _check_id(resource: Resource, identifier: str) -> None:
    if not IDENTIFIER.fullmatch(identifier) or not identifier.startswith(f"{resource.prefix}_"):
        raise NotFound(
            f"No {resource.name} has this id.",
            f"An id here is {resource.prefix}_ and 26 characters of Crockford base32, in lower case.",
        )


def _page_selection(url: Url, permalink: str) -> Selection:
    nodes = Nodes(record_selection(url.version, url.resource, url.include, listed=True))
    page = [Item("next_cursor", NextCursor()), Item("has_more", HasMore())]
    if url.version.history:
        page += [Item("edition", EditionNumber()), Item("permalink", Permalink(permalink))]
    if url.count:
        exact = url.count == "exact"
        page += [Item("total", Total(exact)), Item("total_quality", Quality(exact))]
    body = (Item("data", nodes), Item("page", Object(tuple(page))))
    if not url.facets:
        return body
    return (*body, Item("facets", Facets(url.facets, FACET_TOP, FACETS)))
