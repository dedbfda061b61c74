"""Read the revisions of a record, newest first: what was done to it, what changed, and the record as it was then.

The log says what was done. The content comes from the versions of the record in time, in the shape of the version of
the contract. What a revision links to is read as of that revision.
"""

from __future__ import annotations

from api.compiler.json_text import (
    Json,
    aggregate_array,
    boolean,
    fixed,
    from_sql,
    literal,
    object_of,
    optional,
    scalar,
    string,
)
from api.compiler.record import TEXT_BYTES, record, write_permalink
from api.compiler.writer import RowSource, StatementWriter, indent
from api.model import Type
from api.query import (
    Changed,
    Constant,
    Cursor,
    EditionNumber,
    HasMore,
    HasNext,
    HasPrevious,
    Item,
    NextCursor,
    Nodes,
    Object,
    Permalink,
    RevisionColumn,
    RevisionsQuery,
    Selection,
    StoredRecord,
)

TYPES = {
    "revision": Type("integer"),
    "action": Type("vocabulary"),
    "edition": Type("integer"),
    "known_from": Type("timestamp"),
    "known_to": Type("timestamp", nullable=True),
    "reason": Type("text", nullable=True),
    "dataset": Type("text", nullable=True),
}


def revisions(writer: StatementWriter, root: RevisionsQuery) -> str:
    """Return the select of a page of revisions: its JSON, `made`, its `points`, and the `next` cursor. `made` is null
    if the record has no revision that could be shown."""
    return _RevisionsWriter(writer, root).select()


class _RevisionsWriter:
    def __init__(self, writer: StatementWriter, root: RevisionsQuery) -> None:
        self._writer = writer
        self._root = root
        self._view = f"{writer.version.name}_at.revision"
        self._row = writer.name()
        self._joins: list[str] = []
        self._points = ["2"]
        # The change list is that of the record.
        writer.root.reads.add(root.resource)
        writer.root.views.add(root.resource)

    def select(self) -> str:
        root, writer, row = self._root, self._writer, self._row
        page = self._object(root.selection)
        resource, record_id = literal(root.resource), writer.argument(root.id, "text")
        tests = [f"resource = {resource}", f"id = {record_id}"]
        if root.as_of is not None:
            tests.append(f"change <= {writer.edition()}")
        known = f"exists (select from {self._view} where {' and '.join(tests)})"
        if root.before is not None:
            tests.append(f"revision < {writer.argument(root.before, 'bigint')}")
        rows = (
            f"select *, count(*) over () as found, row_number() over (order by revision desc) as n from (\n"
            f"  select * from {self._view} where {' and '.join(tests)}\n"
            f"  order by revision desc limit {root.size + 1}\n) of_record"
        )
        joins = "".join(f"\n{join}" for join in self._joins)
        points = f"coalesce(sum({' + '.join(self._points)}), 0)"
        return (
            f"select case when {known} then {page.sql()} end as made, {points} as points, {self._next()} as next"
            f"\nfrom (\n  {indent(rows)}\n) {row}{joins}\nwhere {row}.n <= {root.size}\nhaving true"
        )

    def _object(self, selection: Selection) -> Json:
        return object_of([(item.key, self._page_value(item)) for item in selection])

    def _page_value(self, item: Item) -> Json:
        row, size = self._row, self._root.size
        match item.value:
            case Nodes():
                revision = object_of([(part.key, self._value(part)) for part in item.value.selection])
                return aggregate_array(revision, f"{row}.n")
            case Object():
                return self._object(item.value.selection)
            case HasMore() | HasNext():
                return boolean(f"bool_or({row}.found > {size})")
            case HasPrevious():
                return fixed("false" if self._root.before is None else "true")
            case NextCursor():
                return optional(f"'\"' || {self._next()} || '\"'")
            case Cursor():
                number = f"least({row}.found, {size})" if item.value.last else "1"
                return optional(f"'\"' || max({self._cursor()}) filter (where {row}.n = {number}) || '\"'")
            case EditionNumber():
                return from_sql(self._writer.edition())
            case Permalink():
                return write_permalink(self._writer, item.value)
            case Constant():
                return string(item.value.text)
            case _:
                raise TypeError(f"{type(item.value).__name__} has no place in a page of revisions")

    def _value(self, item: Item) -> Json:
        match item.value:
            case RevisionColumn():
                name = item.value.name
                column, utc = f"{self._row}.{name}", self._writer.version.utc
                if name == "known_to" and self._root.as_of is not None:
                    column = self._known_to()
                return scalar(column, TYPES[name], upper=item.value.upper, utc=utc)
            case Changed():
                return self._changed(item.value.selection)
            case StoredRecord():
                self._points.append(str(item.value.points))
                return self._stored(item.value.selection)
            case Constant():
                return string(item.value.text)
            case _:
                raise TypeError(f"{type(item.value).__name__} has no place in a revision")

    def _known_to(self) -> str:
        """Return when the revision was replaced, as far as the edition of the root knows."""
        root, row = self._root, self._row
        following = (
            f"select from {self._view} where resource = {literal(root.resource)}"
            f" and id = {row}.id and revision = {row}.revision + 1 and change <= {self._writer.edition()}"
        )
        return f"case when exists ({following}) then {row}.known_to end"

    def _changed(self, selection: Selection) -> Json:
        after = self._join(selection, "since = {change}")
        before = self._join(selection, "since < {change}")
        paths = f"store.changed_paths({before}.made::jsonb, {after}.made::jsonb)::text"
        return from_sql(f"case when {after}.made is null or {before}.made is null then '[]' else {paths} end")

    def _stored(self, selection: Selection) -> Json:
        made = f"{self._join(selection, 'since = {change}')}.made"
        self._points.append(f"greatest(0, (coalesce(octet_length({made}), 0) - 1) / {TEXT_BYTES})")
        return optional(made)

    def _join(self, selection: Selection, moment: str) -> str:
        """Join the version of the record that began at the change of a revision, or the last one before, and return the
        alias of its JSON, `made`. What it links to is shown as of the same version."""
        writer, root = self._writer, self._root
        source, alias = RowSource(writer.name(), writer.version[root.resource]), writer.name()
        moment_before = writer.root.moment
        writer.root.moment = f"{source.alias}.since"
        shown = record(writer, source, selection)
        writer.root.moment = moment_before
        view = f"{writer.version.name}_at.{root.resource}_version"
        tests = f"{source.alias}.id = {self._row}.id and {source.alias}.{moment.format(change=f'{self._row}.change')}"
        select = (
            f"select {shown.sql()} as made\nfrom {view} {source.alias}{source.join_clauses()}"
            f"\nwhere {tests}\norder by {source.alias}.since desc limit 1"
        )
        self._joins.append(f"left join lateral (\n  {indent(select)}\n) {alias} on true")
        return alias

    def _cursor(self) -> str:
        fingerprint = self._writer.argument(f'"{self._root.fingerprint}"', "text")
        number = f"{self._row}.revision"
        text = f"'[' || {fingerprint} || ',\"' || {number} || '\",' || {number}"
        if self._root.as_of is not None:
            text += f" || ',\"e' || {self._writer.edition()} || '-' || {self._writer.store_mark()} || '\"'"
        return f"translate(encode(convert_to({text} || ']', 'UTF8'), 'base64'), E'+/=\\n', '-_')"

    def _next(self) -> str:
        size = self._root.size
        return f"max({self._cursor()}) filter (where {self._row}.n = {size} and {self._row}.found > {size})"
