"""A snapshot is the whole store: loaded into an empty one it gives the same, and its tables equal the lists."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.catalog import newest
from api.ingest.load import load
from api.model import CHILDREN, WRITE_ORDER
from api.query import cells
from api.snapshot.left_out import LEFT_OUT
from api.store.migrate import migrate

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "api" / "sample"
DATASET = {"dataset": "more"}
# A record that changed, one that was withdrawn after it changed, and one that was withdrawn from the beginning.
EDITIONS = (
    [
        {"resource": "place", **DATASET, "key": "a", "name": "A", "latitude": 1e-7, "longitude": 45.0},
        {"resource": "source", **DATASET, "key": "s", "name": "=1+1", "kind": "other", "aliases": ["a|b", "c\\"]},
        {"resource": "event", **DATASET, "key": "e", "kind": "other", "title": "E", "time_precision": "unknown"}
        | {"status": "occurred", "place": "a", "citations": [{"source": "s", "via": ["s"]}]},
        {"resource": "figure", **DATASET, "key": "f", "measure": "mass", "unit": "kg", "value": 0.5, "event": "e"},
    ],
    [
        {"resource": "place", **DATASET, "key": "a", "name": "B", "latitude": -0.1, "longitude": 45.125},
        {"resource": "figure", **DATASET, "key": "f", "withdrawn": {"reason": "It was not so."}},
        {
            "resource": "place",
            **DATASET,
            "key": "gone",
            "name": "G",
            "withdrawn": {"reason": "There is no such place."},
        },
    ],
)


@pytest.fixture(scope="module")
async def filled_store(new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database with the sample, and with records that were changed and withdrawn."""
    url = await new_store()
    folder = tmp_path_factory.mktemp("editions")
    await load([str(SAMPLE)], url)
    for number, lines in enumerate(EDITIONS):
        file = folder / f"{number}.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        await load([str(file)], url)
    return url


