"""Count the records of a page's list by each of several fields, in one select beside the page.

    picked    the rows that pass the filter, as counts pick them: each is read once for all fields
    counted   the number of records for each field and value
    ranked    the same with their places: the value with most records first

Fields are numbered in the order of the request.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from api.catalog import Dimension, Resource, is_additive
from api.compiler.columns import column_type
from api.compiler.dimensions import DimensionJoins, read_columns, table
from api.compiler.json_text import Json, aggregate_array, array_of, boolean, from_sql, object_of, scalar, string
from api.compiler.picked import LEAST_IN_GROUP, interval, picked_tables, quality, scale_of
from api.compiler.writer import StatementWriter
from api.query import (
    Answer,
    Constant,
    CountAdditive,
    CountGroups,
    CountNumber,
    CountQualityField,
    FacetFields,
    FacetName,
    Facets,
    FacetValue,
    ListQuery,
    Object,
    Selection,
    counts_of_facets,
    is_counted_exactly,
)


def write_facets(writer: StatementWriter, rows: ListQuery, facets: Facets) -> Json:
    """Return the JSON object of the facets of a page."""
    writer.custom = True
    return _FacetWriter(writer, rows, facets).write()


@dataclass
class _FacetWriter:
    writer: StatementWriter
    rows: ListQuery
    facets: Facets

    def __post_init__(self) -> None:
        self.resource: Resource = self.writer.version[self.rows.resource]
        self.exact = is_counted_exactly(self.writer.version, counts_of_facets(self.rows, self.facets))
        self.scale = scale_of(self.exact)

    def write(self) -> Json:
        self.writer.looked_at.add(self.resource.name)
        columns = list(dict.fromkeys(["id", *read_columns(self.resource, self.facets.by)]))
        if not self.resource.prefix:
            columns.remove("id")
        picked = picked_tables(self.writer, self.resource, self.rows.filter, columns, exact=self.exact, reused=True)
        tables = ",\n".join([*picked, self._counted(), self._ranked()])
        return from_sql(f"(with {tables}\nselect {self._object(self.facets.selection).sql()})")

    def _counted(self) -> str:
        selects = [self._count(number, dimension) for number, dimension in enumerate(self.facets.by)]
        return table("counted", "\nunion all\n".join(selects))

    def _count(self, number: int, dimension: Dimension) -> str:
        joins = DimensionJoins(self.writer, self.resource)
        value = f"{joins.value(dimension)}::text as value"
        rows = f"picked p{joins.join_clauses()}"
        if not is_additive(self.resource, (dimension,)):
            # A record counts once for each of its values.
            rows = f"(select distinct p.id, {value}\nfrom {rows}) p"
            value = "p.value"
        return f"select {number} as facet, {value}, count(*) as n\nfrom {rows}\ngroup by 2"

    def _ranked(self) -> str:
        order = 'c.n desc, c.value collate "C" nulls last'
        numbered = f"select c.*, row_number() over (partition by c.facet order by {order}) as place from counted c"
        shown = f"place <= {self.writer.argument(self.facets.top, 'bigint')}"
        if not self.exact:
            shown += f" and (n >= {LEAST_IN_GROUP} or not (select cut from bound))"
        return table("ranked", f"select q.*, {shown} as shown from ({numbered}) q", materialized=True)

    def _object(self, selection: Selection) -> Json:
        return object_of([(item.key, self._write(item.value)) for item in selection])

    def _write(self, value: Answer) -> Json:
        match value:
            case FacetFields():
                return array_of(
                    self._field(number, dimension, value.selection) for number, dimension in enumerate(self.facets.by)
                )
            case CountNumber():
                return from_sql(f"(select count(*) * {self.scale} from picked)")
            case CountQualityField():
                return quality(value, exact=self.exact)
            case Constant():
                return string(value.text)
            case _:
                raise TypeError(f"{type(value).__name__} has no place in facets")

    def _field(self, number: int, dimension: Dimension, selection: Selection) -> Json:
        """Return the object of a field."""
        return object_of([(item.key, self._write_part(number, dimension, item.value)) for item in selection])

    def _write_part(self, number: int, dimension: Dimension, value: Answer) -> Json:
        others = f"from ranked where facet = {number} and not shown"
        match value:
            case FacetName():
                return string(dimension.term.upper() if value.upper else dimension.name)
            case CountAdditive():
                return boolean(str(is_additive(self.resource, (dimension,))).lower())
            case CountGroups():
                item = object_of([(part.key, self._write_value(dimension, part.value)) for part in value.selection])
                items = aggregate_array(item, "r.place").sql()
                return from_sql(f"(select {items} from ranked r where r.facet = {number} and r.shown)")
            case Object():
                return self._field(number, dimension, value.selection)
            case CountNumber("rest_groups"):
                return from_sql(f"(select count(*) {others})")
            case CountNumber():
                return from_sql(f"(select coalesce(sum(n), 0) * {self.scale} {others})")
            case Constant():
                return string(value.text)
            case _:
                raise TypeError(f"{type(value).__name__} has no place in a facet")

    def _write_value(self, dimension: Dimension, value: Answer) -> Json:
        match value:
            case FacetValue():
                owner = DimensionJoins(self.writer, self.resource).owner(dimension)
                kind, is_plain = column_type(owner, dimension.column)
                upper = value.upper and kind.name == "vocabulary"
                return scalar("r.value", replace(kind, nullable=True), plain=is_plain, upper=upper)
            case CountNumber("count"):
                return from_sql(f"(r.n * {self.scale})")
            case CountNumber(name):
                return from_sql(interval(name, exact=self.exact))
            case Constant():
                return string(value.text)
            case _:
                raise TypeError(f"{type(value).__name__} has no place in a value of a facet")
