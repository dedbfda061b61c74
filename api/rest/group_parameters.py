"""The parameters that counts and series have beside the filters of their list, each with its reader."""

from __future__ import annotations

import re
from dataclasses import replace

from api.catalog import Resource, Version, dated, dimensions
from api.query.counts import (
    BUCKETS,
    MAX_BY,
    MAX_TOP,
    SAMPLE_FROM,
    CountQuality,
    check_top,
    read_by,
    read_choice,
    read_time_zone,
)
from api.query.parse import read_boolean
from api.query.series import MAX_SERIES, MAX_SERIES_BY, check_series_top, read_series_by
from api.rest.parameters import split
from api.rest.url import ONLY_EXPORTS, SHARED, SharedParameter, Url, by_name, list_names

# The shared parameters of lists that counts and series take.
OF_GROUPS = ("q", "q_language", "known_at")
# The parameters of exports that their files take, too.
OF_FILES = ("bom",)


def _read_by(url: Url, text: str) -> None:
    url.grouping = replace(url.grouping, by=read_by(url.version, url.resource, split(text)))


def _read_bucket(url: Url, text: str) -> None:
    url.grouping = replace(url.grouping, bucket=read_choice(text, BUCKETS))


def _read_time_zone(url: Url, text: str) -> None:
    url.grouping = replace(url.grouping, time_zone=read_time_zone(text))


def _read_top(url: Url, text: str) -> None:
    top = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    url.grouping = replace(url.grouping, top=check_top(top))


def _read_fill(url: Url, text: str) -> None:
    url.grouping = replace(url.grouping, fill=read_boolean(text))


def _read_quality(url: Url, text: str) -> None:
    url.quality = read_choice(text, CountQuality.terms())


ONLY_COUNTS = by_name(
    SharedParameter("by", f"The fields to group by, at most {MAX_BY}, separated by commas.", _read_by),
    SharedParameter("bucket", "Group by time, too: by day, week (from Monday), month or year.", _read_bucket),
    SharedParameter(
        "time_zone",
        "The time zone of days, for times with minute or hour precision [IANA tz database]. Dates are not converted.",
        _read_time_zone,
    ),
    SharedParameter("top", f"The maximum number of groups, 1 to {MAX_TOP:,}. Smaller groups are in `rest`.", _read_top),
    SharedParameter(
        "fill", "Include buckets without records, from the lower to the upper bound of the time filter.", _read_fill
    ),
    SharedParameter(
        "quality",
        f"`exact` counts every record. By default, more than {SAMPLE_FROM:,} are counted from a sample.",
        _read_quality,
    ),
)


def _read_series_by(url: Url, text: str) -> None:
    url.series_by = read_series_by(url.version, url.resource, split(text))


def _read_series_top(url: Url, text: str) -> None:
    top = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    url.grouping = replace(url.grouping, top=check_series_top(top))


# The parameters that only series have, some of them under the names of parameters of counts.
ONLY_SERIES = by_name(
    SharedParameter(
        "by",
        f"The fields that define a series, in addition to measure and unit, at most {MAX_SERIES_BY}, separated by "
        "commas.",
        _read_series_by,
    ),
    SharedParameter(
        "bucket", "The length of the bucket of a point. Defaults to `day`. Weeks begin on Monday.", _read_bucket
    ),
    SharedParameter(
        "top",
        f"The maximum number of series, 1 to {MAX_SERIES}. Series with fewer figures are in `rest`.",
        _read_series_top,
    ),
)


# The readers of both, by name.
COUNT_READERS = SHARED | ONLY_COUNTS | ONLY_EXPORTS
SERIES_READERS = SHARED | ONLY_SERIES | ONLY_EXPORTS


def count_names(version: Version, resource: Resource, *, file: bool = False) -> list[str]:
    """Return the shared parameters of counts, or of a `file` with them. A list without a time has no buckets, and one
    whose groups are no records has no `include`."""
    names = _names_of_groups(version, resource, file=file)
    if any(dimension.label for dimension in dimensions(version, resource).values()):
        names.append("include")
    timed = dated(resource) is not None
    return names + [name for name in ONLY_COUNTS if timed or name not in ("bucket", "time_zone", "fill")]


def series_names(version: Version, resource: Resource, *, file: bool = False) -> list[str]:
    """Return the shared parameters of series, or of a `file` with them."""
    return [*_names_of_groups(version, resource, file=file), *ONLY_SERIES]


def _names_of_groups(version: Version, resource: Resource, *, file: bool) -> list[str]:
    names = [name for name in list_names(version, resource) if name in OF_GROUPS]
    if file:
        names += OF_FILES
    return names
