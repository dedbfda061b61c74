"""Records as a table of pandas, with a column for each field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas

from briefing_sdk.record import Record

# The ends of the names of columns that contain times.
TIMES = ("_at",)


def to_pandas(records: Iterable[Record]) -> pandas.DataFrame:
    """Return a table with a row for each record: `to_pandas(figures.each(measure=["killed"]))`.

    The objects in a record become columns with a dot: `amount.value`, `amount.low`, `amount.quantifier`. So the
    bounds and the quantifier of a number stay in its row. Sets, such as `citations`, become columns with a list of JSON
    objects. Times are in UTC."""
    rows = [dict(_flatten(record.to_dict())) for record in records]
    table = pandas.DataFrame(rows)
    # An object that is null in some records keeps the columns of its fields, and loses its own column.
    objects = {str(name).rpartition(".")[0] for name in table.columns}
    table = table.drop(columns=[name for name in table.columns if name in objects])
    for name in table.columns:
        if str(name).endswith(TIMES):
            table[name] = pandas.to_datetime(table[name], utc=True, format="ISO8601", errors="coerce")
    return table


def _flatten(value: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, part in value.items():
        key = f"{prefix}{name}"
        if isinstance(part, dict) and "data" in part and "has_more" in part:
            yield key, part["data"]
        elif isinstance(part, dict):
            yield from _flatten(part, f"{key}.")
        else:
            yield key, part
