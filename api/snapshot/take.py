"""Take a snapshot: `records.ndjson` in the load format, each resource as CSV and Parquet, and the manifest.

The folder appears when it is complete. Until then its name ends in `.partial`.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path

from api.catalog import Resource, newest
from api.compiler import Statement, compile_query
from api.errors import OutputError, Unavailable
from api.query import CsvShape, ExportQuery, Query, TypedShape, cells, read_sort
from api.rest.formats import FORMATS
from api.snapshot import parquet
from api.snapshot.manifest import NAME, Manifest, SnapshotFile, build_manifest
from api.snapshot.progress import SnapshotProgress
from api.store.snapshot import Snapshot, erased_since, snapshot
from api.store.stream import Take

RECORDS = "records.ndjson"

Fill = Callable[[Take], Awaitable[None]]
WriteTable = Callable[[Snapshot, Resource, Path], Awaitable[SnapshotFile]]


def export(url: str, folder: Path, progress: SnapshotProgress) -> Manifest:
    """Take a snapshot, and report its progress. OutputError if the folder exists and is not empty, or if it cannot be
    written. Unavailable if a record was erased meanwhile."""
    if folder.exists() and not _is_empty_folder(folder):
        raise OutputError(f"{folder} is there already, and not empty.", "Name a folder for this snapshot alone.")
    try:
        with _partial_folder(folder) as partial:
            return asyncio.run(_take_snapshot(url, partial, progress))
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror}.", "Nothing was kept.") from error


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


async def _take_snapshot(url: str, folder: Path, progress: SnapshotProgress) -> Manifest:
    async with snapshot(url, progress.add) as state:
        counts = await state.counts()
        progress.begin(_count_rows(counts))
        progress.file(RECORDS)
        files = [await _write_pieces(folder / RECORDS, state.records)]
        for resource in newest().resources.values():
            for suffix, write_table in WRITERS.items():
                path = folder / f"{resource.plural}.{suffix}"
                progress.file(path.name)
                files.append(await write_table(state, resource, path))
        manifest = await build_manifest(state, counts, files)
        (folder / NAME).write_text(manifest.text(), encoding="utf-8")
        last_erasure = await state.last_erasure()
    # On another connection: the state of the snapshot does not show what was erased meanwhile.
    if await erased_since(url, last_erasure):
        raise Unavailable("A record was erased while it was being exported. Nothing was kept.", "Export again.")
    return manifest


def _count_rows(counts: dict[str, dict[str, int]]) -> int:
    """Return the number of rows in all files together. Records are in the load format and in each table. Withdrawn ones
    are in the load format alone."""
    files_of_records = 1 + len(WRITERS)
    total = 0
    for count in counts.values():
        total += count["records"] * files_of_records + count["withdrawn"]
    return total


@contextmanager
def _partial_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder that takes the place of `folder` when the block ends, and is removed if the block fails."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if folder.exists():
        folder.rmdir()
    partial.rename(folder)


async def _write_pieces(path: Path, fill: Fill, head: bytes = b"") -> SnapshotFile:
    """Write a file of the head, and of the pieces that `fill` passes on."""
    digest = sha256()
    with path.open("wb") as file:

        async def take(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        await take(head)
        await fill(take)
        return SnapshotFile(path.name, file.tell(), digest.hexdigest())


async def _write_csv(state: Snapshot, resource: Resource, path: Path) -> SnapshotFile:
    csv = FORMATS["csv"]
    version = newest()
    statement = _compile_export(resource, CsvShape(cells(version, resource)), csv.after)

    async def fill(take: Take) -> None:
        await state.stream(statement.sql, statement.arguments, take)

    return await _write_pieces(path, fill, csv.head(version, resource))


async def _write_parquet(state: Snapshot, resource: Resource, path: Path) -> SnapshotFile:
    columns = cells(newest(), resource)
    statement = _compile_export(resource, TypedShape(columns))
    await parquet.write(path, columns, state.rows(statement.sql, statement.arguments))
    return _describe_file(path)


def _describe_file(path: Path) -> SnapshotFile:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return SnapshotFile(path.name, file.tell(), digest)


def _compile_export(resource: Resource, shape: CsvShape | TypedShape, after: str = "") -> Statement:
    sort = read_sort(resource, "id")
    assert sort is not None
    return compile_query(Query(newest().name, ExportQuery(resource.name, sort, shape, after=after)))


# Tables of each resource, by the endings of their files.
WRITERS: dict[str, WriteTable] = {"csv": _write_csv}
if parquet.INSTALLED:
    WRITERS["parquet"] = _write_parquet
