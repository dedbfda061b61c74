"""Compare a list as of two editions: the records that were added, changed, removed, or that entered or left the filter.

The change log says which records changed between the two, and in which order they did so for the last time. Each is
looked up in both states, tested with the filter as of both, and compared field by field. So the work depends on the
number of changes and not on the size of the list. If the filter looks through links, a record may enter or leave the
list without a change of its own (`touched.py`). These records follow, in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from api.compiler.condition import condition
from api.compiler.formula import guard
from api.compiler.json_text import (
    NULL,
    Json,
    aggregate_array,
    from_sql,
    literal,
    object_of,
    optional,
    quoted,
)
from api.compiler.page import ESTIMATE_FROM, MAX_EXACT, PageScan
from api.compiler.record import TEXT_BYTES, pairs, record, write_permalink
from api.compiler.sample import LARGEST, is_in_sample, sample_of
from api.compiler.touched import touched_ids
from api.compiler.writer import RowSource, StatementWriter, indent, limit_clause, where_clause
from api.query import (
    ColumnField,
    Cursor,
    DiffColumn,
    DiffCsvShape,
    DiffQuery,
    DiffShape,
    EditionNumber,
    ExportQuery,
    FieldChanges,
    Filter,
    HasMore,
    HasNext,
    HasPrevious,
    Item,
    ListQuery,
    NextCursor,
    Nodes,
    Object,
    ObjectField,
    Page,
    Permalink,
    Selection,
    Test,
    Total,
    extra_of,
)
from api.query.filters import conjuncts, looks_through_links
from api.query.list_query import parts_of_nodes

# A condition that always holds for a column that is never null. As it is volatile, Postgres does not keep the rows of a
# join for equal ids (Memoize). No id comes twice, and what it kept took 2 KiB for each difference of an export.
UNCACHED = "case when random() >= 0 then {} is not null end"
# The columns of CSV, in order. `path` is that of a field.
CSV_COLUMNS = ("id", "change", "from_revision", "to_revision", "field", "from", "to")


def diff(writer: StatementWriter, root: DiffQuery) -> str:
    """Return the select of a page of differences: its JSON, `made`, its `points`, and the `next` cursor."""
    size = root.page.size
    differences = _Differences(writer, root.resource, root.since, root.filter, _compared(root.selection))
    source = RowSource(writer.name(), writer.version[root.resource])
    fingerprint = edition = ""
    # Postgres refuses an argument that the statement does not use, because it has no type.
    if root.fingerprint:
        fingerprint = writer.argument(f'"{root.fingerprint}"', "text")
        edition = f"'e' || {writer.edition()} || '-' || {writer.store_mark()}"
    scan = PageScan(root.rows, "", True, fingerprint, edition)
    page = _write_page(writer, root.selection, differences, scan, source)
    rows = (
        f"select *, row_number() over (order by k nulls last, id) as n, count(*) over () as found from (\n"
        f"  {indent(differences.rows(root.page, size + 1))}\n) differences"
    )
    text_points = f"greatest(0, (octet_length({source.alias}.fields) - 1) / {TEXT_BYTES})"
    points = f"coalesce(sum(1 + {text_points}), 0) + {extra_of(root.rows)}"
    next_cursor = scan.next_cursor(source) if root.fingerprint else "null::text"
    return (
        f"select {page.sql()} as made, {points} as points, {next_cursor} as next"
        f"\nfrom (\n  {indent(rows)}\n) {source.alias}\nwhere {source.alias}.n <= {size}\nhaving true"
    )


def diff_lines(writer: StatementWriter, root: ExportQuery) -> str:
    """Return the select of all differences, each as a `line` of JSON, or as rows of CSV for its fields."""
    assert root.since is not None and isinstance(root.shape, DiffShape | DiffCsvShape)
    writer.ordered = True
    shape = root.shape
    compared = shape.selection if isinstance(shape, DiffCsvShape) else _compared((Item("", Nodes(shape.selection)),))
    differences = _Differences(writer, root.resource, root.since, root.filter, compared)
    row = writer.name()
    joins = ""
    if isinstance(shape, DiffCsvShape):
        changed = writer.name()
        joins = f"\nleft join lateral json_each({row}.fields::json) {changed} on true"
        line = _csv_row(row, changed)
    else:
        line = _write_difference(row, shape.selection).sql()
    # As an escape string, so that a printed statement keeps its lines.
    end = "E" + literal(root.after.replace("\r", "\\r").replace("\n", "\\n"))
    rows = differences.rows(Page(0), root.max_records)
    return f"select concat({line}, {end}) as line\nfrom (\n  {indent(rows)}\n) {row}{joins}"


def _write_page(
    writer: StatementWriter, selection: Selection, differences: _Differences, scan: PageScan, source: RowSource
) -> Json:
    values = []
    for item in selection:
        match item.value:
            case Nodes():
                difference = _write_difference(source.alias, item.value.selection)
                value = aggregate_array(difference, f"{source.alias}.n")
            case Object():
                value = _write_page(writer, item.value.selection, differences, scan, source)
            case Cursor() | NextCursor() | HasMore() | HasNext() | HasPrevious():
                value = scan.write_info(source, item.value)
            case Total():
                value = differences.total(item.value)
            case EditionNumber():
                value = from_sql(writer.edition())
            case Permalink():
                value = write_permalink(writer, item.value)
            case _:
                raise TypeError(f"{type(item.value).__name__} has no place in a page of differences")
        values.append((item.key, value))
    return object_of(values)


def _write_missing(state: _State, text: str) -> str:
    """Return the JSON text of a value, which is `null` if there was no such record."""
    return f"case when {state.id} is null then {literal(NULL)} else {text} end"


@contextmanager
def _reading(writer: StatementWriter, moment: str) -> Iterator[None]:
    """Read views as of a change number, which is SQL."""
    moment_before = writer.root.moment
    writer.root.moment = moment
    try:
        yield
    finally:
        writer.root.moment = moment_before


def _compared(selection: Selection) -> Selection:
    """Return the selection whose fields are compared."""
    (compared,) = (part for part in parts_of_nodes(selection) if isinstance(part, FieldChanges))
    return compared.selection


def _write_difference(row: str, selection: Selection) -> Json:
    return object_of([(item.key, _write_part(row, item)) for item in selection])


def _write_part(row: str, item: Item) -> Json:
    match item.value:
        case DiffColumn("id" | "change" as name):
            return quoted(f"{row}.{name}")
        case DiffColumn(name):
            return optional(f"{row}.{name}::text")
        case FieldChanges():
            return from_sql(f"{row}.fields")
        case _:
            raise TypeError(f"{type(item.value).__name__} has no place in a difference")


def _csv_row(row: str, changed: str) -> str:
    """Return a row of CSV. Texts are quoted and guarded, and other values are written as in JSON."""
    cells: list[str] = []
    for name in ("from", "to"):
        value = f"{changed}.value ->> {literal(name)}"
        prefix = guard(f"({value})", numbers=True)
        cells.append(f"""'"' || {prefix} || replace({value}, '"', '""') || '"'""")
    columns = [f"{row}.{name}" for name in CSV_COLUMNS[:4]] + [f"{changed}.key", *cells]
    return f"concat({', {}, '.format(literal(',')).join(columns)})"


@dataclass
class _State:
    """A record in one of the two states: its row source, and the SQL of the change number that the state is of."""

    source: RowSource
    moment: str
    parts: list[_Part] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id of the record; null if there was no such record."""
        return f"{self.source.alias}.id"


