"""`briefing erase` as an operator runs it, and the snapshots around it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Thread
from typing import Any

import asyncpg
import pytest

from api.errors import LoadError, Unavailable
from api.ingest.identity import public_id
from api.ingest.load import load
from api.model import RECORDS
from api.snapshot.progress import show_progress
from api.snapshot.take import export
from api.store.erase import erase
from tests.test_export_command import briefing
from tests.whole_records import content, others

ROOT = Path(__file__).parents[1]
WORD = "zqxjkwvb"
REASON = "A court ordered it."
PLACE = public_id("d", "place", "p")
LINES = [
    {"resource": "place", "dataset": "d", "key": "p", "name": f"Town of {WORD}"},
    {
        **{"resource": "event", "dataset": "d", "key": "e", "kind": "other", "title": "Talks"},
        **{"time_precision": "unknown", "status": "occurred", "place": "p"},
    },
]


def put(folder: Path, lines: list[dict[str, Any]]) -> str:
    file = folder / "records.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


@pytest.fixture
async def store(new_store: Callable[[], Awaitable[str]], tmp_path: Path) -> str:
    """A store with an event at a place."""
    url = await new_store()
    await load([put(tmp_path, LINES)], url)
    return url


async def values(url: str, query: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(query)
    await connection.close()
    return [row[0] for row in rows]


async def test_the_command_says_what_it_did_and_what_it_cannot_reach(store: str) -> None:
    result = briefing(store, "erase", PLACE, "--reason", REASON, "--yes")
    assert result.returncode == 0, result.stderr
    first, second, head, *rest = result.stdout.splitlines()
    assert first == f"Erased the place {PLACE} with change 3. 1 record links to it."
    assert second == "Emptied its row and 1 entry of the change log. Deleted 0 rows of its versions and children."
    assert head.startswith("Not erased")
    for copy in ("exports and snapshots", "copies that clients have", "backups", "WAL", "replicas", "logs"):
        assert copy in "\n".join(rest)
    assert WORD not in result.stdout + result.stderr
    [by] = await values(store, "select erased_by from store.erased")
    assert [by] == await values(store, "select current_user::text")


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        ((PLACE, "--reason", REASON), 64, "Add --yes."),
        ((PLACE, "--yes"), 64, "--reason"),
        ((PLACE, "--reason", "", "--yes"), 64, "not a reason"),
        (("Town", "--reason", REASON, "--yes"), 64, "not the id of a record"),
        ((public_id("d", "place", "q"), "--reason", REASON, "--yes"), 64, "There is no place with this id."),
    ],
    ids=["not asked", "no reason", "empty reason", "no id", "unknown id"],
)
async def test_an_impossible_erasure_is_reported_and_changes_nothing(
    store: str, arguments: tuple[str, ...], code: int, expected: str
) -> None:
    result = briefing(store, "erase", *arguments)
    assert (result.returncode, expected in result.stderr) == (code, True), result.stderr
    assert await values(store, "select count(*) from store.erased") == [0]


@pytest.mark.parametrize(("answer", "erased_count"), [(b"y\n", 1), (b"n\n", 0)], ids=["yes", "no"])
async def test_the_operator_is_asked_without_a_name(store: str, answer: bytes, erased_count: int) -> None:
    controller, terminal = os.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": store}
    command = [sys.executable, "-c", "from api.cli import main; main()", "erase", PLACE, "--reason", REASON]
    process = subprocess.Popen(command, env=environment, stdin=terminal, stdout=subprocess.DEVNULL, stderr=terminal)
    os.close(terminal)
    output = b""
    while b"[y/N]" not in output:
        output += await asyncio.to_thread(os.read, controller, 4096)
    os.write(controller, answer)
    assert await asyncio.to_thread(process.wait, 60) == (0 if erased_count else 130)
    os.close(controller)
    assert f"Erase the place {PLACE}, created on ".encode() in output and b"1 record links to it" in output
    assert WORD.encode() not in output
    assert await values(store, "select count(*) from store.erased") == [erased_count]


async def test_an_erasure_during_a_snapshot_ends_it_and_leaves_no_folder(store: str, tmp_path: Path) -> None:
    def erase_now() -> None:
        asyncio.run(erase(store, PLACE, REASON, 5))

    folder = tmp_path / "out"
    with show_progress(True) as watch:
        begin = watch.file

        def file(name: str) -> None:
            begin(name)
            if name == "places.csv":
                thread = Thread(target=erase_now)
                thread.start()
                thread.join()

        watch.file = file  # type: ignore[method-assign]
        with pytest.raises(Unavailable, match="A record was erased"):
            await asyncio.to_thread(export, store, folder, watch)
    assert [file.name for file in tmp_path.iterdir()] == ["records.ndjson"]


@pytest.mark.parametrize("resource", RECORDS)
async def test_a_snapshot_has_no_erased_record_and_keeps_its_id_blocked(
    new_store: Callable[[], Awaitable[str]], tmp_path: Path, resource: str
) -> None:
    url, restored_url = await new_store(), await new_store()
    lines = [*others(), {"resource": resource, "dataset": "d", "key": "k"} | content(RECORDS[resource], WORD, True)]
    await load([put(tmp_path, lines)], url)
    identifier = public_id("d", resource, "k")
    other = public_id("others", resource, "one")
    for erased_id in (identifier, other):
        await erase(url, erased_id, REASON, 5)
    folder = tmp_path / "snapshot"
    result = briefing(url, "export", "--quiet", "--out", str(folder))
    assert result.returncode == 0, result.stderr
    for file in folder.iterdir():
        assert WORD.encode() not in file.read_bytes(), file
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {entry["id"] for entry in manifest["erased"]} == {identifier, other}
    assert manifest["counts"][resource] == {"records": 0, "withdrawn": 0}
    # Records that link to `other` are loaded although it is not in the folder.
    await load([str(folder)], restored_url)
    blocked = "select concat(id, ' ', erased_at) from store.erased order by id"
    assert await values(restored_url, blocked) == await values(url, blocked)
    query = f"select id from store.withdrawal where resource = '{resource}' order by id"
    assert await values(restored_url, query) == sorted([identifier, other])
    with pytest.raises(LoadError) as exc_info:
        await load([put(tmp_path, lines)], restored_url)
    assert sum("was erased on" in fault for fault in exc_info.value.faults) == 2
    again = await load([str(folder)], restored_url)
    assert again.notes == () and all(not counts["created"] for counts in again.counts.values())


async def test_a_snapshot_from_before_the_erasure_is_refused(store: str, tmp_path: Path) -> None:
    folder = tmp_path / "before"
    assert briefing(store, "export", "--quiet", "--out", str(folder)).returncode == 0
    await erase(store, PLACE, REASON, 5)
    with pytest.raises(LoadError) as exc_info:
        await load([str(folder)], store)
    assert "was erased on" in exc_info.value.faults[0]


async def test_a_snapshot_erases_nothing_that_a_store_has(
    store: str, new_store: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    other = await new_store()
    await load([put(tmp_path, LINES)], other)
    await erase(store, PLACE, REASON, 5)
    folder = tmp_path / "after"
    assert briefing(store, "export", "--quiet", "--out", str(folder)).returncode == 0
    summary = await load([str(folder)], other)
    [note] = summary.notes
    assert "1 records that the snapshot lists as erased are in this store" in note
    assert await values(other, "select count(*) from store.erased") == [0]
    assert await values(other, "select name from store.place") == [f"Town of {WORD}"]


@pytest.mark.parametrize("erased_list", ['[{"id": "Town"}]', '[{"id": "Town", "erased_at": "2026-11-28"}]', "[1]", "3"])
async def test_a_manifest_that_was_changed_is_refused(store: str, tmp_path: Path, erased_list: str) -> None:
    folder = tmp_path / "snapshot"
    assert briefing(store, "export", "--quiet", "--out", str(folder)).returncode == 0
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | {"erased": json.loads(erased_list)}))
    with pytest.raises(LoadError, match="is not a list of ids with times"):
        await load([str(folder)], store)
