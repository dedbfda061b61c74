"""Count the records of a list in groups, in one select.

    picked    the rows that are counted (`picked.py`)
    records   the picked rows, each with its bucket, or with the reason why it has none
    grouped   the number of records for each group and bucket
    ranked    the same in the order of the answer; `shown` are those that the answer contains
    answered  the groups of the answer, with zeros for buckets that are filled

Each is a common table expression that reads the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from api.catalog import Dated, Dimension, Resource, dated, is_additive
from api.compiler.columns import column_type
from api.compiler.csv_table import CsvPart, column_cell, csv_text
from api.compiler.dimensions import DimensionJoins, in_order, read_columns, table
from api.compiler.json_text import (
    Json,
    aggregate_array,
    boolean,
    fixed,
    from_sql,
    literal,
    object_of,
    optional,
    quoted,
    scalar,
    string,
)
from api.compiler.picked import LEAST_IN_GROUP, interval, picked_tables, quality, scale_of
from api.compiler.writer import StatementWriter, indent
from api.model import Type
from api.query import (
    Answer,
    Cell,
    ColumnField,
    Constant,
    CountAdditive,
    CountBucket,
    CountGroups,
    CountKey,
    CountLabel,
    CountNumber,
    CountQualityField,
    CountQuery,
    CsvTable,
    Object,
    Selection,
    is_counted_exactly,
    points_of_counts,
)
from api.query.counts import MAX_GROUPS, TOO_COARSE
from api.query.group_query import CountName

# A time that is known to the minute or to the hour is a moment. Any other is a printed date at 00:00Z.
MOMENTS = ("minute", "hour")
UNDATED, COARSER = 1, 2
LAST_MOMENT = "timestamp '9999-12-31 23:59:59.999999'"
SUMMARY = {
    "total": "(select total * {} from summary)",
    "undated": "(select undated * {} from summary)",
    "coarser": "(select coarser * {} from summary)",
    "rest_count": "(select coalesce(sum(n), 0) * {} from ranked where not shown)",
    "rest_groups": "(select count(*) from ranked where not shown)",
}
# The records that no group shows, by the name of their row in a file.
OTHERS: dict[str, CountName] = {"rest": "rest_count", "undated": "undated", "coarser": "coarser"}


def count_groups(writer: StatementWriter, root: CountQuery) -> str:
    """Return the select of one row: `made` is the JSON of the counts, and `points` are those that are not for the rows
    that Postgres looks at."""
    # The best plan depends on how many records pass. Planning is a small part of counting them.
    writer.custom = True
    return _CountWriter(writer, root).select()


@dataclass
class _CountWriter:
    writer: StatementWriter
    root: CountQuery
    # The alias of the record that describes the values of a dimension, and the join that reads it.
    labels: dict[Dimension, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.resource: Resource = self.writer.version[self.root.resource]
        self.groups = DimensionJoins(self.writer, self.resource)
        self.time: Dated | None = dated(self.resource) if self.root.bucket else None
        self.additive = is_additive(self.resource, self.root.by)
        self.exact = is_counted_exactly(self.writer.version, self.root)
        # The columns of groups: d0, d1 …
        self.names = [f"d{index}" for index in range(len(self.root.by))]

    def select(self) -> str:
        self.writer.looked_at.add(self.resource.name)
        tables = [*self._picked(), self._records(), *self._grouped(), self._summary(), self._ranked(), self._answered()]
        written_tables = ",\n".join(tables)
        points = points_of_counts(self.root)
        if self.root.table is not None:
            made = self._csv(self.root.table)
            return f"with {written_tables}\nselect {made} as made, {points} as points"
        made = self._object(self.root.selection).sql()
        source = f"answered r{self._label_joins()}"
        return f"with {written_tables}\nselect {made} as made, {points} as points\nfrom {source}\nhaving true"

    # The rows that are counted.

    def _picked(self) -> list[str]:
        return picked_tables(self.writer, self.resource, self.root.filter, self._columns(), exact=self.exact)

    def _columns(self) -> list[str]:
        """Return the columns of the list that are read."""
        columns: list[str] = []
        if self.resource.prefix:
            columns.append("id")
        columns += read_columns(self.resource, self.root.by)
        if self.time is not None:
            columns.append(self.time.name)
            if self.time.precision:
                columns.append(self.time.precision)
        # An aggregate needs a column, and lists of children have no id.
        return list(dict.fromkeys(columns)) or [self.resource.key]

    def _records(self) -> str:
        bucket, state = "null::date", "0"
        if self.time is not None:
            bucket, state = self._bucket(self.time), self._state(self.time)
        # Records that count in several groups are read again, for the numbers of records in all.
        select = f"select p.*, {bucket} as bucket, {state} as state from picked p"
        return table("records", select, materialized=not self.additive)

    def _bucket(self, time: Dated) -> str:
        """Return the first day of the bucket of a record; null if its time is not known."""
        column = f"p.{time.name}"
        if self.resource.fields[time.name].type.name == "date":
            return f"date_trunc({literal(self.root.bucket)}, {column}::timestamp)::date"
        local = f"{column} at time zone 'UTC'"
        if self.root.time_zone != "UTC":
            zone = self.writer.argument(self.root.time_zone, "text")
            in_zone = f"least({column} at time zone {zone}, {LAST_MOMENT})"
            local = f"case when {self._is_moment(time)} then {in_zone} else {local} end"
        return f"date_trunc({literal(self.root.bucket)}, {local})::date"

    def _is_moment(self, time: Dated) -> str:
        """Return the condition that the time is a moment and no printed date."""
        if time.precision:
            return f"p.{time.precision} in ({', '.join(map(literal, MOMENTS))})"
        # Without a precision, midnight in UTC is how a date is stored.
        return f"p.{time.name} <> date_trunc('day', p.{time.name}, 'UTC')"

    def _state(self, time: Dated) -> str:
        cases = f"when p.{time.name} is null then {UNDATED}"
        if time.precision:
            coarse = ", ".join(map(literal, TOO_COARSE[self.root.bucket]))
            cases += f" when p.{time.precision} in ({coarse}) then {COARSER}"
        return f"case {cases} else 0 end"

    # The groups.

    def _grouped(self) -> list[str]:
        named: list[str] = []
        for dimension, name in zip(self.root.by, self.names, strict=True):
            value = self.groups.value(dimension)
            named.append(f"{value} as {name}")
        if not self.additive:
            return [table("grouped", self._group_once(named))]
        columns = [*named, "case when p.state = 0 then p.bucket end as bucket", "p.state"]
        rows = f"select {', '.join(columns)}\nfrom records p{self.groups.join_clauses()}"
        keys = ", ".join([*self.names, "bucket", "state"])
        return [table("grouped", f"select {keys}, count(*) as n from (\n  {indent(rows)}\n) g group by {keys}")]

    def _group_once(self, named: list[str]) -> str:
        """Return the select of the groups of records that have several values, such as sources. A record counts once in
        a group. Those without a bucket are in none."""
        columns, keys, bucket = ["p.id", *named], self.names, "null::date"
        if self.time is not None:
            columns, keys, bucket = [*columns, "p.bucket"], [*keys, "bucket"], "bucket"
        # Where Postgres expects few records, it looks up the links of each by itself. That is the best for up to
        # 200,000. The links of more are read as a whole.
        has_bucket = f"p.state <> {UNDATED} and p.state <> {COARSER}" if self.exact else "p.state = 0"
        rows = f"select distinct {', '.join(columns)}\nfrom records p{self.groups.join_clauses()}\nwhere {has_bucket}"
        shown = ", ".join([*self.names, f"{bucket} as bucket", "count(*) as n"])
        return f"select {shown} from (\n  {indent(rows)}\n) g group by {', '.join(keys)}"

    def _summary(self) -> str:
        """Return the table of the numbers of records in all, and of those without a bucket."""
        source, number = "grouped", "coalesce(sum(n){}, 0)"
        if not self.additive:
            source, number = "records", "count(*){}"
        parts = [f"{number.format('')} as total"]
        for name, state in (("undated", UNDATED), ("coarser", COARSER)):
            parts.append(f"{number.format(f' filter (where state = {state})')} as {name}")
        return table("summary", f"select {', '.join(parts)} from {source}")

    # The answer.

    def _ranked(self) -> str:
        """Return the table of the groups with their places: the largest group first. Groups of time alone have one
        place, because they are in the order of time."""
        groups = "grouped g where state = 0" if self.additive else "grouped g"
        if not self.names:
            line = "row_number() over (order by g.bucket desc) as line"
            rows = f"select g.*, 1 as place, {line} from {groups}"
            test = f"line <= {MAX_GROUPS}"
        else:
            partition = ", ".join(f"g.{name}" for name in self.names)
            sized = f"select g.*, sum(g.n) over (partition by {partition}) as size from {groups}"
            order = f"g.size desc, {in_order('g', self.names)}"
            numbered = (
                f"select g.*, dense_rank() over (order by {order}) as place,"
                f" row_number() over (order by {order}, g.bucket) as line from ({sized}) g"
            )
            # A group is shown with all its buckets or with none.
            rows = f"select g.*, max(g.line) over (partition by g.place) as last_line from ({numbered}) g"
            top = self.writer.argument(self.root.top, "bigint")
            test = f"place <= {top} and last_line <= {MAX_GROUPS}"
        if not self.exact:
            test += f" and (n >= {LEAST_IN_GROUP} or not (select cut from bound))"
        return table("ranked", f"select q.*, {test} as shown from ({rows}) q", materialized=True)

    def _answered(self) -> str:
        columns = ["place", *self.names]
        if not self.root.fill:
            return table("answered", f"select {', '.join(columns)}, bucket, n from ranked where shown")
        buckets = self.writer.argument(self.root.fill, "date[]")
        groups = f"select distinct {', '.join(columns)} from ranked where shown" if self.names else "select 1 as place"
        # A record that is known to the day may be in a bucket beside those between the bounds.
        days = (
            f"select unnest({buckets}) as bucket"
            f" union select x.bucket from ranked x where x.place = g.place and x.shown"
        )
        shown = ", ".join(f"g.{column}" for column in columns)
        # A bucket of which a sample has a few records is in the rest, and not zero.
        return table(
            "answered",
            f"select {shown}, b.bucket, coalesce(x.n, 0) as n\nfrom ({groups}) g\ncross join lateral ({days}) b"
            f"\nleft join ranked x on x.place = g.place and x.bucket = b.bucket\nwhere x.place is null or x.shown",
        )

    def _object(self, selection: Selection) -> Json:
        return object_of([(item.key, self._write(item.value)) for item in selection])

    def _write(self, value: Answer) -> Json:
        match value:
            case Object():
                return self._object(value.selection)
            case Constant():
                return string(value.text)
            case CountGroups():
                return aggregate_array(self._object(value.selection), "r.place, r.bucket")
            case CountKey():
                return self._write_key(value)
            case CountLabel():
                return self._write_label(value)
            case CountBucket():
                if not self.root.bucket:
                    return fixed("null")
                return quoted("r.bucket::text")
            case CountNumber():
                return self._write_number(value)
            case CountQualityField():
                return quality(value, exact=self.exact)
            case CountAdditive():
                return boolean(str(self.additive).lower())
            case _:
                raise TypeError(f"{type(value).__name__} has no place in counts")

    def _write_key(self, key: CountKey) -> Json:
        name = self._name_of(key.dimension)
        if not name:
            return fixed("null")
        kind, is_plain = column_type(self.groups.owner(key.dimension), key.dimension.column)
        return scalar(f"r.{name}", replace(kind, nullable=True), plain=is_plain, upper=key.upper)

    def _write_label(self, label: CountLabel) -> Json:
        name = self._name_of(label.dimension)
        if not name:
            return fixed("null")
        target = self.writer.version[label.dimension.target]
        alias = self._join_label(label.dimension, name)
        pairs: list[tuple[str, Json]] = []
        for item in label.selection:
            if isinstance(item.value, Constant):
                pairs.append((item.key, string(item.value.text)))
                continue
            assert isinstance(item.value, ColumnField)
            kind, is_plain = column_type(target, item.value.name)
            column = f"{alias}.{item.value.name}"
            pairs.append((item.key, scalar(column, kind, plain=is_plain, upper=item.value.upper)))
        return optional(f"case when {alias}.id is not null then {object_of(pairs).sql()} end")

    def _join_label(self, dimension: Dimension, name: str) -> str:
        """Return the alias of the record whose id is in a column of groups."""
        if dimension not in self.labels:
            alias = self.writer.name()
            join = f"\nleft join {self.writer.view(dimension.target)} {alias} on {alias}.id = r.{name}"
            self.labels[dimension] = (alias, join)
        return self.labels[dimension][0]

    def _label_joins(self) -> str:
        return "".join(join for _, join in self.labels.values())

    def _name_of(self, dimension: Dimension) -> str:
        """Return the column of groups with the values of a dimension; empty if it groups nothing."""
        if dimension not in self.root.by:
            return ""
        return self.names[self.root.by.index(dimension)]

    def _write_number(self, number: CountNumber) -> Json:
        return from_sql(self._number(number))

    def _number(self, number: CountNumber) -> str:
        scale = scale_of(self.exact)
        if number.name in SUMMARY:
            return SUMMARY[number.name].format(scale)
        if number.name == "count":
            return f"(r.n * {scale})"
        return interval(number.name, exact=self.exact)

    # The answer as CSV.

    def _csv(self, csv_table: CsvTable) -> str:
        cells: list[Cell] = []
        values: dict[str, str] = {}
        for column in csv_table.columns:
            cell, values[column.key] = self._cell(column.key, column.value)
            cells.append(cell)
        groups = CsvPart("group", values, f" from answered r{self._label_joins()}", "r.place, r.bucket")
        return csv_text(cells, [groups, *self._other_parts()], self.writer.version.utc, bom=csv_table.bom)

    def _cell(self, name: str, value: Answer) -> tuple[Cell, str]:
        """Return a column and its value in a group."""
        match value:
            case CountKey(dimension):
                cell = column_cell(self.groups.owner(dimension), dimension.column, name)
                return cell, f"r.{self._name_of(dimension)}"
            case CountLabel():
                alias = self._join_label(value.dimension, self._name_of(value.dimension))
                part = value.selection[0].value
                assert isinstance(part, ColumnField)
                target = self.writer.version[value.dimension.target]
                return column_cell(target, part.name, name), f"{alias}.{part.name}"
            case CountBucket():
                return Cell(name, "bucket", Type("date"), ""), "r.bucket"
            case CountNumber():
                return Cell(name, "n", Type("integer"), ""), self._number(value)
            case _:
                raise TypeError(f"{type(value).__name__} is no column of counts")

    def _other_parts(self) -> list[CsvPart]:
        """Return the rows of the records that no group shows, if there are some."""
        parts: list[CsvPart] = []
        for name, number in OTHERS.items():
            count = self._number(CountNumber(number))
            parts.append(CsvPart(name, {"count": "o.n"}, f" from (select {count} as n) o where o.n > 0"))
        return parts
