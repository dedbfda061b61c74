"""Summarize a version in one statement: its numbers of records, the time of the last change, and the licences."""

from __future__ import annotations

from api.catalog import Resource, Version
from api.compiler.json_text import literal
from api.compiler.page import ESTIMATE_FROM, SAMPLE_OF
from api.compiler.statement import Statement, mark
from api.compiler.writer import StatementWriter

# The number of briefings whose licences are read, and of different licences in the answer.
MAX_BRIEFINGS = 1000
MAX_RIGHTS = 8


def summary(version: Version) -> Statement:
    """Return the statement. It answers
    `{"counts": {resource: [number, estimated]}, "changed_at", "rights": [{licence, attribution}]}`."""
    writer = StatementWriter(version)
    resources = version.resources.values()
    counts = ", ".join(f"{literal(resource.name)}, {_count(writer, resource)}" for resource in resources)
    latest = ", ".join(f"(select max(updated_at) from {writer.view(resource.name)})" for resource in resources)
    briefings = f"select licence, attribution from {writer.view('briefing')} order by id limit {MAX_BRIEFINGS}"
    grouping = "group by licence, attribution order by count(*) desc, attribution, licence"
    rights = f"select licence, attribution from ({briefings}) b {grouping} limit {MAX_RIGHTS}"
    body = f"""json_build_object(
  'counts', json_build_object({counts}),
  'changed_at', greatest({latest}),
  'rights', (select coalesce(json_agg(r), '[]') from ({rights}) r)
)"""
    other_columns = f"null::text as next, null::text[] as notes, {mark(writer)}, 1 as points"
    sql = f"select convert_to({body}::text, 'UTF8') as body, {other_columns}"
    return Statement(sql, (), False, tuple(sorted(writer.reads)))


def _count(writer: StatementWriter, resource: Resource) -> str:
    """Return the SQL of a number, and of true if it was estimated from a sample, as `count=estimated` does."""
    view = writer.view(resource.name)
    few = f"select count(*) as n from (select from {view} limit {ESTIMATE_FROM + 1}) c"
    sample = f"select {SAMPLE_OF} * count(*) from {view} where id < {literal(resource.prefix + '_1')}"
    number = f"case when n > {ESTIMATE_FROM} then greatest(n, ({sample})) else n end"
    return f"(select json_build_array({number}, n > {ESTIMATE_FROM}) from ({few}) f)"
