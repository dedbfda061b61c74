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
from api.errors import SettingsError, Unavailable
from api.query import CsvShape, ExportQuery, Query, TypedShape, cells, read_sort
from api.rest.formats import FORMATS
from api.snapshot import parquet
from api.snapshot.manifest import NAME, Manifest, SnapshotFile, gathered
from api.snapshot.progress import SnapshotProgress
from api.store.snapshot import Snapshot, erased_since, snapshot
from api.store.stream import Take

RECORDS = "records.ndjson"


def export(url: str, folder: Path, watch: SnapshotProgress) -> Manifest:
    """Take a snapshot, and report its progress to `watch`. SettingsError if the folder exists and is not empty;
    Unavailable if a record was erased meanwhile."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} is there already, and not empty.", "Name a folder for this snapshot alone.")
    with _emerging(folder) as place:
        return asyncio.run(_taken(url, place, watch))


async def _taken(url: str, place: Path, watch: SnapshotProgress) -> Manifest:
    async with snapshot(url, watch.add) as state:
        counts = await state.counts()
        watch.begin(sum(one["records"] * (1 + len(WRITERS)) + one["withdrawn"] for one in counts.values()))
        watch.file(RECORDS)
        files = [await _file(place / RECORDS, state.records)]
        for resource in newest().resources.values():
            for suffix, write in WRITERS.items():
                path = place / f"{resource.plural}.{suffix}"
                watch.file(path.name)
                files.append(await write(state, resource, path))
        manifest = await gathered(state, counts, files)
        (place / NAME).write_text(manifest.text(), encoding="utf-8")
        last = await state.last_erasure()
    # On another connection: the state of the snapshot does not show what was erased meanwhile.
    if await erased_since(url, last):
        raise Unavailable("A record was erased while it was being exported. Nothing was kept.", "Export again.")
    return manifest


@contextmanager
def _emerging(folder: Path) -> Iterator[Path]:
    place = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    try:
        yield place
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    if folder.exists():
        folder.rmdir()
    place.rename(folder)


async def _file(path: Path, fill: Callable[[Take], Awaitable[None]], head: bytes = b"") -> SnapshotFile:
    digest = sha256()
    with path.open("wb") as file:

        async def take(piece: bytes) -> None:
            digest.update(piece)
            file.write(piece)

        await take(head)
        await fill(take)
        return SnapshotFile(path.name, file.tell(), digest.hexdigest())


async def _csv(state: Snapshot, resource: Resource, path: Path) -> SnapshotFile:
    form, version = FORMATS["csv"], newest()
    statement = _statement(resource, CsvShape(cells(version, resource)), form.after)
    head = form.head(version, resource)
    return await _file(path, lambda take: state.stream(statement.sql, statement.arguments, take), head)


async def _parquet(state: Snapshot, resource: Resource, path: Path) -> SnapshotFile:
    columns = cells(newest(), resource)
    statement = _statement(resource, TypedShape(columns))
    await parquet.write(path, columns, state.rows(statement.sql, statement.arguments))
    return _read(path)


def _read(path: Path) -> SnapshotFile:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        return SnapshotFile(path.name, file.tell(), digest)


def _statement(resource: Resource, shape: CsvShape | TypedShape, after: str = "") -> Statement:
    sort = read_sort(resource, "id")
    assert sort is not None
    return compile_query(Query(newest().name, ExportQuery(resource.name, sort, shape, after=after)))


WRITERS = {"csv": _csv} | ({"parquet": _parquet} if parquet.INSTALLED else {})
