"""Pick the records of a list that are counted: all that pass the filter, or a sample if there are more.

    probe     the number of rows that pass the filter, in the smallest sample
    passed    the rows that pass the filter, up to one more than are counted one by one
    bound     whether there are more, and the number of records for each that is picked
    picked    the rows of a sample if there are more, else those that passed

A list that is counted exactly has none of the first three: `picked` are all its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.catalog import Resource
from api.compiler.dimensions import select_columns, table
from api.compiler.json_text import Json, literal, quoted, string
from api.compiler.page import filtered_rows
from api.compiler.sample import SMALLEST, Sample, choose_scale, is_in_sample, letters_of, sample_of
from api.compiler.writer import StatementWriter
from api.query import CountQualityField, Filter
from api.query.counts import SAMPLE_FROM
from api.query.filters import EVERYTHING
from api.query.group_query import CountName

# Records of a sample from which a group is shown. Of fewer, the interval is as wide as the number.
LEAST_IN_GROUP = 10
# Records in the smallest sample of a list that certainly has more than are counted one by one: some 400,000.
SURELY_MORE = 400
# The bounds of an interval that contains the number in 95 of 100 cases: standard deviations of a number of sampled
# records, and the number of records in a group of which the sample has none, as a multiple of the scale: -ln(0.025).
DEVIATIONS = 1.96
NONE_SAMPLED = 3.689


def picked_tables(
    writer: StatementWriter,
    resource: Resource,
    filter: Filter,
    columns: Sequence[str],
    *,
    exact: bool,
    reused: bool = False,
) -> list[str]:
    """Return the tables up to `picked`, with these columns of the rows that pass a filter. `reused` rows are read by
    several selects."""
    sampled_by = "record_id" if resource.name in writer.version.children else "id"
    needed = tuple(dict.fromkeys([*columns, sampled_by]))
    rows = filtered_rows(writer, resource, filter, needed)
    select = select_columns(columns, rows)
    if exact:
        return [table("picked", select, materialized=reused)]
    in_sample = is_in_sample(writer.version, resource, "s", sample_of(SMALLEST))
    most, cut = str(SAMPLE_FROM + 1), f"count(*) > {SAMPLE_FROM}"
    if filter == EVERYTHING:
        # With a filter, even the smallest sample may be all that Postgres has to look at.
        is_large = f"(select n >= {SURELY_MORE} from probe)"
        most, cut = f"(case when {is_large} then 0 else {most} end)", f"{is_large} or {cut}"
    scale = f"case when {cut} then (select {choose_scale('n')} from probe) else 1 end"
    sample = Sample("(select scale from bound)", "(select letters from bound)")
    return [
        # Postgres reads it if its number is needed.
        table("probe", f"select count(*) as n {rows} and {in_sample}", materialized=True),
        # Each row is read once, whether there are many or few.
        table("passed", f"{select} limit {most}", materialized=True),
        table(
            "bound",
            f"select scale > 1 as cut, scale, {letters_of('scale')} as letters\n"
            f"from (select {scale} as scale from passed) b",
            materialized=True,
        ),
        # Postgres reads the part alone whose condition on the bound holds.
        table(
            "picked",
            f"select * from passed where not (select cut from bound)\nunion all\n{select}"
            f" and {is_in_sample(writer.version, resource, 's', sample)} and (select cut from bound)",
            materialized=reused,
        ),
    ]


def scale_of(exact: bool) -> str:
    """Return the SQL of the number of records for each that was picked."""
    return "1" if exact else "(select scale from bound)"


def interval(name: CountName, *, exact: bool) -> str:
    """Return the SQL of a bound, `low` or `high`, of the number of records of the group `r`."""
    if exact:
        return "r.n"
    scale = scale_of(exact)
    margin = f"{DEVIATIONS} * sqrt(r.n * (1 - 1.0 / {scale}))"
    if name == "low":
        bound = f"greatest(r.n, floor({scale} * (r.n - {margin})))::bigint"
    else:
        bound = f"(case when r.n = 0 then {NONE_SAMPLED} * {scale} else ceil({scale} * (r.n + {margin})) end)::bigint"
    return f"(case when (select cut from bound) then {bound} else r.n end)"


def quality(item: CountQualityField, *, exact: bool) -> Json:
    """Return how the records were counted."""
    texts = ("exact", "sampled")
    if item.upper:
        texts = ("EXACT", "SAMPLED")
    if exact:
        return string(texts[0])
    return quoted(f"(select case when cut then {literal(texts[1])} else {literal(texts[0])} end from bound)")
