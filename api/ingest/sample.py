"""The sample briefing that comes with the package."""

from __future__ import annotations

from pathlib import Path

from api.ingest.identity import public_id
from api.ingest.load import load
from api.store.change_log import recorded

SAMPLE = Path(__file__).parents[1] / "sample" / "rferl-2022-03-06.json"


async def load_sample(url: str) -> None:
    """Load the sample into a store that never had it. In other stores its records stay as they are, even if they were
    changed or withdrawn."""
    if not await recorded(url, public_id(SAMPLE.stem, "briefing", SAMPLE.stem)):
        await load([str(SAMPLE)], url)
