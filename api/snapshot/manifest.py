"""The manifest of a snapshot: its time and state, its files with their SHA-256, and the credits that a reuser must
print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from api import __version__
from api.catalog import newest
from api.ingest.snapshot_files import FORMAT, MANIFEST
from api.snapshot.left_out import LEFT_OUT
from api.store.snapshot import Snapshot

NAME = MANIFEST
BRIEFINGS = """
    select coalesce(json_agg(json_build_object('id', id, 'title', title, 'url', url, 'licence', licence,
        'attribution', attribution) order by published_at, id), '[]')::text
    from store.briefing where withdrawn is null"""


@dataclass(frozen=True)
class SnapshotFile:
    """A file of the snapshot."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The description of a snapshot.

    `contract` is the version whose columns the tables have. `last_change` is the number of the last change in the
    snapshot. `counts` has, for each resource, the number of `records` in its list and the number of `withdrawn` ones.
    `briefings` are their licences and credit lines. `erased` are the ids of records that had been erased, each with the
    time. `left_out` says what the store contains and the snapshot does not.
    """

    format: str
    taken_at: str
    version: str
    contract: str
    last_change: int
    counts: dict[str, dict[str, int]]
    briefings: list[dict[str, Any]]
    erased: list[dict[str, str]]
    left_out: Sequence[str]
    files: Sequence[SnapshotFile]

    def text(self) -> str:
        """Return the text of the manifest's file."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


async def build_manifest(state: Snapshot, counts: dict[str, dict[str, int]], files: Sequence[SnapshotFile]) -> Manifest:
    """Return the manifest of files that were written from this state."""
    return Manifest(
        format=FORMAT,
        taken_at=(await state.value("select now()")).isoformat(timespec="seconds"),
        version=__version__,
        contract=newest().name,
        last_change=await state.value("select seq from store.last_change"),
        counts=counts,
        briefings=orjson.loads(await state.value(BRIEFINGS)),
        erased=await state.erased(),
        left_out=tuple(LEFT_OUT),
        files=files,
    )
