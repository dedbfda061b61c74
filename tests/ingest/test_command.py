"""Loading as a command: its exit code, its output on each stream, and the memory that it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from api.store.load_transaction import writing

Put = Callable[[str, Any], str]
COMMAND = """
import sys
from pathlib import Path
from api.ingest.load import run_load
from api.settings import Settings
code = run_load(sys.argv[3:], Settings(database_url=sys.argv[1], data_dir=sys.argv[2]), wait=0.1)
print(Path("/proc/self/status").read_text(), file=sys.stderr)
sys.exit(code)
"""


def run(url: str, *paths: str, data: str = "unused", stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [sys.executable, "-c", COMMAND, url, data, *paths],
        input=stdin,
        capture_output=True,
        cwd=Path(__file__).parents[2],
    )
    return subprocess.CompletedProcess(result.args, result.returncode, result.stdout.decode(), result.stderr.decode())


def many(count: int) -> list[dict[str, Any]]:
    line = {"resource": "source", "dataset": "many", "kind": "ngo", "description": "one of very many " * 10}
    return [line | {"key": f"k{number}", "name": f"Source {number}"} for number in range(count)]


async def test_a_load_prints_what_it_did(store: str, put: Put, briefing: dict[str, Any]) -> None:
    result = run(store, put("a.json", briefing))
    assert result.returncode == 0
    table = [line.split() for line in result.stdout.splitlines()]
    assert table[0] == ["created", "updated", "restored", "unchanged", "withdrawn"]
    assert ["event", "2", "0", "0", "0", "0"] in table
    assert table[-1] == ["total", "10", "0", "0", "0", "0"]
    assert "a.json: 10 created, 0 updated, 0 restored, 0 unchanged, 0 withdrawn" in result.stderr
    assert "Loaded into" not in result.stderr


async def test_a_refused_file_is_65_and_its_faults_go_to_stderr(store: str, put: Put) -> None:
    result = run(
        store, put("a.ndjson", [{"resource": "source", "dataset": "d", "key": "k", "kind": "army", "name": "N"}])
    )
    assert (result.returncode, result.stdout) == (65, "")
    assert 'a.ndjson:1: source "k", kind: expected one of person' in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("path", ["absent.json", "."])
async def test_no_such_input_is_66(store: str, tmp_path: Path, path: str) -> None:
    result = run(store, str(tmp_path / path))
    assert (result.returncode, result.stdout) == (66, "")
    assert "Traceback" not in result.stderr
    assert str(tmp_path) in result.stderr


async def test_a_store_that_is_away_is_69(put: Put, briefing: dict[str, Any]) -> None:
    result = run("postgresql://briefing@127.0.0.1:1/none", put("a.json", briefing))
    assert result.returncode == 69
    assert "Traceback" not in result.stderr


@pytest.mark.fault
async def test_another_load_is_75(store: str, put: Put, briefing: dict[str, Any]) -> None:
    async with writing(store, 0):
        result = run(store, put("a.json", briefing))
    assert result.returncode == 75
    assert "Another load is running." in result.stderr


async def test_a_store_without_tables_is_78(
    put: Put, briefing: dict[str, Any], fresh_database: Callable[[], Awaitable[str]]
) -> None:
    result = run(await fresh_database(), put("a.json", briefing))
    assert result.returncode == 78
    assert "briefing migrate" in result.stderr


async def test_stdin_is_read_as_lines_or_as_a_document(store: str, briefing: dict[str, Any]) -> None:
    assert run(store, "-", stdin=json.dumps(briefing).encode()).returncode == 0
    assert run(store, "-", stdin=json.dumps(briefing, indent=1).encode()).returncode == 0
    lines = "\n".join(map(json.dumps, many(3)))
    assert run(store, "-", stdin=lines.encode()).returncode == 0
    result = run(store, "-", stdin=b"nothing")
    assert result.returncode == 65
    assert "<stdin>:1:1: expected JSON" in result.stderr


@pytest.mark.fault
async def test_a_bad_line_late_in_a_large_file_refuses_all_of_it(store: str, put: Put) -> None:
    lines = many(20_000)
    lines[19_990]["country"] = "Ukraine"
    result = run(store, put("a.ndjson", lines))
    assert result.returncode == 65
    assert 'a.ndjson:19991: source "k19990", country: "Ukraine" is no country code' in result.stderr
    connection = await asyncpg.connect(store)
    assert await connection.fetchval("select count(*) from store.change") == 0
    await connection.close()


async def test_memory_does_not_grow_with_the_file(store: str, put: Put) -> None:
    result = run(store, put("a.ndjson", many(50_000)))
    assert result.returncode == 0
    assert int(result.stderr.split("VmHWM:")[1].split()[0]) < 120 << 10  # MiB; measured: 65, for 1,000,000 records too


async def test_without_an_address_the_embedded_postgres_is_started_and_migrated(
    put: Put, briefing: dict[str, Any], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    result = run("", put("a.json", briefing), data=str(data))
    assert result.returncode == 0, result.stderr
    assert "total              10" in result.stdout
    assert f"Loaded into a new embedded store, made in {data};" in result.stderr
    assert f"Loaded into the embedded store in {data};" in run("", put("a.json", briefing), data=str(data)).stderr
