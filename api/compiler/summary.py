"""Summarize a version in one statement: its numbers of records, the time of the last change, the licences, and how many
of the newest events began on each day and were at each place. The days are those of counts by day."""

from __future__ import annotations

from api.catalog import Resource, Version, dated
from api.compiler.json_text import literal
from api.compiler.page import ESTIMATE_FROM
from api.compiler.sample import LARGEST, SMALLEST, is_in_sample, sample_of
from api.compiler.statement import Statement, mark
from api.compiler.writer import StatementWriter
from api.query.counts import TOO_COARSE

# The number of briefings whose licences are read, and of different licences in the answer.
MAX_BRIEFINGS = 1000
MAX_RIGHTS = 8
# Records in the smallest sample of a list that is counted by it alone, to within a tenth in 95 of 100 cases.
LEAST_IN_SAMPLE = 500
# The newest events that are counted by day and by place.
MAX_EVENTS = 500
NUMBERS_OF_NEWEST = """select json_build_object('events', count(*),
    'coarser', count(*) filter (where day is null and not undated),
    'undated', count(*) filter (where undated)) from newest"""
DAYS = """select coalesce(json_agg(json_build_array(day, events, disputed) order by day), '[]') from (
    select day, count(*) as events, count(*) filter (where disputed) as disputed
    from newest where day is not null group by day) d"""


def summary(version: Version, points: int) -> Statement:
    """Return the statement. It answers `{"counts": {resource: [number, estimated]}, "changed_at", "rights": [{licence,
    attribution}], "newest": {events, coarser, undated}, "days": [[day, events, disputed events]], "places": [{id, name,
    country, latitude, longitude, geo_precision, events}]}`, with the days in UTC, the earliest first, and the place
    with most events first. Of the newest events, the time of `coarser` ones is known less exactly than to the day, and
    that of `undated` ones is not known."""
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
  'rights', (select coalesce(json_agg(r), '[]') from ({rights}) r),
  'newest', ({NUMBERS_OF_NEWEST}),
  'days', ({DAYS}),
  'places', ({_places(writer)})
)"""
    other_columns = f"null::text as next, null::text[] as notes, {mark(writer)} as mark, {points} as points"
    newest = f"with newest as materialized ({_newest(writer)})"
    sql = f"{newest}\nselect convert_to({body}::text, 'UTF8') as body, {other_columns}"
    return Statement(sql, (), False, tuple(sorted(writer.reads)))


def with_records(summary: Statement, records: Statement) -> Statement:
    """Return one statement that answers `{"numbers": …, "records": …}`: a summary, and a query of the same version."""
    assert not summary.arguments and set(records.reads) <= set(summary.reads)
    begin, between, end = _as_bytes('{"numbers":'), _as_bytes(',"records":'), _as_bytes("}")
    body = f"{begin} || n.body || {between} || r.body || {end}"
    columns = f"{body} as body, null::text as next, null::text[] as notes, n.mark, n.points + r.points as points"
    ctes = f"numbers as materialized ({summary.sql}), records as materialized ({records.sql})"
    sql = f"with {ctes}\nselect {columns} from numbers n, records r"
    return Statement(sql, records.arguments, records.custom, summary.reads)


def _as_bytes(text: str) -> str:
    """Return the SQL of the bytes of a text."""
    return f"convert_to('{text}', 'UTF8')"


def _newest(writer: StatementWriter) -> str:
    """Return the SQL of the newest events, those without a time last. `day` is null unless the day is known."""
    time = dated(writer.version["event"])
    assert time is not None
    coarse = f"{time.precision} in ({', '.join(map(literal, TOO_COARSE['day']))})"
    day = f"case when not {coarse} then ({time.name} at time zone 'UTC')::date end as day"
    columns = f"place_id, disputed, {time.name} is null as undated, {day}"
    return f"select {columns} from {writer.view('event')} order by {time.name} desc nulls last limit {MAX_EVENTS}"


def _places(writer: StatementWriter) -> str:
    """Return the SQL of the numbers of the newest events at each place."""
    by_place = "select place_id as id, count(*) as events from newest where place_id is not null group by 1"
    columns = "c.id, p.name, p.country, p.latitude, p.longitude, p.geo_precision, c.events"
    rows = f"select {columns} from ({by_place}) c join {writer.view('place')} p on p.id = c.id"
    return f"select coalesce(json_agg(r order by events desc, id), '[]') from ({rows}) r"


def _count(writer: StatementWriter, resource: Resource) -> str:
    """Return the SQL of a number, and of true if it was estimated. A list of half a million records or more is
    estimated from a smaller sample than `count=estimated` takes, because the page counts all lists at once."""
    view = writer.view(resource.name)
    few = f"select count(*) as n from (select from {view} limit {ESTIMATE_FROM + 1}) c"
    by_smallest = _count_sample(writer, resource, SMALLEST)
    by_largest = _count_sample(writer, resource, LARGEST)
    estimate = f"select case when by_smallest >= {SMALLEST * LEAST_IN_SAMPLE} then by_smallest else ({by_largest}) end"
    estimate += f" from ({by_smallest}) e(by_smallest)"
    number = f"case when n > {ESTIMATE_FROM} then greatest(n, ({estimate})) else n end"
    return f"(select json_build_array({number}, n > {ESTIMATE_FROM}) from ({few}) f)"


def _count_sample(writer: StatementWriter, resource: Resource, scale: int) -> str:
    """Return the select of the number of a resource's records, estimated from the sample of one in `scale`."""
    in_sample = is_in_sample(writer.version, resource, "s", sample_of(scale))
    return f"select {scale} * count(*) from {writer.view(resource.name)} s where {in_sample}"