@dataclass(frozen=True)
class _Part:
    """A value that is compared: its path and its JSON text, in SQL. A value that may be an object is compared as a
    whole where it is null in one state, and else member by member. `whole` and `within` are then the test that it is
    not null."""

    path: str
    text: str
    whole: str = ""
    within: str = ""


class _Differences:
    """The differences between two states of a list, as rows: `k`, which is the number of the record's last change,
    `id`, `change`, `from_revision`, `to_revision`, and `fields` as a JSON object."""

    def __init__(self, writer: StatementWriter, resource: str, since: int, filter: Filter, compared: Selection) -> None:
        self._writer = writer
        self._resource = writer.version[resource]
        self._filter = filter
        self._compared = compared
        self._schema = f"{writer.version.name}_at"
        self._since = writer.argument(since, "bigint")
        self._until = writer.edition()
        writer.root.reads.add(resource)
        writer.reads_log = True

    def rows(self, page: Page, size: int | None, only: str = "") -> str:
        """Return the select of the rows after the position of a page, `size` of them at most. `only` is a further test
        of their ids (`{}` is the alias)."""
        position = page.position
        selects = []
        if position is None or position[0] is not None:
            selects.append(self._changed_rows(position, size, only))
        if looks_through_links(self._resource, self._filter):
            selects.append(self._other_rows(position, size, only))
        if not selects:
            # After the position of a record without a change of its own, in a list that has none.
            selects.append(self._changed_rows(None, size, "false"))
        if len(selects) == 1:
            return selects[0]
        return "\nunion all\n".join(f"({select})" for select in selects) + limit_clause(size)

    def total(self, item: Total) -> Json:
        """Return the number of differences. An exact one stops at 100,000; an estimate looks at a sample of ids."""
        most = MAX_EXACT if item.exact else ESTIMATE_FROM
        count = f"select count(*) as n from (\n  {indent(self.rows(Page(0), most + 1))}\n) counted"
        if item.exact:
            return from_sql(f"(select least(n, {MAX_EXACT}) from ({count}) c)")
        in_sample = is_in_sample(self._writer.version, self._resource, "{0}", sample_of(LARGEST))
        sample = f"select {LARGEST} * count(*) from (\n  {indent(self.rows(Page(0), None, in_sample))}\n) sampled"
        return from_sql(f"(select case when n > {most} then greatest(n, ({sample})) else n end from ({count}) c)")

    def _changed_rows(self, position: tuple[object, object] | None, size: int | None, only: str) -> str:
        """Return the select of the differences of records that changed, in the order of their last changes."""
        writer, log, later = self._writer, self._writer.name(), self._writer.name()
        before = _State(RowSource(writer.name(), self._resource), self._since)
        after = _State(RowSource(writer.name(), self._resource), self._until)
        states = self._join_state(before, f"{log}.id") + self._join_state(after, f"{log}.id")
        # A scalar subquery is one look-up for each row. With `not exists`, Postgres could hash the whole log and lose
        # the order.
        next_change = (
            f"(select {later}.change from {self._schema}.change {later}"
            f" where {later}.id = {log}.id and {later}.revision = {log}.revision + 1)"
        )
        tests = [
            f"{log}.resource = {literal(self._resource.name)}",
            f"{log}.change > {self._since}",
            f"{log}.change <= {self._until}",
            f"coalesce({next_change} > {self._until}, true)",
            only.format(log),
            *self._test_ids(log),
        ]
        if position is not None:
            tests.append(f"{log}.change > {writer.argument(position[0], 'bigint')}")
        source = f"{self._schema}.change {log}{states}"
        return self._select(before, after, source, f"{log}.change", f"{log}.id", tests, size)

    def _other_rows(self, position: tuple[object, object] | None, size: int | None, only: str) -> str:
        """Return the select of the records that entered or left the filter without a change of their own, in the order
        of their ids."""
        writer = self._writer
        source = RowSource(writer.name(), self._resource)
        alias = source.alias
        before, after = _State(source, self._since), _State(source, self._until)
        touched = touched_ids(writer, self._resource, self._filter, self._since, self._until)
        tests = [
            f"{alias}.since <= {self._since}",
            f"{alias}.until > {self._until}",
            f"{alias}.id in (\n    {touched}\n  )",
            only.format(alias),
            *self._test_ids(alias),
        ]
        if position is not None and position[0] is None:
            tests.append(f"{alias}.id > {writer.argument(position[1], 'text')}")
        versions = f"{self._schema}.{self._resource.name}_version {alias}"
        return self._select(before, after, versions, "null::bigint", f"{alias}.id", tests, size)

    def _join_state(self, state: _State, record_id: str) -> str:
        """Return the join of a record in a state. It has no row if there was no such record. The limit keeps the join
        lateral, and so the order of the rows."""
        alias = state.source.alias
        test = UNCACHED.format(state.id)
        with _reading(self._writer, state.moment):
            view = self._writer.view(self._resource.name)
        return f"\nleft join lateral (select * from {view} where id = {record_id} limit 1) {alias} on {test}"

    def _test_ids(self, alias: str) -> Iterator[str]:
        """Yield the tests of the filter that name ids, so that only these records are looked up."""
        for test in conjuncts(self._filter):
            if isinstance(test, Test) and test.column == "id" and test.operator == "in":
                yield condition(self._writer, self._resource, alias, test)

    def _select(
        self, before: _State, after: _State, source: str, key: str, record_id: str, tests: list[str], size: int | None
    ) -> str:
        writer = self._writer
        listed, changes = writer.name(), writer.name()
        was_listed, is_listed = f"{listed}.was_listed", f"{listed}.is_listed"
        fields = self._compare(before, after, was_listed)
        # The offset makes Postgres compute each of the two once.
        memberships = f"select {self._is_listed(before)} as was_listed, {self._is_listed(after)} as is_listed offset 0"
        differs = f"({was_listed} <> {is_listed} or {was_listed} and {changes}.fields is not null)"
        change = (
            f"case when {was_listed} and {is_listed} then 'changed'"
            f" when {is_listed} then case when {before.id} is null then 'added' else 'entered' end"
            f" when {after.id} is null then 'removed' else 'left' end"
        )
        where = where_clause(*tests, differs)
        return (
            f"select {key} as k, {record_id} as id, {change} as change,"
            f" {before.source.alias}.revision as from_revision, {after.source.alias}.revision as to_revision,"
            f" coalesce({changes}.fields, '{{}}') as fields"
            f"\nfrom {source}"
            f"\ncross join lateral ({memberships}) {listed}"
            f"\ncross join lateral (\n  {indent(fields)}\n) {changes}{where}"
            f"\norder by {key if key != 'null::bigint' else record_id}{limit_clause(size)}"
        )

    def _is_listed(self, state: _State) -> str:
        """Return the test that a record was in the list."""
        with _reading(self._writer, state.moment):
            passes = condition(self._writer, self._resource, state.source.alias, self._filter)
        return f"coalesce({state.id} is not null and {passes}, false)"

    def _compare(self, before: _State, after: _State, was_listed: str) -> str:
        """Return the select of the fields that differ. A record that was not in the list has all of its fields."""
        self._read_parts(before)
        if after.source is before.source:
            after.parts = before.parts
        else:
            self._read_parts(after)
        rows = []
        for number, (old, new) in enumerate(zip(before.parts, after.parts, strict=True)):
            was, became = _write_missing(before, old.text), _write_missing(after, new.text)
            test = ""
            if old.whole:
                test = f"({old.whole}) <> ({new.whole})"
            elif old.within:
                test = f"{old.within} and {new.within}"
            if test:
                was = f"case when {test} then {was} else {literal(NULL)} end"
                became = f"case when {test} then {became} else {literal(NULL)} end"
            rows.append(f"({number}, {literal(old.path)}, {was}, {became})")
        value = self._writer.name()
        entry = f"""concat('"', {value}.path, '":{{"from":', {value}.was, ',"to":', {value}.became, '}}')"""
        # The same number may have zeros at its end in one of the texts.
        differ = f"{value}.was <> {value}.became and {value}.was::jsonb <> {value}.became::jsonb"
        shown = f"case when {was_listed} then {differ} else {value}.became <> {literal(NULL)} or {differ} end"
        values = ",\n    ".join(rows)
        return (
            f"select '{{' || string_agg({entry}, ',' order by {value}.number) || '}}' as fields"
            f"\nfrom (values\n    {values}) {value} (number, path, was, became)\nwhere {shown}"
        )

    def _read_parts(self, state: _State) -> None:
        with _reading(self._writer, state.moment):
            state.parts += self._parts(state.source, self._compared, "")

    def _parts(self, source: RowSource, selection: Selection, prefix: str) -> Iterator[_Part]:
        for item in selection:
            path, value = f"{prefix}{item.key}", item.value
            match value:
                case Object():
                    yield from self._parts(source, value.selection, f"{path}.")
                case ListQuery():
                    yield _Part(path, self._children(source, value))
                case ObjectField(many=False):
                    is_there = f"{source.column(value.name)} is not null"
                    yield _Part(path, self._text(source, item), whole=is_there)
                    for part in value.selection:
                        assert isinstance(part.value, ColumnField)
                        member = optional(f"({source.column(value.name)} -> {literal(part.value.name)})::text")
                        yield _Part(f"{path}.{part.key}", member.sql(), within=is_there)
                case _:
                    yield _Part(path, self._text(source, item))

    def _text(self, source: RowSource, item: Item) -> str:
        ((_, text),) = pairs(self._writer, source, (item,))
        return text.sql()

    def _children(self, source: RowSource, rows: ListQuery) -> str:
        """Return the JSON array of all children of a record. As a subquery it is not kept for equal ids either."""
        writer = self._writer
        link = source.resource.links[rows.link]
        child = RowSource(writer.name(), writer.version[link.target])
        (nodes,) = (item.value for item in rows.selection if isinstance(item.value, Nodes))
        array = aggregate_array(record(writer, child, nodes.selection), f"{child.alias}.position")
        view = writer.view(link.target)
        parent_test = f"{child.alias}.{link.by} = {source.column('id')}"
        return f"(select {array.sql()} from {view} {child.alias}{child.join_clauses()} where {parent_test})"
