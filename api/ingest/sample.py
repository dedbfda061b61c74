"""The sample briefing that comes with the package, in two editions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from api.errors import LoadError
from api.ingest.identity import public_id
from api.ingest.load import LoadOptions, load
from api.store.change_log import last_edition, recorded

FOLDER = Path(__file__).parents[1] / "sample"
DATASET = "rferl-2022-03-06"


@dataclass(frozen=True)
class SampleEdition:
    """An edition of the sample: its file, the time when it was known, and the id of a record that it adds."""

    file: Path
    known_at: datetime
    adds: str


FIRST = SampleEdition(
    FOLDER / f"{DATASET}.json", datetime(2022, 3, 7, 6, tzinfo=UTC), public_id(DATASET, "briefing", DATASET)
)
CORRECTED = SampleEdition(
    FOLDER / "corrections" / "2022-03-08.ndjson",
    datetime(2022, 3, 8, 6, tzinfo=UTC),
    public_id(DATASET, "figure", "russian-personnel-losses"),
)


async def load_sample(url: str) -> None:
    """Load the editions of the sample into a store that never had it. In other stores its records stay as they are,
    even if they were changed or withdrawn.

    The editions have their times of 2022, unless the store already has later ones."""
    last = await last_edition(url)
    for edition in await _missing_editions(url, last):
        known_at = edition.known_at if last is None or last < edition.known_at else None
        try:
            await load([str(edition.file)], url, options=LoadOptions(known_at=known_at))
        except LoadError:
            # Another process that serves this store may have loaded it since.
            if not await recorded(url, edition.adds):
                raise


async def _missing_editions(url: str, last: datetime | None) -> tuple[SampleEdition, ...]:
    """Return the editions to load. A process that was killed between the two left the first one as the last."""
    if not await recorded(url, FIRST.adds):
        return FIRST, CORRECTED
    return (CORRECTED,) if last == FIRST.known_at else ()
