"""Make a Query of a URL: of a list, of an export, of one record."""

from __future__ import annotations

from dataclasses import dataclass

from api.catalog import DeprecatedPart, Resource, Version
from api.errors import NotFound
from api.query import (
    ExportQuery,
    HasMore,
    Item,
    ListQuery,
    NextCursor,
    Nodes,
    Object,
    Page,
    Quality,
    Query,
    Record,
    Selection,
    Total,
)
from api.query.cursor import fingerprint, read_cursor
from api.query.parse import IDENTIFIER
from api.rest.formats import Format
from api.rest.include import Tree, record_selection
from api.rest.outdated import outdated
from api.rest.parameters import parameters
from api.rest.url import LIMIT, MAX_EXPORT, Url, export_names, list_names, read_url


def list_query(version: Version, resource: Resource, query_string: bytes) -> Query:
    """Return the Query of a list. InvalidRequest names each parameter that is wrong."""
    url = read_url(version, resource, parameters(version, resource), list_names(resource), query_string)
    filter, sort = url.filter, url.order
    list_fingerprint = fingerprint(version.name, resource.name, sort, filter)
    position = None
    if url.cursor:
        position = read_cursor(url.cursor, list_fingerprint, sort, "cursor")
    page = Page(url.limit or LIMIT, position)
    rows = ListQuery(resource.name, page, sort, _page_selection(url), filter, fingerprint=list_fingerprint)
    return Query(version.name, rows, outdated(version, resource, url.texts))


@dataclass(frozen=True)
class ExportRequest:
    """The Query of an export, and whether the file begins with a byte order mark."""

    query: Query
    bom: bool = False


def export_request(version: Version, resource: Resource, form: Format, query_string: bytes) -> ExportRequest:
    """Return the request for an export: the list with its filters and its order, to its end or to `limit`."""
    filters, shared = parameters(version, resource), export_names(resource, form)
    url = read_url(version, resource, filters, shared, query_string, MAX_EXPORT)
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
    )
    return ExportRequest(Query(version.name, export, outdated(version, resource, url.texts)), url.bom)


def export_query(version: Version, resource: Resource, form: Format, query_string: bytes) -> Query:
    """Return the Query of an export."""
    return export_request(version, resource, form, query_string).query


def record_query(version: Version, resource: Resource, identifier: str, query_string: bytes) -> Query:
    """Return the Query of one record. NotFound if the id cannot be one of this resource."""
    url = read_url(version, resource, {}, ("include",), query_string)
    return linked_record_query(version, resource, identifier, url.include, outdated(version, resource, url.texts))


def linked_record_query(
    version: Version, resource: Resource, identifier: str, tree: Tree, outdated: tuple[DeprecatedPart, ...] = ()
) -> Query:
    """Return the Query of one record with the links of a tree. NotFound if the id cannot be one of this resource."""
    if not IDENTIFIER.fullmatch(identifier) or not identifier.startswith(f"{resource.prefix}_"):
        raise NotFound(
            f"No {resource.name} has this id.",
            f"An id here is {resource.prefix}_ and 26 characters of Crockford base32, in lower case.",
        )
    record = Record(resource.name, identifier, record_selection(version, resource, tree))
    return Query(version.name, Object((Item("data", record),)), outdated)


def _page_selection(url: Url) -> Selection:
    nodes = Nodes(record_selection(url.version, url.resource, url.include, listed=True))
    page = [Item("next_cursor", NextCursor()), Item("has_more", HasMore())]
    if url.count:
        exact = url.count == "exact"
        page += [Item("total", Total(exact)), Item("total_quality", Quality(exact))]
    return (Item("data", nodes), Item("page", Object(tuple(page))))
