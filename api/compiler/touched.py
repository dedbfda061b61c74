"""Find the records that may pass a filter as of one edition and not as of another, although they did not change.

A filter through links looks at other records, so only a change of one of these can have that effect. The log says which
records changed. From there the links are followed back, through versions that were shown at any time in between.
"""

from __future__ import annotations

from api.catalog import Link, Resource
from api.compiler.json_text import literal
from api.compiler.writer import StatementWriter
from api.query import AllOf, AnyOf, Exists, Filter, Not
from api.query.filters import fallback


def touched_ids(writer: StatementWriter, resource: Resource, filter: Filter, since: str, until: str) -> str:
    """Return the select of the ids of these records, or of more. `since` and `until` are the change numbers, in SQL."""
    follower = _Follower(writer, since, until)
    row = writer.name()
    versions = follower.versions(resource, row)
    selects = [f"select {row}.id from {versions} and {test}" for test in follower.tests(resource, row, filter)]
    return "\n    union ".join(selects)


class _Follower:
    def __init__(self, writer: StatementWriter, since: str, until: str) -> None:
        self._writer = writer
        self._schema = f"{writer.version.name}_at"
        self._since = since
        self._until = until

    def versions(self, resource: Resource, row: str) -> str:
        """Return the table and the test of all versions that were shown at any time between the two editions."""
        shown = f"{row}.since <= {self._until} and {row}.until > {self._since}"
        return f"{self._schema}.{resource.name}_version {row} where {shown}"

    def tests(self, resource: Resource, row: str, filter: Filter) -> list[str]:
        """Return tests of a row. One of them holds if the filter looks at a record that changed."""
        match filter:
            case Exists():
                tests = self._test_link(resource, row, resource.links[filter.link], filter.filter)
                otherwise = fallback(resource, filter)
                if otherwise is not None:
                    tests += self.tests(resource, row, otherwise)
                return tests
            case Not():
                return self.tests(resource, row, filter.filter)
            case AllOf() | AnyOf():
                tests = []
                for part in filter.filters:
                    tests += self.tests(resource, row, part)
                return tests
            case _:
                return []

    def _test_link(self, resource: Resource, row: str, link: Link, filter: Filter) -> list[str]:
        target, linked = self._writer.version[link.target], self._writer.name()
        versions = self.versions(target, linked)
        tests = self.tests(target, linked, filter)
        if link.kind in ("many", "children"):
            if not link.owned:
                tests.append(f"{linked}.id in ({self._changed(target)})")
            return [f"{row}.id in (select {linked}.{link.by} from {versions} and {test})" for test in tests]
        selects = [self._changed(target), *(f"select {linked}.id from {versions} and {test}" for test in tests)]
        if link.kind == "several":
            return [f"{row}.{link.by} && array({select})" for select in selects]
        return [f"{row}.{link.by} in ({select})" for select in selects]

    def _changed(self, resource: Resource) -> str:
        """Return the select of the ids of the records that changed."""
        change = self._writer.name()
        return (
            f"select {change}.id from {self._schema}.change {change} where {change}.resource = {literal(resource.name)}"
            f" and {change}.change > {self._since} and {change}.change <= {self._until}"
        )
