"""Permalinks: URLs that always return the same page or record."""

from __future__ import annotations

from typing import Any

EDITION = "known_at="


def set_permalinks(answer: Any, address: str, path: str, location: str | None) -> None:
    """Set the permalinks of an answer and of its records. `location` is the Content-Location of the answer, which
    contains its edition. Versions without editions do not send it."""
    if location is None or EDITION not in location:
        return
    permalink = location if "://" in location else f"{address}{location}"
    answer._permalink = permalink
    if not isinstance(answer.data, list):
        answer.data._permalink = permalink
        return
    edition = location.rpartition(EDITION)[2]
    for record in answer.data:
        # Rows of other lists, such as withdrawals, have no URL of their own.
        if hasattr(record, "id") and hasattr(record, "revision"):
            record._permalink = f"{address}{path}/{record.id}?{EDITION}{edition}"
