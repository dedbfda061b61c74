"""Make a Query of the URL of counts or of series, whose answer is an object of JSON or a file of CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from api.catalog import Dimension, Resource, Version
from api.catalog.dimensions import SOURCE
from api.http.parameters import Faults
from api.query import (
    ColumnField,
    CountAdditive,
    CountBucket,
    CountGroups,
    CountKey,
    CountLabel,
    CountNumber,
    CountQualityField,
    CountQuery,
    CsvTable,
    EditionFinder,
    Item,
    Object,
    Query,
    Selection,
    SeriesField,
    SeriesList,
    SeriesQuery,
    SeriesSum,
)
from api.query.counts import COUNT_PARTS, REST_PARTS, UNPLACED_PARTS, check_grouping, filled, top_of
from api.query.group_query import CountName
from api.query.parts import Part
from api.query.series import (
    ENVELOPE_POINT,
    LAST,
    POINT,
    REST,
    SERIES,
    SUM,
    TOP_SERIES,
    WHOLE,
    always_keys,
)
from api.rest.group_parameters import COUNT_READERS, SERIES_READERS, count_names, series_names
from api.rest.include import Tree
from api.rest.outdated import outdated
from api.rest.parameters import parameters
from api.rest.url import NO_EDITIONS, find_edition, read_url


def counts_query(
    version: Version,
    resource: Resource,
    query_string: bytes,
    finder: EditionFinder = NO_EDITIONS,
    accept_datetime: str = "",
    *,
    file: bool = False,
) -> Query:
    """Return the Query of the counts of a list, or of a `file` with them. InvalidRequest names each parameter that is
    wrong."""
    names = count_names(version, resource, file=file)
    filters = parameters(version, resource)
    url = read_url(
        version, resource, filters, names, query_string, accept_datetime=accept_datetime, readers=COUNT_READERS
    )
    grouping, filter = url.grouping, url.filter
    included = list(_paths(url.include))
    faults = Faults()
    for name, detail in check_grouping(resource, grouping, filter):
        faults.note(name, detail)
    labels = [dimension.label for dimension in grouping.by]
    for path in included:
        if path not in labels:
            faults.note("include", f"{path} describes records by which by does not group.")
    faults.check()
    is_timed = bool(grouping.bucket)
    counts = CountQuery(
        resource=resource.name,
        by=grouping.by,
        selection=_count_selection(version, grouping.by, is_timed, included),
        filter=filter,
        bucket=grouping.bucket,
        time_zone=grouping.time_zone or "UTC",
        top=top_of(grouping),
        fill=filled(resource, grouping, filter),
        exact=url.quality == "exact",
        as_of=find_edition(url, finder.find_for_list),
        table=CsvTable(_count_columns(version, grouping.by, is_timed, included), url.bom) if file else None,
    )
    return Query(version.name, counts, outdated(version, resource, url.texts))


def _paths(tree: Tree, before: str = "") -> Iterator[str]:
    """Yield the paths of `include`, each to its end."""
    for name, branch in tree.items():
        if branch:
            yield from _paths(branch, f"{before}{name}.")
        else:
            yield before + name


def _count_selection(version: Version, by: tuple[Dimension, ...], is_timed: bool, included: list[str]) -> Selection:
    keys: list[Item] = []
    for dimension in by:
        keys.append(Item(dimension.name, CountKey(dimension)))
        if dimension.label in included:
            keys.append(Item(dimension.label, CountLabel(dimension, _label_items(version, dimension))))
    if is_timed:
        keys.append(Item("bucket", CountBucket()))
    group = (Item("key", Object(tuple(keys))), *GROUP_NUMBERS)
    return (
        Item("data", CountGroups(group)),
        Item("rest", Object(REST_NUMBERS)),
        Item("unplaced", Object(_numbers(UNPLACED_PARTS))),
        Item("total", CountNumber("total")),
        Item("quality", CountQualityField()),
        Item("additive", CountAdditive()),
    )


def _numbers(parts: tuple[Part[CountName], ...]) -> Selection:
    return tuple(Item(part.key, CountNumber(part.value)) for part in parts)


GROUP_NUMBERS = _numbers(COUNT_PARTS)
REST_NUMBERS = _numbers(REST_PARTS)


def _label_items(version: Version, dimension: Dimension) -> Selection:
    return tuple(Item(name, ColumnField(name)) for name in version[dimension.target].label)


def _count_columns(version: Version, by: tuple[Dimension, ...], is_timed: bool, included: list[str]) -> Selection:
    """Return the columns of a file with counts. Those of labels are named as in exports: `place_name`."""
    columns: list[Item] = []
    for dimension in by:
        columns.append(Item(dimension.name, CountKey(dimension)))
        if dimension.label in included:
            labels = _label_items(version, dimension)
            columns += [Item(f"{dimension.label}_{item.key}", CountLabel(dimension, (item,))) for item in labels]
    if is_timed:
        columns.append(Item("bucket", CountBucket()))
    return (*columns, *GROUP_NUMBERS)


def series_query(
    version: Version,
    resource: Resource,
    query_string: bytes,
    finder: EditionFinder = NO_EDITIONS,
    accept_datetime: str = "",
    *,
    file: bool = False,
) -> Query:
    """Return the Query of the series of a list of figures, or of a `file` with them. InvalidRequest names each
    parameter that is wrong."""
    names = series_names(version, resource, file=file)
    filters = parameters(version, resource)
    url = read_url(
        version, resource, filters, names, query_string, accept_datetime=accept_datetime, readers=SERIES_READERS
    )
    by = url.series_by or always_keys(version, resource)
    series = SeriesQuery(
        resource=resource.name,
        by=by,
        selection=_series_selection(by),
        filter=url.filter,
        bucket=url.grouping.bucket or "day",
        top=url.grouping.top or TOP_SERIES,
        as_of=find_edition(url, finder.find_for_list),
        table=CsvTable(_series_columns(by), url.bom) if file else None,
    )
    return Query(version.name, series, outdated(version, resource, url.texts))


def _series_selection(by: tuple[Dimension, ...]) -> Selection:
    key = Item("key", Object(_key_items(by)))
    shared = Object(tuple(Item(dimension.name, CountKey(dimension)) for dimension in by if dimension != SOURCE))
    bucket = Item("bucket", CountBucket())
    points = SeriesList("points", (bucket, Item("last", Object(_items(LAST))), *_items(POINT)))
    series = (key, *_items(SERIES), Item("sum", SeriesSum(_items(SUM))), Item("points", points))
    envelope_points = SeriesList("envelope_points", (bucket, *_items(ENVELOPE_POINT)))
    return (
        Item("data", SeriesList("series", series)),
        Item("envelope", SeriesList("envelopes", (Item("key", shared), Item("points", envelope_points)))),
        Item("rest", Object(_items(REST))),
        *_items(WHOLE),
    )


def _key_items(by: tuple[Dimension, ...]) -> Selection:
    return tuple(Item(dimension.name, CountKey(dimension)) for dimension in by)


def _items(parts: tuple[Part[str], ...]) -> Selection:
    return tuple(Item(part.key, SeriesField(part.value)) for part in parts)


def _series_columns(by: tuple[Dimension, ...]) -> Selection:
    """Return the columns of a file with series. A row is a point of a series or of an envelope, which share their
    bounds."""
    in_key = [dimension.name for dimension in by]
    of_series = [part for part in SERIES if part.value != "n" and part.value not in in_key]
    of_envelopes = [part for part in ENVELOPE_POINT if part not in POINT and part.value not in ("low", "high")]
    of_points = (*LAST, *POINT, *of_envelopes)
    return (*_key_items(by), *_columns(of_series), Item("bucket", CountBucket()), *_columns(of_points))


def _columns(parts: Iterable[Part[str]]) -> Selection:
    """Return columns that have the names of their values."""
    return tuple(Item(part.value, SeriesField(part.value)) for part in parts)
