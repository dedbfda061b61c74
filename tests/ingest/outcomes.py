"""The outcomes of loads, as tests compare them."""

from __future__ import annotations

import pytest

from api.errors import LoadError
from api.ingest.load import LoadSummary, load


def action_counts(summary: LoadSummary) -> dict[str, int]:
    """Return the counts of what was done to the records of all resources, without counts of zero."""
    total: dict[str, int] = {}
    for counts in summary.counts.values():
        for action, count in counts.items():
            total[action] = total.get(action, 0) + count
    return {action: count for action, count in total.items() if count}


async def load_faults(path: str, url: str) -> tuple[str, ...]:
    """Load a file that is refused, and return its faults."""
    with pytest.raises(LoadError) as exc_info:
        await load([path], url)
    return tuple(fault.rpartition("/")[2] for fault in exc_info.value.faults)
