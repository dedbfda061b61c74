"""Select the records of a list that changed last, by their ids, for a sitemap."""

from __future__ import annotations

from api.catalog import Resource, Version
from api.compiler.statement import Statement, mark
from api.compiler.writer import StatementWriter


def newest_ids(version: Version, resource: Resource, most: int, points: int) -> Statement:
    """Return the statement. It answers `[[id, updated_at], …]`, at most so many, the newest change first. An index of
    every resource has this order."""
    writer = StatementWriter(version)
    view = writer.view(resource.name)
    rows = f"select id, updated_at from {view} order by updated_at desc nulls last, id desc limit {most}"
    # The day is what a crawler needs to know, and times of answers have another form in each version.
    day = "to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD')"
    body = f"(select coalesce(json_agg(json_build_array(id, {day})), '[]') from ({rows}) r)"
    columns = f"null::text as next, null::text[] as notes, {mark(writer)} as mark, {points} as points"
    return Statement(f"select convert_to({body}::text, 'UTF8') as body, {columns}", (), False, tuple(writer.reads))
