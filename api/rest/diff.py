"""Make a Query of a URL that compares two states of a list: `/figures/diff?from=e12&to=e34`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from api.catalog import Resource, Version
from api.errors import Fault, InvalidRequest
from api.http.parameters import Faults
from api.query import (
    AsOf,
    DiffQuery,
    EditionFinder,
    EditionNumber,
    ExportQuery,
    HasMore,
    Item,
    NextCursor,
    Nodes,
    Object,
    Page,
    Permalink,
    Query,
)
from api.query.cursor import continue_as_of, diff_fingerprint, read_cursor
from api.query.filters import resources_of_list
from api.query.known_at import KnownAt, write_edition
from api.query.sort import CHANGE
from api.rest.formats import Format, diff_selection
from api.rest.outdated import outdated
from api.rest.parameters import parameters
from api.rest.request import ExportRequest
from api.rest.url import LIMIT, MAX_EXPORT, Url, diff_names, read_url

# The last edition, whatever the time.
LAST = KnownAt(moment=2**62, nearest=True)


@dataclass(frozen=True)
class _States:
    """The two states that are compared: the number of the last edition up to the earlier one that changed which records
    the list has, or what they contain; and the later edition."""

    since: int
    until: AsOf


def diff_query(
    version: Version,
    resource: Resource,
    query_string: bytes,
    finder: EditionFinder,
    permalink: str = "",
) -> Query:
    """Return the Query of a page of differences. InvalidRequest names each parameter that is wrong. `permalink` is the
    URL of the differences up to the name of the earlier edition; without it, that of a page is null."""
    names = diff_names(version, resource)
    url = read_url(version, resource, parameters(version, resource), names, query_string)
    filter = url.filter
    states = _find_states(url, finder)
    fingerprint = diff_fingerprint(version.name, resource.name, states.since, filter)
    until, position = states.until, None
    if url.cursor:
        cursor = read_cursor(url.cursor, fingerprint, CHANGE, "cursor")
        position = cursor.position
        # Without `to`, the page is of the edition of its cursor.
        named = until if url.until is not None else None
        resources = resources_of_list(version, resource, filter)
        until = continue_as_of(cursor, named, finder, resources, "cursor") or until
    page = (
        Item("next_cursor", NextCursor()),
        Item("has_more", HasMore()),
        Item("edition", EditionNumber()),
        Item("permalink", Permalink(permalink and _name_since(permalink, states.since, until.store))),
    )
    body = (Item("data", Nodes(diff_selection(version, resource))), Item("page", Object(page)))
    root = DiffQuery(resource.name, Page(url.limit or LIMIT, position), body, states.since, until, filter, fingerprint)
    return Query(version.name, root, outdated(version, resource, url.texts))


def write_diff_permalink(url: str, query: Query, edition: int | None) -> str:
    """Return the URL of the same differences between named editions. `url` is their URL up to the name of the earlier
    edition, and `edition` the later one."""
    assert isinstance(query.root, DiffQuery) and edition is not None
    store = query.root.as_of.store
    return _name_since(url, query.root.since, store) + write_edition(edition, store)


def _name_since(url: str, since: int, store: str) -> str:
    return f"{url}{write_edition(since, store)}&to="


def diff_export_request(
    version: Version,
    resource: Resource,
    form: Format,
    query_string: bytes,
    finder: EditionFinder,
    accept_datetime: str = "",
) -> ExportRequest:
    """Return the request for all differences as a file. They have two states of their own, so Accept-Datetime names
    nothing here."""
    names = diff_names(version, resource, form)
    url = read_url(version, resource, parameters(version, resource), names, query_string, MAX_EXPORT)
    states = _find_states(url, finder)
    shape = form.shape(version, resource, {})
    assert shape is not None
    export = ExportQuery(
        resource=resource.name,
        sort=CHANGE,
        shape=shape,
        filter=url.filter,
        after=form.after,
        max_records=url.limit,
        marked=True,
        as_of=states.until,
        since=states.since,
    )
    return ExportRequest(Query(version.name, export, outdated(version, resource, url.texts)), url.bom)


def _find_states(url: Url, finder: EditionFinder) -> _States:
    """Return the two states that a URL names. InvalidRequest if one of them does not exist, or if `from` is later than
    `to`."""
    if url.since is None:
        raise InvalidRequest.of([Fault("from", "Needed here: the state to compare with, such as from=e12345.")])
    faults = Faults()
    since = _find(finder, url.since, "from", faults)
    until = _find(finder, url.until or LAST, "to", faults)
    faults.check()
    assert since is not None and until is not None
    is_later = since.number > until.number
    if url.until is not None and url.since.number is None and url.until.number is None:
        is_later = url.since.moment > url.until.moment
    if is_later:
        earlier = quote(url.texts["to"], safe=":")
        later = quote(url.texts["from"], safe=":")
        detail = f"This is later than to. Write from={earlier}&to={later}."
        raise InvalidRequest.of([Fault("from", detail)])
    resources = resources_of_list(url.version, url.resource, url.filter)
    # The next edition may be the right one for either of them.
    return _States(since.changed(resources), replace(until, final=since.final and until.final))


def _find(finder: EditionFinder, known_at: KnownAt, name: str, faults: Faults) -> AsOf | None:
    try:
        return finder.find_for_list(known_at)
    except ValueError as error:
        faults.note(name, error)
        return None
