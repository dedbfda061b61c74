"""`briefing doctor` prints each check with what to do, and exits with 1 if something is wrong."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import namedtuple
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from api.access.limits.redis_connection import RedisConnection
from api.finding import compare_clocks
from api.store.embedded import start
from api.store.statements import migrations
from tests.access.limits.server import running
from tests.command import Done, briefing

NOWHERE = "postgresql://briefing:s3cret@127.0.0.1:1/none"
HEALTHY = {
    *("settings", "store", "migrations", "roles", "extensions", "owners", "grants", "objects", "account", "reading"),
    *("clock of Postgres", "connections", "disk", "plans", "limits"),
}
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
async def store(new_store: Callable[[], Awaitable[str]]) -> str:
    """An empty store of the test's own."""
    return await new_store()


async def run(url: str, *arguments: str, **settings: str) -> Done:
    """Run the command outside of the loop of this test. Limits apply, as they do for operators."""
    chosen = {"BRIEFING_LIMITS": "true", **{f"BRIEFING_{name.upper()}": value for name, value in settings.items()}}
    return await asyncio.to_thread(briefing, url, "doctor", *arguments, **chosen)


async def diagnose(url: str, **settings: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Return the exit code, and the findings by their checks."""
    done = await run(url, "--json", **settings)
    assert "Traceback" not in done.stderr, done.stderr
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    for finding in findings:
        assert finding["remedy"] or finding["status"] == "ok", finding
    return done.returncode, {finding["check"]: finding for finding in findings}


def named(findings: dict[str, dict[str, str]], status: str) -> set[str]:
    return {name for name, finding in findings.items() if finding["status"] == status}


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def test_a_healthy_store_passes_every_check(store: str) -> None:
    code, findings = await diagnose(store)
    assert (code, set(findings)) == (0, HEALTHY)
    assert named(findings, "ok") == HEALTHY
    assert migrations()[-1].name in findings["migrations"]["text"]


async def test_each_check_is_a_line_with_what_to_do_below_it(store: str) -> None:
    await execute(store, "revoke usage on schema v1 from briefing_reader")
    done = await run(store)
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("wrong    grants "))
    assert "grant usage on schema v1 to briefing_reader" in lines[at]
    assert lines[at + 1].strip() == "→ Run `briefing migrate`."
    assert done.returncode == 1


FAULTS = [
    ("revoke usage on schema access from briefing_access", {"grants", "plans"}),
    ("drop table store.erased cascade", {"objects"}),
    ("drop view v1.event cascade", {"objects"}),
    ("alter table store.event owner to briefing_access", {"owners"}),
    ("delete from migration.applied where name = '0038_key_origins'", {"migrations"}),
    ("insert into migration.applied (name, checksum) values ('0999_next', 'x')", {"migrations"}),
    ("drop schema store, access, past, migration cascade", {"migrations", "reading", "plans"}),
]


@pytest.mark.parametrize(("fault", "checks"), FAULTS, ids=[fault for fault, _ in FAULTS])
async def test_what_is_wrong_in_the_store_is_found(store: str, fault: str, checks: set[str]) -> None:
    await execute(store, fault)
    code, findings = await diagnose(store)
    assert (code, named(findings, "wrong")) == (1, checks), findings


async def test_a_store_that_is_away_is_wrong_and_its_password_is_not_shown() -> None:
    done = await run(NOWHERE)
    assert done.returncode == 1 and "wrong    store " in done.stdout and "s3cret" not in done.stdout + done.stderr


async def test_an_account_that_may_only_serve_is_a_warning(store: str) -> None:
    await execute(
        store,
        """drop role if exists doctor_serving; create role doctor_serving login password 'x';
        grant briefing_reader, briefing_access to doctor_serving with set true;
        grant usage on schema migration to doctor_serving; grant select on migration.applied to doctor_serving""",
    )
    try:
        code, findings = await diagnose(store.replace("briefing@", "doctor_serving:x@", 1))
        assert (code, named(findings, "warning")) == (0, {"account"}), findings
        assert "--owner doctor_serving" in findings["account"]["remedy"]
    finally:
        await execute(store, "drop owned by doctor_serving; drop role doctor_serving")


@pytest.mark.parametrize(
    ("settings", "check"),
    [
        ({"port": "http"}, "settings"),
        ({"prot": "80"}, "settings"),
        ({"pool_size": "500", "workers": "4"}, "connections"),
        ({"redis_url": "redis://127.0.0.1:1/0"}, "limits"),
        ({"redis_url": "http://127.0.0.1"}, "limits"),
    ],
)
async def test_settings_that_do_not_work_are_found(store: str, settings: dict[str, str], check: str) -> None:
    code, findings = await diagnose(store, **settings)
    assert (code, named(findings, "wrong")) == (1, {check}), findings


async def test_limits_that_are_off_are_a_warning(store: str) -> None:
    code, findings = await diagnose(store, limits="false")
    assert (code, named(findings, "warning")) == (0, {"limits"})


async def test_a_redis_that_may_evict_limits_is_a_warning(store: str, tmp_path: Path) -> None:
    with running(tmp_path) as redis:
        code, findings = await diagnose(store, redis_url=redis.url)
        assert (code, named(findings, "warning")) == (0, set()), findings
        assert findings["clock of Redis"]["status"] == findings["limits"]["status"] == "ok"
        connection = RedisConnection(redis.url, 2.0)
        await connection.send("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        await connection.close()
        code, findings = await diagnose(store, redis_url=redis.url)
        assert (code, named(findings, "warning")) == (0, {"memory of Redis"})
        assert "noeviction" in findings["memory of Redis"]["remedy"]


async def test_a_folder_without_a_store_is_wrong_and_stays_empty(tmp_path: Path) -> None:
    code, findings = await diagnose("", data_dir=str(tmp_path / "none"))
    assert (code, named(findings, "wrong")) == (1, {"store"})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_of_the_embedded_store_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFING_DATA_DIR", str(tmp_path))
    with start(tmp_path) as server:
        migrated = briefing("", "migrate")
        assert migrated.returncode == 0, migrated.stderr
        healthy = briefing("", "doctor")
        assert (healthy.returncode, "ok       disk" in healthy.stdout) == (0, True), healthy.stdout
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**11, 10**11 - 10**8, 10**8))
        full = briefing("", "doctor")
        assert (full.returncode, "wrong    disk" in full.stdout) == (1, True), full.stdout
        assert f"Make room on the disk of {tmp_path}." in full.stdout
        assert server.url not in healthy.stdout


@pytest.mark.parametrize(
    ("seconds", "uncertainty", "status"),
    [(0.0, 0.0, "ok"), (0.9, 0.0, "ok"), (1.1, 0.0, "wrong"), (-1.1, 0.0, "wrong"), (-1.1, 0.2, "ok")],
)
def test_clocks_that_differ_by_more_than_the_measurement_are_wrong(
    seconds: float, uncertainty: float, status: str
) -> None:
    finding = compare_clocks("clock", seconds, uncertainty)
    assert finding.status == status and bool(finding.remedy) == (status == "wrong")
    assert ("behind" if seconds < 0 else "this machine") in finding.text
