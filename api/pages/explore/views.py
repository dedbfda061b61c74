"""The views of a list: its table, and for some lists a map, a timeline or a chart. A URL names one with `view`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from api.catalog import Resource, Version, dated, dimensions
from api.catalog.dimensions import has_series
from api.errors import Fault, InvalidRequest, Unknown
from api.pages.explore.chart import draw_chart, series_with_names
from api.pages.explore.page_url import PageUrl
from api.pages.explore.place_map import counts_by_place, read_places
from api.pages.explore.timeline import counts_by_time, draw_timeline
from api.query import EditionFinder, Query
from api.query.counts import BUCKETS, read_choice
from api.query.parse import listed
from api.rest.parameters import parameters
from api.rest.url import find_edition, list_names, read_url

TABLE = "table"
# Parameters that are of the pages alone. REST does not have them.
VIEW, BUCKET = "view", "bucket"


@dataclass(frozen=True)
class View:
    """A view besides the table: the lists that have it, its Query, what its page shows of the answer, and the path and
    query of the same numbers over REST, below the list."""

    has: Callable[[Version, Resource], bool]
    query: Callable[..., Query]
    show: Callable[[PageUrl, dict[str, Any]], Any]
    address: str
    takes_bucket: bool = False


VIEWS = {
    "map": View(
        lambda version, resource: "place_id" in dimensions(version, resource),
        counts_by_place,
        read_places,
        "counts?by=place_id&include=place&top=2000",
    ),
    "timeline": View(
        lambda version, resource: dated(resource) is not None and bool(dimensions(version, resource)),
        counts_by_time,
        draw_timeline,
        "counts?bucket=day",
        takes_bucket=True,
    ),
    "chart": View(has_series, series_with_names, draw_chart, "series?by=source_id,population,place_id"),
}


@dataclass(frozen=True)
class ViewRequest:
    """The view that a URL names, the bucket of its time, and the query of the list without the two."""

    name: str
    bucket: str
    query_string: bytes


def views_of(version: Version, resource: Resource) -> list[str]:
    """Return the names of the views that a list has."""
    return [TABLE, *(name for name, view in VIEWS.items() if version.counts and view.has(version, resource))]


def read_view(version: Version, resource: Resource, query_string: bytes) -> ViewRequest:
    """Return the view that a query names. InvalidRequest if the list does not have it."""
    names = views_of(version, resource)
    own: dict[str, str] = {}
    rest: list[bytes] = []
    for pair in query_string.split(b"&"):
        name, _, value = pair.partition(b"=")
        # The first one counts. REST refuses the second one by its name.
        if name in (b"view", b"bucket") and name.decode() not in own:
            own[name.decode()] = unquote_plus(value.decode("latin-1"))
        elif pair:
            rest.append(pair)
    view = own.get(VIEW) or TABLE
    if view not in names:
        detail = f"{resource.plural} have no view {view[:50]!r}. Expected one of {listed(names)}."
        raise InvalidRequest.of([Fault(VIEW, detail, unknown=Unknown(view, names))])
    bucket = own.get(BUCKET, "")
    if bucket:
        _check_bucket(view, bucket)
    return ViewRequest(view, bucket, b"&".join(rest))


def _check_bucket(view: str, bucket: str) -> None:
    if view == TABLE or not VIEWS[view].takes_bucket:
        raise InvalidRequest.of(
            [Fault(BUCKET, "Needs view=timeline beside it, because only its bars have lengths of time.")]
        )
    try:
        read_choice(bucket, BUCKETS)
    except ValueError as error:
        raise InvalidRequest.of([Fault(BUCKET, str(error))]) from None


def view_query(version: Version, resource: Resource, request: ViewRequest, finder: EditionFinder) -> Query:
    """Return the Query of a view: that of the list with its filters. InvalidRequest names each parameter that is
    wrong."""
    url = read_url(
        version, resource, parameters(version, resource), list_names(version, resource), request.query_string
    )
    as_of = find_edition(url, finder.find_for_list)
    return VIEWS[request.name].query(version, resource, url.filter, as_of, request.bucket)


def view_address(url: PageUrl) -> str:
    """Return the path and the query of what a view shows over REST, below the version."""
    address = VIEWS[url.view].address
    if url.bucket:
        address = address.replace("bucket=day", f"bucket={url.bucket}")
    return f"{url.resource.plural}/{address}{url.count_query.replace('?', '&', 1)}"
