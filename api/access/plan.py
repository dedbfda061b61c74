"""A plan: how much a caller may do. Plans are rows of the store. Their bounds are declared here, and again in the
store's constraints (`sql/migrations/0007_access.sql`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from api.access.limits import MAX_AT_ONCE, Bucket, Quota
from api.errors import Fault, InvalidRequest

ANONYMOUS = "anonymous"
FORMATS = ("csv", "ndjson", "geojson")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MAX_POINTS = 1_000_000_000
MINUTE, DAY = 60, 86_400


@dataclass(frozen=True)
class Plan:
    """The limits of a caller. Points are about records: a list of 50 costs 50. `burst` points may be spent at once.
    `points_minute` come back in a minute, and `points_day` in a day."""

    name: str
    points_minute: int
    points_day: int
    burst: int
    at_once: int
    page_most: int
    export_most: int = 0
    formats: tuple[str, ...] = ()
    trusted_only: bool = False
    open: bool = True

    @cached_property
    def quota(self) -> Quota:
        """The limits as stores keep them: buckets of `burst` points for the minute and of `points_day` for the day."""
        minute = Bucket("minute", self.burst, self.points_minute, MINUTE)
        return Quota((minute, Bucket("day", self.points_day, self.points_day, DAY)), self.at_once)

    @cached_property
    def unread(self) -> Quota:
        """The limits for an answer that its client has not read: it gets a place even if the plan has none free."""
        return Quota(self.quota.limits, MAX_AT_ONCE)


# The least and the greatest value of each number, and its meaning.
NUMBERS: dict[str, tuple[int, int, str]] = {
    "points_minute": (1, MAX_POINTS, "The points that are refilled per minute."),
    "points_day": (1, MAX_POINTS, "The points per day."),
    "burst": (1, MAX_POINTS, "The points that can be spent at once. No request can cost more."),
    "at_once": (1, 1000, "The number of concurrent requests."),
    "page_most": (1, 200, "The maximum number of records on a page."),
    "export_most": (0, MAX_POINTS, "The maximum number of records in an export. With 0, exports are not allowed."),
}
COLUMNS = tuple(field.name for field in fields(Plan))


def from_row(row: Mapping[str, Any]) -> Plan:
    """Return the plan that a row of the store contains."""
    values = {name: row[name] for name in COLUMNS}
    values["formats"] = tuple(row["formats"])
    return Plan(**values)


def check(plan: Plan) -> Plan:
    """Return the plan. InvalidRequest names each of its values that is not valid."""
    faults = _find_faults(plan)
    if faults:
        raise InvalidRequest.of(faults)
    return plan


def _find_faults(plan: Plan) -> list[Fault]:
    faults = []
    if not NAME.fullmatch(plan.name):
        faults.append(Fault("name", "Expected a to z, 0 to 9, _ and -, a letter first, at most 40 characters."))
    for name, (minimum, maximum, _) in NUMBERS.items():
        if not minimum <= getattr(plan, name) <= maximum:
            faults.append(Fault(name, f"Expected a whole number from {minimum:,} to {maximum:,}."))
    if plan.points_minute > plan.points_day:
        faults.append(Fault("points_day", "Expected no less than points_minute."))
    if plan.burst > min(plan.points_day, 60 * plan.points_minute):
        faults.append(Fault("burst", "Expected no more than points_day, and no more than 60 times points_minute."))
    unknown = [name for name in plan.formats if name not in FORMATS]
    if unknown:
        faults.append(Fault("formats", f"{unknown[0][:50]!r} is none of {', '.join(FORMATS)}."))
    if not plan.open and plan.name != ANONYMOUS:
        faults.append(Fault("open", f"Only the plan {ANONYMOUS} can be closed; revoke the keys of another."))
    return faults
