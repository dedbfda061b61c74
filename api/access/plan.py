"""A plan: how much a caller may do. Plans are rows of the store. Their bounds are declared here, and again in the
store's constraints (`sql/migrations/0007_access.sql`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from api.access.limits import MOST_AT_ONCE, Bucket, Quota
from api.errors import Fault, InvalidRequest

ANONYMOUS = "anonymous"
FORMATS = ("csv", "ndjson", "geojson")
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
MOST = 1_000_000_000
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
        return Quota(self.quota.limits, MOST_AT_ONCE)


# The least and the greatest value of each number, and its meaning.
NUMBERS: dict[str, tuple[int, int, str]] = {
    "points_minute": (1, MOST, "Points that come back in a minute."),
    "points_day": (1, MOST, "Points in a day."),
    "burst": (1, MOST, "Points that may be spent at once; no request may cost more."),
    "at_once": (1, 1000, "Requests at once."),
    "page_most": (1, 200, "Records on a page."),
    "export_most": (0, MOST, "Records of an export; 0 for no exports."),
}
COLUMNS = tuple(one.name for one in fields(Plan))


def from_row(row: Mapping[str, Any]) -> Plan:
    """Return the plan that a row of the store contains."""
    return Plan(**{name: row[name] for name in COLUMNS} | {"formats": tuple(row["formats"])})


def check(plan: Plan) -> Plan:
    """Return the plan. InvalidRequest names each of its values that is not valid."""
    faults = [Fault(where, detail) for where, detail in _faults(plan)]
    if faults:
        raise InvalidRequest.of(faults)
    return plan


def _faults(plan: Plan) -> list[tuple[str, str]]:
    found = []
    if not NAME.fullmatch(plan.name):
        found.append(("name", "Expected a to z, 0 to 9, _ and -, a letter first, at most 40 characters."))
    for name, (least, most, _) in NUMBERS.items():
        if not least <= getattr(plan, name) <= most:
            found.append((name, f"Expected a whole number from {least:,} to {most:,}."))
    if plan.points_minute > plan.points_day:
        found.append(("points_day", "Expected no less than points_minute."))
    if plan.burst > min(plan.points_day, 60 * plan.points_minute):
        found.append(("burst", "Expected no more than points_day, and no more than 60 times points_minute."))
    if unknown := [one for one in plan.formats if one not in FORMATS]:
        found.append(("formats", f"{unknown[0][:50]!r} is none of {', '.join(FORMATS)}."))
    if not plan.open and plan.name != ANONYMOUS:
        found.append(("open", f"Only the plan {ANONYMOUS} can be closed; revoke the keys of another."))
    return found
