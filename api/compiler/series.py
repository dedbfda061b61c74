"""Show the figures of a list as series over time, in one select.

    picked       the figures that pass the filter, with the bounds that their words give them
    said         each figure once for each source that asserts or confirms it
    compared     the same, with those that are lower than what their source said before
    placed       the same, with the place of their series in the answer: the longest series first
    figures      each figure once in its series
    ranked       the series, with the reason why their figures do not add up; those that are shown are `series`
    points       the figures of a series in a bucket
    envelopes    the series that differ in their sources alone, taken together
    envelope_points  the bounds of the last figures of all sources in a bucket

A bound is the bound of a figure, or null if that is open: "at least 364" has no upper bound, so neither has a point or
an envelope with it. Nothing is averaged, and nothing but a flow is added up.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from api.catalog import Resource
from api.catalog.dimensions import SOURCE
from api.compiler.columns import column_type
from api.compiler.csv_table import CsvPart, column_cell, csv_text
from api.compiler.dimensions import DimensionJoins, in_order, read_columns, select_columns, table
from api.compiler.json_text import Json, boolean, fixed, from_sql, literal, object_of, optional, quoted, scalar, string
from api.compiler.page import filtered_rows
from api.compiler.writer import StatementWriter
from api.model import Type
from api.query import (
    Answer,
    Cell,
    Constant,
    CountBucket,
    CountKey,
    CsvTable,
    Item,
    Object,
    Selection,
    SeriesField,
    SeriesList,
    SeriesQuery,
    SeriesSum,
    filter_points,
)
from api.query.counts import MAX_GROUPS
from api.query.series import ENVELOPE_POINT, LAST, POINT, SERIES

# The stances of the sources that stand behind a number.
STANDS_BEHIND = ("asserts", "confirms")
COLUMNS = (
    *("id", "created_at", "value", "value_low", "value_high", "quantifier", "as_of", "period_start", "period_end"),
    *("basis", "series", "status", "disputed", "measure", "unit", "population", "place_id"),
)
# The bounds that the words of a number give it. About 200 is not bounded, unless its source gives bounds.
LOW = "coalesce(p.value_low, case when p.quantifier in ('exact', 'at_least', 'more_than') then p.value end)"
HIGH = "coalesce(p.value_high, case when p.quantifier in ('exact', 'at_most', 'less_than') then p.value end)"
# What one source says of one thing over time.
SAME_THING = "source, measure, unit, population, place_id, series"
LATEST = "as_of desc, created_at desc, id desc"
# The lower bound of some figures is the least of theirs, and open if one of theirs is.
LEAST = "case when count(low) = count(*) then min(low) end as low"
GREATEST = "case when count(high) = count(*) then max(high) end as high"
# The reason why figures do not add up, the first that holds.
NOT_ADDITIVE = """case
    when count(*) filter (where basis = 'flow') < count(*) then 'not_flow'
    when min(sources) <> 1 then 'several_sources'
    when count(series) < count(*) or count(distinct series) > 1 then 'several_series'
    when count(period_start) < count(*) or count(period_end) < count(*) then 'period_unknown'
    when bool_or(is_within) then 'periods_overlap'
  end"""
# The rows of each list with their alias, and their order.
LISTS = {
    "series": ("series r", "r.place"),
    "points": ("points q", "q.bucket"),
    "envelopes": ("envelopes e", "e.envelope"),
    "envelope_points": ("envelope_points f", "f.bucket"),
}
ALIASES = {name: rows.split()[1] for name, (rows, _) in LISTS.items()}
# The column by which the rows of a list belong to a row of another list, and that row.
OWNERS = {"points": ("place", "r"), "envelope_points": ("envelope", "e")}
WHOLE = {
    "total": "(select count(*) from picked)",
    "undated": "(select count(*) from picked where as_of is null)",
    "rest_series": "(select count(*) from ranked where not shown)",
    "rest_figures": "(select coalesce(sum(n), 0) from ranked where not shown)",
}
# The types of the values of points, of series and of envelopes.
FIELD_TYPES = {part.value: part.type for part in (*LAST, *POINT, *SERIES, *ENVELOPE_POINT)}
# The values of a whole series in the row of a point, the bounds that points and envelopes have, and the other values
# of envelopes.
OF_SERIES = ("basis", "not_additive")
BOUNDS = ("low", "high")
OF_ENVELOPES = ("sources", "agree", "spread")
# The figures that no point shows, by the name of their row in a file.
OTHERS = {"rest": "rest_figures", "undated": "undated"}


def figure_series(writer: StatementWriter, root: SeriesQuery) -> str:
    """Return the select of one row: `made` is the JSON of the series, and `points` are those that are not for the rows
    that Postgres looks at."""
    writer.custom = True
    return _SeriesWriter(writer, root).select()


@dataclass
class _SeriesWriter:
    writer: StatementWriter
    root: SeriesQuery
    # The tables of the lists that belong to rows of others.
    lists: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.resource: Resource = self.writer.version[self.root.resource]
        self.groups = DimensionJoins(self.writer, self.resource)
        # The columns of keys: d0, d1 …
        self.names = [f"d{index}" for index in range(len(self.root.by))]

    def select(self) -> str:
        self.writer.looked_at.add(self.resource.name)
        tables = [
            *(self._picked(), self._said(), self._compared(), self._placed(), self._figures()),
            *(*self._series(), self._points(), *self._envelopes()),
        ]
        if self.root.table is not None:
            made = self._csv(self.root.table)
        else:
            made = self._object(self.root.selection, "").sql()
        written_tables = ",\n".join([*tables, *self.lists])
        return f"with {written_tables}\nselect {made} as made, {filter_points(self.root.filter)} as points"

    def _picked(self) -> str:
        by = tuple(dimension for dimension in self.root.by if dimension != SOURCE)
        columns = tuple(dict.fromkeys([*COLUMNS, *read_columns(self.resource, by)]))
        rows = filtered_rows(self.writer, self.resource, self.root.filter, columns)
        select = select_columns(columns, rows)
        bucket = f"date_trunc({literal(self.root.bucket)}, p.as_of::timestamp)::date as bucket"
        return table(
            "picked", f"select p.*, {LOW} as low, {HIGH} as high, {bucket}\nfrom ({select}) p", materialized=True
        )

    def _said(self) -> str:
        named: list[str] = []
        for dimension, name in zip(self.root.by, self.names, strict=True):
            if dimension == SOURCE:
                named.append(f"c.source_id as {name}")
            else:
                named.append(f"{self.groups.value(dimension)} as {name}")
        link = self.resource.links[SOURCE.link]
        self.writer.looked_at.add(link.target)
        stances = ", ".join(map(literal, STANDS_BEHIND))
        # A source that asserts a figure and confirms it, too, stands behind it once.
        citations = (
            f"select distinct {link.by} as figure_id, source_id from {self.writer.view(link.target)}"
            f" where stance in ({stances}) and source_id is not null and {link.by} in (select id from picked)"
        )
        columns = ", ".join(["p.*", "c.source_id as source", *named])
        return table(
            "said",
            f"select {columns}\nfrom picked p\nleft join ({citations}) c on c.figure_id = p.id"
            f"{self.groups.join_clauses()}\nwhere p.as_of is not null",
        )

    def _compared(self) -> str:
        before = f"lag(coalesce(value, low)) over (partition by {SAME_THING} order by as_of, created_at, id)"
        is_lower = f"basis = 'cumulative' and source is not null and coalesce(value, low) < {before}"
        return table("compared", f"select s.*, coalesce({is_lower}, false) as corrected from said s")

    def _placed(self) -> str:
        keys = ", ".join(self.names)
        numbered = f"select c.*, dense_rank() over (partition by {keys} order by id) as number from compared c"
        sized = f"select c.*, max(number) over (partition by {keys}) as size from ({numbered}) c"
        place = f"dense_rank() over (order by size desc, {in_order('c', self.names)}) as place"
        shared = [name for name, dimension in zip(self.names, self.root.by, strict=True) if dimension != SOURCE]
        envelope = f"min(place) over (partition by {', '.join(shared)}) as envelope"
        return table(
            "placed", f"select c.*, {envelope}\nfrom (select c.*, {place} from ({sized}) c) c", materialized=True
        )

    def _figures(self) -> str:
        each = "select distinct on (place, id) * from placed order by place, id, corrected desc"
        sources = "select place, count(distinct source) as sources from placed group by place"
        before = "order by period_start, id rows between unbounded preceding and 1 preceding"
        overlaps = f"coalesce(period_start <= max(period_end) over (partition by place {before}), false) as is_within"
        return table(
            "figures",
            f"select y.*, z.sources, {overlaps}\nfrom ({each}) y\njoin ({sources}) z using (place)",
            materialized=True,
        )

    def _series(self) -> list[str]:
        keys = ", ".join(self.names)
        basis = "case when count(distinct basis) = 1 and count(basis) = count(*) then min(basis) end as basis"
        sums = "sum(low) as lows, sum(high) as highs, count(low) as low_bounds, count(high) as high_bounds"
        columns = f"place, {keys}, count(*) as n, count(distinct bucket) as buckets, {basis}, {sums}"
        grouped = f"select {columns}, {NOT_ADDITIVE} as not_additive\nfrom figures group by place, {keys}"
        low = "case when low_bounds = n then lows end as sum_low"
        high = "case when high_bounds = n then highs end as sum_high"
        top = self.writer.argument(self.root.top, "bigint")
        # A series is shown with all its points or not at all.
        shown = f"place <= {top} and sum(buckets) over (order by place) <= {MAX_GROUPS} as shown"
        return [
            table("ranked", f"select g.*, {low}, {high}, {shown}\nfrom ({grouped}) g", materialized=True),
            table("series", "select * from ranked where shown"),
        ]

    def _points(self) -> str:
        columns = ("id", "value", "low", "high", "quantifier", "as_of", "status", "disputed")
        named = ", ".join(f"{column} as last_{column}" for column in columns)
        last = (
            f"select distinct on (place, bucket) place, bucket, {named} from figures order by place, bucket, {LATEST}"
        )
        corrections = "count(*) filter (where corrected) as corrections"
        grouped = f"select place, bucket, count(*) as n, {LEAST}, {GREATEST}, {corrections} from figures group by 1, 2"
        return table(
            "points", f"select *\nfrom ({grouped}) g\njoin ({last}) l using (place, bucket)", materialized=True
        )

    def _envelopes(self) -> list[str]:
        keys = ", ".join(f"min({name}) as {name}" for name in self.names)
        shown = "envelope in (select place from series)"
        # Of each source the last figure in a bucket counts, also of series that are not shown.
        last = (
            "select distinct on (envelope, bucket, source) envelope, bucket, source, low, high from placed"
            f" where source is not null and {shown} order by envelope, bucket, source, {LATEST}"
        )
        agree = "coalesce(max(low) <= min(high), true) as agree"
        grouped = (
            f"select envelope, bucket, {LEAST}, {GREATEST}, count(*) as sources, {agree}\nfrom ({last}) v group by 1, 2"
        )
        return [
            table("envelopes", f"select envelope, {keys} from placed where {shown} group by envelope"),
            table("envelope_points", f"select g.*, high - low as spread\nfrom ({grouped}) g", materialized=True),
        ]

    # The answer.

    def _object(self, selection: Selection, alias: str) -> Json:
        return object_of([(item.key, self._write(item.value, alias)) for item in selection])

    def _write(self, value: Answer, alias: str) -> Json:
        match value:
            case Object():
                return self._object(value.selection, alias)
            case Constant():
                return string(value.text)
            case SeriesList():
                return self._write_list(value)
            case SeriesSum():
                summed = self._object(value.selection, alias).sql()
                return optional(f"case when {alias}.not_additive is null then {summed} end")
            case CountKey():
                return self._write_key(value, alias)
            case CountBucket():
                return quoted(f"{alias}.bucket::text")
            case SeriesField():
                return _write_field(value, alias)
            case _:
                raise TypeError(f"{type(value).__name__} has no place in series")

    def _write_list(self, rows: SeriesList) -> Json:
        source, order = LISTS[rows.name]
        alias = ALIASES[rows.name]
        item = self._object(rows.selection, alias).sql()
        aggregate = f"string_agg({item}, ',' order by {order})"
        if rows.name not in OWNERS:
            return fixed("[") + from_sql(f"(select {aggregate} from {source})") + fixed("]")
        # The rows of all owners are written at once. Each owner would read all of them to find its own.
        column, owner = OWNERS[rows.name]
        name = self.writer.name()
        self.lists.append(table(name, f"select {column}, {aggregate} as items\nfrom {source} group by {column}"))
        items = f"(select {name}.items from {name} where {name}.{column} = {owner}.{column})"
        return fixed("[") + from_sql(items) + fixed("]")

    def _csv(self, csv_table: CsvTable) -> str:
        cells: list[Cell] = []
        points: dict[str, str] = {}
        envelopes: dict[str, str] = {}
        for column in csv_table.columns:
            cells.append(self._cell(column))
            match column.value:
                case CountKey(dimension):
                    name = self.names[self.root.by.index(dimension)]
                    points[column.key] = f"r.{name}"
                    if dimension != SOURCE:
                        envelopes[column.key] = f"e.{name}"
                case CountBucket():
                    points[column.key], envelopes[column.key] = "q.bucket", "f.bucket"
                case SeriesField(name):
                    if name in OF_SERIES:
                        points[column.key] = f"r.{name}"
                    elif name not in OF_ENVELOPES:
                        points[column.key] = f"q.{name}"
                    if name in BOUNDS or name in OF_ENVELOPES:
                        envelopes[column.key] = f"f.{name}"
        of_points = " from points q join series r using (place)"
        of_envelopes = " from envelope_points f join envelopes e using (envelope)"
        parts = [
            CsvPart("point", points, of_points, "r.place, q.bucket"),
            CsvPart("envelope", envelopes, of_envelopes, "e.envelope, f.bucket"),
            *_other_parts(),
        ]
        return csv_text(cells, parts, self.writer.version.utc, bom=csv_table.bom)

    def _cell(self, column: Item) -> Cell:
        match column.value:
            case CountKey(dimension):
                return column_cell(self.groups.owner(dimension), dimension.column, column.key)
            case SeriesField("last_id"):
                return column_cell(self.resource, "id", column.key)
            case SeriesField(name):
                return Cell(column.key, name, FIELD_TYPES[name], "")
            case _:
                return Cell(column.key, "bucket", Type("date"), "")

    def _write_key(self, key: CountKey, alias: str) -> Json:
        if key.dimension not in self.root.by:
            return fixed("null")
        name = self.names[self.root.by.index(key.dimension)]
        kind, is_plain = column_type(self.groups.owner(key.dimension), key.dimension.column)
        return scalar(f"{alias}.{name}", replace(kind, nullable=True), plain=is_plain, upper=key.upper)


def _other_parts() -> list[CsvPart]:
    """Return the rows of the figures that no point shows, if there are some."""
    parts: list[CsvPart] = []
    for name, number in OTHERS.items():
        source = f" from (select {WHOLE[number]} as n) o where o.n > 0"
        parts.append(CsvPart(name, {"n": "o.n"}, source))
    return parts


def _write_field(item: SeriesField, alias: str) -> Json:
    if item.name in WHOLE:
        return from_sql(WHOLE[item.name])
    column = f"{alias}.{item.name}"
    if item.name in ("agree", "last_disputed"):
        return boolean(column)
    if item.name in ("last_id", "last_as_of"):
        return quoted(f"{column}::text")
    if item.name in ("basis", "not_additive", "last_quantifier", "last_status"):
        text = f'upper({column} collate "C")' if item.upper else column
        return optional(f"'\"' || {text} || '\"'")
    return optional(f"{column}::text")
