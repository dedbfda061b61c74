"""Keys are made, rotated and revoked in the store, which keeps none of their texts and notes who made each change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from api.access.keys import Keys, NewKey
from api.access.lifetime import read_duration, read_expiry
from api.access.plans import Plans
from api.errors import Conflict, InvalidRequest, NotFound, Unavailable
from api.store.access import AccessStore
from api.suggest import with_suggestions
from tests.access.conftest import ACTOR

DESK = NewKey("The desk", "free")
DAY = timedelta(days=1)


async def everything(owner: asyncpg.Connection) -> str:
    """Return all that the schema holds, as text."""
    rows = [
        row[0]
        for name in ("plan", "key", "audit", "trusted_document", "epoch")
        for row in await owner.fetch(f"select held::text from access.{name} held")
    ]
    return "\n".join(rows)


async def test_a_key_is_made_and_its_text_is_nowhere(owner: asyncpg.Connection, keys: Keys) -> None:
    new_key = await keys.create(NewKey("Daily · «desk»", "partner", ("admin", "read", "read"), timedelta(days=90)))
    row = await keys.get(new_key.row["id"])
    assert (row["name"], row["plan"], row["scopes"], row["state"]) == (
        "Daily · «desk»",
        "partner",
        ["admin", "read"],
        "active",
    )
    assert row["expires_at"] - row["created_at"] == timedelta(days=90)
    assert row["ending"] == new_key.secret.text[-4:]
    dump = await everything(owner)
    assert row["id"] in dump and new_key.secret.text not in dump and new_key.secret.text[9:39] not in dump
    assert new_key.secret.text not in repr(new_key)


async def test_a_key_has_its_origins_and_so_has_the_one_that_replaces_it(keys: Keys) -> None:
    origins = ("https://news.example", "http://localhost:3000", "http://[::1]:8000")
    new_key = await keys.create(NewKey("a page", "free", origins=origins))
    assert new_key.row["origins"] == sorted(origins)
    assert (await keys.rotate(new_key.row["id"])).row["origins"] == sorted(origins)
    assert (await keys.create(DESK)).row["origins"] == []


async def test_a_key_may_work_until_a_day_or_for_ever(keys: Keys) -> None:
    until = datetime(2035, 1, 1, tzinfo=UTC)
    assert (await keys.create(NewKey("a", "free", expiry=until))).row["expires_at"] == until
    assert (await keys.create(DESK)).row["expires_at"] is None


@pytest.mark.parametrize(
    ("invalid_key", "where"),
    [
        (NewKey("", "free"), "name"),
        (NewKey(" a", "free"), "name"),
        (NewKey("a\nb", "free"), "name"),
        (NewKey("a\u202eb", "free"), "name"),
        (NewKey("a\x00b", "free"), "name"),
        (NewKey("a" * 201, "free"), "name"),
        (NewKey("\u200b", "free"), "name"),
        (NewKey("\u200d\ufeff\u2060", "free"), "name"),
        (NewKey("\u115f\u3164\uffa0", "free"), "name"),
        (NewKey("\u2800", "free"), "name"),
        (NewKey("\u0301\ufe0f", "free"), "name"),
        (NewKey("\U000e0041", "free"), "name"),
        (NewKey("a", "fre"), "plan"),
        (NewKey("a", "anonymous"), "plan"),
        (NewKey("a", "free", ()), "scopes"),
        (NewKey("a", "free", ("read", "root")), "scopes"),
        *(
            (NewKey("a", "free", origins=(origin,)), "origins")
            for origin in (
                *("news.example", "https://news.example/", "https://News.example", "https://a b", "null", "*", ""),
                *("https://news.example\n", "ftp://news.example", "https://user@news.example", "https://[::1"),
            )
        ),
        (NewKey("a", "free", origins=tuple(f"https://a{n}.example" for n in range(21))), "origins"),
    ],
)
async def test_an_invalid_key_request_names_the_field(keys: Keys, invalid_key: NewKey, where: str) -> None:
    with pytest.raises(InvalidRequest) as exc_info:
        await keys.create(invalid_key)
    assert [fault.where for fault in exc_info.value.faults] == [where]


COLUMNS = "id, name, digest, ending, plan, scopes"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "key_1"},
        {"name": ""},
        {"name": "a\nb"},
        {"name": "a\u2028b"},
        {"digest": b"short"},
        {"ending": "abc"},
        {"plan": "anonymous"},
        {"scopes": []},
        {"scopes": ["root"]},
        {"scopes": ["read", None]},
    ],
    ids=str,
)
async def test_the_database_refuses_impossible_keys(owner: asyncpg.Connection, wrong: dict[str, Any]) -> None:
    good = {"id": "key_" + "0" * 12, "name": "a", "digest": b"0" * 32, "ending": "abcd", "plan": "free"}
    row = good | {"scopes": ["read"]} | wrong
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(f"insert into access.key ({COLUMNS}) values ($1, $2, $3, $4, $5, $6)", *row.values())


async def test_keys_are_listed_page_by_page_the_newest_first(keys: Keys) -> None:
    key_ids = [(await keys.create(NewKey(f"Number {number}", "free"))).row["id"] for number in range(5)]
    first = await keys.page(2)
    second = await keys.page(2, first[-1]["id"])
    assert [row["id"] for row in (*first, *second)] == key_ids[::-1][:4]


async def test_a_rotated_key_works_on_for_the_overlap(keys: Keys) -> None:
    old = await keys.create(NewKey("Rotating", "partner", ("admin",), timedelta(days=90)))
    new = await keys.rotate(old.row["id"], timedelta(hours=2))
    before = await keys.get(old.row["id"])
    assert (new.row["name"], new.row["plan"], new.row["scopes"]) == ("Rotating", "partner", ["admin"])
    assert new.secret.digest != old.secret.digest
    assert before["successor"] == new.row["id"] and before["state"] == "active"
    assert before["expires_at"] - new.row["created_at"] == timedelta(hours=2)
    assert new.row["expires_at"] - new.row["created_at"] == timedelta(days=90), "as long as the old one had"


async def test_a_rotation_never_lengthens_the_old_key(keys: Keys) -> None:
    old = await keys.create(NewKey("Short", "free", expiry=timedelta(hours=1)))
    await keys.rotate(old.row["id"], timedelta(hours=24), timedelta(days=7))
    assert (await keys.get(old.row["id"]))["expires_at"] == old.row["expires_at"]


async def test_a_rotation_without_overlap_ends_the_old_key(keys: Keys) -> None:
    old = await keys.create(DESK)
    new = await keys.rotate(old.row["id"], timedelta())
    assert (await keys.get(old.row["id"]))["state"] == "expired"
    assert new.row["expires_at"] is None


async def test_a_key_that_has_ended_is_not_rotated(keys: Keys) -> None:
    old = await keys.create(DESK)
    new = await keys.rotate(old.row["id"])
    with pytest.raises(Conflict, match=new.row["id"]):
        await keys.rotate(old.row["id"])
    await keys.revoke(new.row["id"])
    with pytest.raises(Conflict, match="revoked"):
        await keys.rotate(new.row["id"])
    for overlap in (timedelta(days=91), timedelta(seconds=-1)):
        with pytest.raises(InvalidRequest):
            await keys.rotate(new.row["id"], overlap)


async def test_a_revoked_key_stays_revoked_as_it_was(keys: Keys) -> None:
    new_key = await keys.create(DESK)
    row = await keys.revoke(new_key.row["id"], "It leaked.")
    assert (row["state"], row["reason"]) == ("revoked", "It leaked.")
    assert await keys.revoke(new_key.row["id"], "Another reason.") == row
    with pytest.raises(InvalidRequest):
        await keys.revoke(new_key.row["id"], "two\nlines")


async def test_an_unknown_key_is_not_found_with_the_nearest(keys: Keys) -> None:
    new_key = await keys.create(DESK)
    wrong = new_key.row["id"][:-1] + ("0" if new_key.row["id"][-1] != "0" else "1")
    with pytest.raises(NotFound) as exc_info:
        await keys.revoke(wrong)
    assert "Did you mean key_" in with_suggestions(exc_info.value).message
    with pytest.raises(NotFound):
        await keys.rotate("key_'; drop table access.key; --")


async def test_the_log_records_actor_and_action_without_secrets(owner: asyncpg.Connection, store: AccessStore) -> None:
    keys = Keys(store, "live", "key: key_000000000000")
    new_key = await keys.create(DESK)
    next_one = await keys.rotate(new_key.row["id"])
    await keys.revoke(new_key.row["id"], "Over.")
    await owner.execute("update access.plan set burst = burst + 1 where name = 'internal'")
    rows = await store.read("audit", None, 5)
    log = [(row["actor"], row["subject"], row["action"], row["id"]) for row in rows]
    us = "key: key_000000000000"
    assert log[1] == (us, "key", "revoked", new_key.row["id"])
    assert sorted(log[2:4]) == [
        (us, "key", "created", next_one.row["id"]),
        (us, "key", "rotated", new_key.row["id"]),
    ]
    assert log[4] == (us, "key", "created", new_key.row["id"])
    assert log[0][0].startswith("postgres: ") and log[0][1:] == ("plan", "changed", "internal")
    assert orjson.loads(rows[0]["detail"]) == {"burst": 600_001}
    assert orjson.loads(rows[1]["detail"])["reason"] == "Over."
    assert "digest" not in "".join(row["detail"] for row in rows)


async def test_a_last_use_is_no_change(owner: asyncpg.Connection, keys: Keys, store: AccessStore) -> None:
    new_key = await keys.create(DESK)
    before = await owner.fetchrow("select number, (select max(seq) from access.audit) from access.epoch")
    await store.change(ACTOR, "used", [new_key.row["id"], "key_gone00000000"], [5.0, 1.0])
    last_use = (await keys.get(new_key.row["id"]))["last_used_at"]
    assert timedelta(seconds=4) < datetime.now(UTC) - last_use < timedelta(seconds=60)
    await store.change(ACTOR, "used", [new_key.row["id"]], [50.0])
    assert (await keys.get(new_key.row["id"]))["last_used_at"] == last_use, "an earlier one changes nothing"
    assert await owner.fetchrow("select number, (select max(seq) from access.audit) from access.epoch") == before


@pytest.mark.parametrize(
    "statement",
    ["update access.audit set actor = 'nobody'", "delete from access.audit", "truncate access.audit"],
)
async def test_nobody_rewrites_the_log(owner: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute(statement)


async def test_every_change_moves_the_epoch_and_tells_of_it(
    owner: asyncpg.Connection, keys: Keys, plans: Plans
) -> None:
    payloads: list[str] = []
    await owner.add_listener("briefing_access", lambda *arguments: payloads.append(arguments[-1]))
    before = await owner.fetchval("select number from access.epoch")
    new_key = await keys.create(DESK)
    await keys.rotate(new_key.row["id"])
    await keys.revoke(new_key.row["id"])
    await plans.change("partner", at_once=33)
    after = await owner.fetchval("select number from access.epoch")
    assert after >= before + 4
    await owner.execute("select 1")
    assert payloads and payloads[-1] == str(after)


async def test_a_change_that_is_taken_back_moves_nothing(owner: asyncpg.Connection) -> None:
    before = await owner.fetchval("select number from access.epoch")
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("update access.plan set at_once = 5 where name = 'free'")
    await transaction.rollback()
    assert await owner.fetchval("select number from access.epoch") == before


async def test_a_store_without_these_tables_says_so(database: str) -> None:
    store = AccessStore(database)
    with pytest.raises(Unavailable) as exc_info:
        await store.read("plans")
    assert "briefing migrate" in exc_info.value.operator_hint
    await store.close()


NO_LIFETIMES = ("", "90", "d", "-1d", "0d", "1.5d", "90 d", "1y", "99999999d", "999999w", "3661d", "tomorrow", "1e3")
NO_DAYS = ("2020-01-01", "2027-13-01", "9999-01-01", "٣d", "0001-01-01", "2027-01-01T00:00:00+99:00")


@pytest.mark.parametrize("text", [*NO_LIFETIMES, *NO_DAYS])
def test_an_impossible_lifetime_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Expected"):
        read_expiry(text)


def test_lifetimes_are_read_as_written() -> None:
    assert read_duration("30m") == timedelta(minutes=30)
    assert read_expiry("90d") == 90 * DAY and read_expiry("2w") == 14 * DAY and read_expiry("24h") == DAY
    assert read_expiry("2035-01-01") == datetime(2035, 1, 1, tzinfo=UTC)
    assert read_expiry("2035-01-01T12:00:00+02:00") == datetime(2035, 1, 1, 10, tzinfo=UTC)


async def test_an_epoch_never_comes_again_after_a_database_was_put_back(keys: Keys, owner: asyncpg.Connection) -> None:
    old = await owner.fetchval("select number from access.epoch")
    await keys.create(DESK)
    epoch = await owner.fetchval("select number from access.epoch")
    # An older copy of the database is restored, and the next change is another one than before.
    await owner.execute("update access.epoch set number = $1", old)
    await keys.create(DESK)
    assert await owner.fetchval("select number from access.epoch") > epoch