@pytest.fixture(scope="module")
def snapshot(filled_store: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the database."""
    folder = tmp_path_factory.mktemp("snapshots") / "today"
    result = briefing(filled_store, "export", "--out", str(folder))
    assert result.returncode == 0, result.stderr
    assert "up to change" in result.stdout
    return folder


async def test_a_snapshot_loaded_into_an_empty_store_gives_the_same_store(
    filled_store: str, snapshot: Path, database: str
) -> None:
    await migrate(database)
    result = briefing(database, "load", "--quiet", str(snapshot))
    assert result.returncode == 0, result.stderr
    before, after = await state(filled_store), await state(database)
    assert before == after
    assert sum(map(len, before.values())) > 100
    again = briefing(database, "load", "--quiet", str(snapshot))
    records = sum(len(before[name]) for name in WRITE_ORDER)
    assert again.stdout.split("total")[1].split() == ["0", "0", "0", str(records), "0"]


async def test_the_snapshot_of_the_reloaded_store_is_the_same_file(
    snapshot: Path, database: str, tmp_path: Path
) -> None:
    await migrate(database)
    await load([str(snapshot)], database)
    assert briefing(database, "export", "--out", str(tmp_path / "again")).returncode == 0
    name = "records.ndjson"
    assert (tmp_path / "again" / name).read_bytes() == (snapshot / name).read_bytes()


async def test_the_manifest_lists_the_files_and_briefings(filled_store: str, snapshot: Path) -> None:
    manifest = json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))
    names = {file.name for file in snapshot.iterdir()}
    assert {entry["name"] for entry in manifest["files"]} == names - {"manifest.json"}
    for entry in manifest["files"]:
        content = (snapshot / entry["name"]).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(content), sha256(content).hexdigest())
    connection = await asyncpg.connect(filled_store)
    assert manifest["last_change"] == await connection.fetchval("select max(seq) from store.change")
    credit = await connection.fetchval("select attribution from store.briefing")
    await connection.close()
    assert [entry["attribution"] for entry in manifest["briefings"]] == [credit]
    assert all("licence" in entry for entry in manifest["briefings"])
    assert manifest["counts"]["figure"]["withdrawn"] == 1 and manifest["counts"]["place"]["withdrawn"] == 1
    assert (manifest["format"], manifest["contract"]) == ("briefing-snapshot/1", newest().name)
    assert manifest["taken_at"].endswith("+00:00") and manifest["version"]


async def test_tables_have_a_row_for_each_record(snapshot: Path) -> None:
    counts = json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))["counts"]
    for resource in newest().resources.values():
        with (snapshot / f"{resource.plural}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        assert len(rows) == counts[resource.name]["records"]
        if rows:
            assert list(rows[0]) == [cell.name for cell in cells(newest(), resource)]
    with (snapshot / "sources.csv").open(encoding="utf-8", newline="") as file:
        assert [row["aliases"] for row in csv.DictReader(file) if row["name"] == "'=1+1"] == [r"a\|b|c\\"]


def test_parquet_has_the_cells_in_their_types(snapshot: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    tables: Any = import_module("pyarrow.parquet")
    for resource in newest().resources.values():
        table = tables.read_table(snapshot / f"{resource.plural}.parquet")
        with (snapshot / f"{resource.plural}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        assert table.column_names == [cell.name for cell in cells(newest(), resource)]
        assert table["id"].to_pylist() == [row["id"] for row in rows]
    figures = tables.read_table(snapshot / "figures.parquet")
    assert str(figures.schema.field("value").type) == "decimal128(21, 6)"
    assert str(figures.schema.field("as_of").type) == "date32[day]"
    sources = tables.read_table(snapshot / "sources.parquet").to_pylist()
    assert next(source["aliases"] for source in sources if source["name"] == "=1+1") == ["a|b", "c\\"]


def test_without_pyarrow_it_says_so_and_writes_the_rest(filled_store: str, tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['pyarrow'] = None; sys.argv[0] = 'briefing'; from api.cli import main; main()"
    result = briefing(filled_store, "export", "--out", str(tmp_path / "plain"), program=hidden)
    assert result.returncode == 0 and "briefing-api[parquet]" in result.stderr, result.stderr
    assert {file.suffix for file in (tmp_path / "plain").iterdir()} == {".csv", ".json", ".ndjson"}


def test_nothing_is_overwritten(filled_store: str, snapshot: Path) -> None:
    before = (snapshot / "manifest.json").read_bytes()
    result = briefing(filled_store, "export", "--out", str(snapshot))
    assert (result.returncode, before) == (73, (snapshot / "manifest.json").read_bytes())
    assert "not empty" in result.stderr


async def test_a_store_without_tables_leaves_nothing_behind(database: str, tmp_path: Path) -> None:
    result = briefing(database, "export", "--out", str(tmp_path / "none"))
    assert result.returncode == 78 and "briefing migrate" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("quiet", "is_shown"), [((), True), (("--quiet",), False)])
def test_progress_is_shown_on_a_terminal(
    filled_store: str, tmp_path: Path, quiet: tuple[str, ...], is_shown: bool
) -> None:
    controller, terminal = os.openpty()
    process = start_command(filled_store, "export", "--out", str(tmp_path / "now"), *quiet, stderr=terminal)
    os.close(terminal)
    output = b""
    with suppress(OSError):  # a terminal ends like this on Linux
        while piece := os.read(controller, 4096):
            output += piece
    os.close(controller)
    assert process.wait(60) == 0
    assert ("rows" in output.decode() and "/s" in output.decode()) is is_shown, output


def test_no_progress_is_written_without_a_terminal(filled_store: str, tmp_path: Path) -> None:
    assert briefing(filled_store, "export", "--out", str(tmp_path / "now")).stderr == ""


# Tables whose content follows from others, or that a new store has as well.
INTERNAL = {
    *("store.resource", "store.latest", "store.counted", "store.counted_refresh", "store.withdrawal"),
    *("access.epoch", "migration.applied", "migration.step"),
}
TABLES = "select schemaname || '.' || tablename from pg_tables where schemaname !~ '^(pg_|information_schema)'"


async def test_every_table_is_in_the_snapshot_or_said_to_be_left_out(
    filled_store: str, snapshot: Path, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(filled_store)
    tables = {row[0] for row in await connection.fetch(TABLES)}
    await connection.close()
    left_out = {name for names in LEFT_OUT.values() for name in names}
    present = {f"store.{name}" for name in (*WRITE_ORDER, *CHILDREN)}
    past = {name for name in tables if name.startswith("past.")}
    assert past and "past.*" in left_out
    assert (left_out - {"past.*"}) | present <= tables
    assert tables - past - present - left_out - INTERNAL == set()
    assert json.loads((snapshot / "manifest.json").read_text(encoding="utf-8"))["left_out"] == list(LEFT_OUT)


def test_the_command_says_what_it_leaves_out_unless_it_is_quiet(filled_store: str, tmp_path: Path) -> None:
    output = briefing(filled_store, "export", "--out", str(tmp_path / "now")).stdout
    assert all(words in output for words in LEFT_OUT)
    assert "Not in it" not in briefing(filled_store, "export", "--quiet", "--out", str(tmp_path / "quiet")).stdout
    manual = " ".join(briefing(filled_store, "export", "--help", columns="300").stdout.split())
    for words in ("not a backup", "keys", "plans", "trusted documents", "audit", "change log", "versions in time"):
        assert words in manual
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8").partition("### What a snapshot leaves out")[2]
    for words in ("keys", "plans", "trusted documents", "audit", "change log", "versions of records", "entity tags"):
        assert words in page


async def test_one_that_is_interrupted_leaves_nothing(filled_store: str, tmp_path: Path) -> None:
    connection = await asyncpg.connect(filled_store)
    async with connection.transaction():
        await connection.execute("lock table store.quote in access exclusive mode")
        export = start_command(filled_store, "export", "--out", str(tmp_path / "now"), stderr=subprocess.DEVNULL)
        waiting = "select count(*) from pg_locks where relation = 'store.quote'::regclass and not granted"
        while not await connection.fetchval(waiting):
            assert export.poll() is None
            await asyncio.sleep(0.02)
        assert [path.name for path in tmp_path.iterdir()] == ["now.partial"]
        export.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(export.wait, 30) == 130
    await connection.close()
    assert list(tmp_path.iterdir()) == []


def start_command(url: str, *arguments: str, stderr: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": url, "TERM": "xterm"}
    command = [sys.executable, "-c", "from api.cli import main; main()", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr)


def briefing(url: str, *arguments: str, program: str = "from api.cli import main; main()", columns: str = "80") -> Any:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": url, "COLUMNS": columns}
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


async def state(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return what a store contains now: ids, digests, withdrawals, and each record in full without the time at which it
    was written. The numbers of changes in `since` are left out for the same reason."""
    connection = await asyncpg.connect(url)
    rows = {}
    for name in WRITE_ORDER:
        content = "to_jsonb(held) - 'revision' - 'created_at' - 'updated_at' - 'digest' - 'since', since is null"
        records = await connection.fetch(f"select id, digest, withdrawn, {content} from store.{name} held order by id")
        rows[name] = [tuple(row) for row in records]
    for name in CHILDREN:
        records = await connection.fetch(
            f"select to_jsonb(held) - 'since', since is null from store.{name} held order by record_id, position"
        )
        rows[name] = [tuple(row) for row in records]
    await connection.close()
    return rows
