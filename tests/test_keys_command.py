"""Keys, plans and trusted documents from the command line: the output, its stream, and the exit code."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.access import key
from api.catalog import newest
from api.store import embedded
from tests.command import PROGRAM, briefing

ROOT = Path(__file__).parents[1]
QUERY = "query Latest { events(first: 3) { nodes { title } } }\n"


@pytest.fixture(scope="module")
async def url(new_store: Callable[[], Awaitable[str]]) -> str:
    """An empty store of the module's own."""
    url = await new_store()
    return url


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A new Postgres in which nothing was made, no roles either."""
    with embedded.start(tmp_path_factory.mktemp("empty") / "data") as server:
        yield server.url


def rows(url: str, *arguments: str) -> list[dict[str, Any]]:
    """Run a command with `--json`, and return its rows."""
    result = briefing(url, *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def create(url: str, *arguments: str, name: str = "The desk", plan: str = "free") -> tuple[str, str]:
    """Create a key, and return its id and its text."""
    result = briefing(url, "keys", "create", "--name", name, "--plan", plan, *arguments)
    assert result.returncode == 0, result.stderr
    return result.stderr.partition(":")[0], result.stdout.strip()


def test_a_key_is_printed_once_and_alone(url: str) -> None:
    result = briefing(url, "keys", "create", "--name", "Daily desk", "--plan", "free", "--expires", "90d")
    assert result.returncode == 0, result.stderr
    text = result.stdout.removesuffix("\n")
    assert key.read(text, "live") and text not in result.stderr
    assert "Daily desk, plan free, read, until 20" in result.stderr
    for listing in (briefing(url, "keys", "list"), briefing(url, "keys", "list", "--json"), briefing(url, "audit")):
        assert "Daily desk" in listing.stdout and text[-4:] in listing.stdout
        assert text[9:25] not in listing.stdout + listing.stderr


def test_the_environment_stands_in_the_key(url: str) -> None:
    result = briefing(url, "keys", "create", "--name", "a", "--plan", "free", BRIEFING_KEY_ENVIRONMENT="test")
    assert key.read(result.stdout.strip(), "test")
    wrong = briefing(url, "keys", "create", "--name", "a", "--plan", "free", BRIEFING_KEY_ENVIRONMENT="Live!")
    assert wrong.returncode == 78 and "BRIEFING_KEY_ENVIRONMENT" in wrong.stderr


def test_keys_are_listed_rotated_and_revoked(url: str) -> None:
    first, text = create(url, "--scope", "read", "--scope", "admin", name="Rotating", plan="partner")
    result = briefing(url, "keys", "rotate", first, "--overlap", "2h")
    assert result.returncode == 0, result.stderr
    second, other = result.stderr.partition(":")[0], result.stdout.strip()
    assert key.read(other, "live") and other != text
    assert f"{first} works for another 2h" in result.stderr
    assert briefing(url, "keys", "revoke", first, "--reason", "It leaked.").returncode == 0
    keys_by_id = {row["id"]: row for row in rows(url, "keys", "list")}
    assert (keys_by_id[first]["state"], keys_by_id[first]["reason"], keys_by_id[first]["successor"]) == (
        "revoked",
        "It leaked.",
        second,
    )
    assert (keys_by_id[second]["state"], keys_by_id[second]["plan"]) == ("active", "partner")
    assert keys_by_id[second]["scopes"] == ["admin", "read"]
    result = briefing(url, "keys", "rotate", first)
    assert result.returncode == 64 and "was rotated before" in result.stderr and result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("keys", "create", "--name", "a", "--plan", "partnr"), "Did you mean partner?"),
        (("keys", "create", "--name", "a", "--plan", "anonymous"), "for callers without a key"),
        (("keys", "create", "--name", "a", "--plan", "free", "--scope", "admn"), "Did you mean admin?"),
        (("keys", "create", "--name", "a\nb", "--plan", "free"), "one line"),
        (("keys", "create", "--name", "a", "--plan", "free", "--expires", "2020-01-01"), "--expires: Expected a day"),
        (("keys", "create", "--name", "a", "--plan", "free", "--expires", "soon"), "--expires: Expected a time"),
        (("keys", "rotate", "key_000000000000"), "no key with this id"),
        (("keys", "rotate", "key_000000000000", "--overlap", "1y"), "--overlap: Expected a time"),
        (("keys", "rotate", "key_000000000000", "--overlap", "91d"), "at most 90 days"),
        (("keys", "revoke", "key_000000000000"), "no key with this id"),
        (("plans", "set", "fre", "--burst", "10"), "Did you mean free?"),
        (("plans", "set", "free"), "Nothing is to be changed"),
        (("plans", "set", "free", "--burst", "-1"), "burst: Expected a whole number from 1"),
        (("plans", "set", "free", "--points-day", "99999999999"), "points_day: Expected a whole number"),
        (("plans", "set", "free", "--burst", "1.5"), "--burst"),
        (("plans", "set", "free", "--formats", "csv,xml"), "'xml' is none of csv"),
        (("plans", "set", "free", "--closed"), "Only the plan anonymous"),
        (("plans", "create", "free"), "a plan free already"),
        (("plans", "create", "Big!"), "name: Expected a to z"),
        (("plans", "create", "big", "--like", "partne"), "Did you mean partner?"),
        (("plans", "remove", "anonymous"), "cannot be removed"),
        (("plans", "remove", "nothing"), "no such plan"),
        (("documents", "remove", "nothing"), "no such document"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_invalid_arguments_are_refused_in_one_line(url: str, arguments: tuple[str, ...], expected: str) -> None:
    result = briefing(url, *arguments)
    assert (result.returncode, result.stdout) == (64, ""), result.stderr
    assert expected in result.stderr and "Traceback" not in result.stderr


def test_a_document_that_cannot_be_read_or_is_no_text_has_a_code_of_its_own(url: str, tmp_path: Path) -> None:
    binary = tmp_path / "binary.graphql"
    binary.write_bytes(b"\xff")
    for file, code in (("nowhere.graphql", 66), (str(binary), 65)):
        done = briefing(url, "documents", "add", file)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert "cannot be read" in done.stderr and "Traceback" not in done.stderr


def test_plans_are_made_changed_listed_and_removed(url: str) -> None:
    result = briefing(url, "plans", "create", "big", "--like", "partner", "--burst", "60000", "--formats", "csv")
    assert result.returncode == 0, result.stderr
    assert briefing(url, "plans", "set", "big", "--at-once", "50", "--formats", "-", "--trusted-only").returncode == 0
    plans = {row["name"]: row for row in rows(url, "plans", "list")}
    assert set(plans) == {"anonymous", "free", "partner", "internal", "big"}
    big, partner = plans["big"], plans["partner"]
    assert (big["burst"], big["at_once"], big["formats"], big["trusted_only"]) == (60000, 50, [], True)
    assert big["points_day"] == partner["points_day"] and big["keys"] == 0
    assert "big" in briefing(url, "plans", "list").stdout
    assert briefing(url, "plans", "remove", "big").returncode == 0
    create(url, plan="internal")
    refusal = briefing(url, "plans", "remove", "internal")
    assert refusal.returncode == 64 and "has keys" in refusal.stderr


def test_callers_without_a_key_can_be_refused(url: str) -> None:
    for option, open in (("--closed", False), ("--open", True)):
        assert briefing(url, "plans", "set", "anonymous", option).returncode == 0
        assert next(row for row in rows(url, "plans", "list") if row["name"] == "anonymous")["open"] is open


def test_documents_are_checked_against_the_schema_and_trusted(url: str, tmp_path: Path) -> None:
    good, wrong = tmp_path / "latest.graphql", tmp_path / "wrong.graphql"
    good.write_text(QUERY, encoding="utf-8")
    wrong.write_text("query Latest { evnts { nodes { title } } }", encoding="utf-8")
    digest = sha256(QUERY.encode()).hexdigest()
    result = briefing(url, "documents", "add", str(good), "--plan", "partner")
    assert (result.returncode, result.stdout) == (0, f"{digest}  latest.graphql\n"), result.stderr
    assert "trusted before" in briefing(url, "documents", "add", str(good), "--plan", "partner").stdout
    assert [(row["hash"], row["plan"], row["version"]) for row in rows(url, "documents", "list")] == [
        (digest, "partner", newest().name)
    ]
    refusal = briefing(url, "documents", "add", str(wrong))
    assert refusal.returncode == 64 and "evnts" in refusal.stderr and "Traceback" not in refusal.stderr
    for arguments, expected in (
        (("--version", "v9"), "no version v9"),
        (("--plan", "partnr"), "Did you mean partner?"),
    ):
        refusal = briefing(url, "documents", "add", str(good), *arguments)
        assert refusal.returncode == 64 and expected in refusal.stderr
    assert briefing(url, "documents", "remove", "latest.graphql").stdout.startswith(digest)
    assert rows(url, "documents", "list") == []


def test_the_audit_names_who_did_what(url: str) -> None:
    key_id, text = create(url, name="Audited")
    briefing(url, "keys", "revoke", key_id, "--reason", "Over.")
    entries = [row for row in rows(url, "audit") if row["id"] == key_id]
    assert [row["action"] for row in entries] == ["revoked", "created"]
    assert all(row["actor"].startswith("command line: ") for row in entries)
    assert entries[0]["detail"]["reason"] == "Over." and text not in json.dumps(entries)
    assert len(rows(url, "audit", "--last", "1")) == 1


def test_it_is_a_command_that_is_installed(url: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "BRIEFING_DATABASE_URL": url}
    command = [sys.executable, "-c", PROGRAM, "keys", "create", "--name", "a", "--plan", "free"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0 and key.read(result.stdout.removesuffix("\n"), "live"), result.stderr


async def test_a_store_without_tables_says_what_to_do(database: str) -> None:
    result = await asyncio.to_thread(briefing, database, "keys", "list")
    assert result.returncode == 69 and "briefing migrate" in result.stderr and "Traceback" not in result.stderr


def test_a_missing_postgres_is_reported(url: str) -> None:
    result = briefing("postgresql://127.0.0.1:9/nothing", "keys", "list")
    assert result.returncode == 69 and "does not answer" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("arguments", [("keys", "list"), ("plans", "list"), ("documents", "list"), ("outdated",)])
def test_a_store_that_was_never_made_says_how_to_make_it(empty: str, arguments: tuple[str, ...]) -> None:
    result = briefing(empty, *arguments)
    assert result.returncode != 0 and "Run `briefing migrate`" in result.stderr
    assert "Traceback" not in result.stderr
