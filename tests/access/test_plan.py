"""A plan's numbers are bounded, the same in Python and in the database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields, replace
from pathlib import Path

import asyncpg
import pytest

from api.access.plan import FORMATS, NUMBERS, Plan, check, from_row
from api.access.plans import Plans
from api.errors import Conflict, InvalidRequest, NotFound
from api.rest.formats import FORMATS as OFFERED
from api.rest.url import MAX_LIMIT
from api.store.access import AccessStore
from api.suggest import with_suggestions

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "keys.md"
USUAL = Plan("usual", 1000, 100_000, 5000, 4, 100, 0, ("csv",))
WIDE = Plan("wide", 1_000_000_000, 1_000_000_000, 1_000_000_000, 1000, 200, 1_000_000_000, FORMATS)
SMALL = Plan("small", 1, 1, 1, 1, 1, 0)
SHIPPED = [
    Plan("anonymous", 1000, 50_000, 5000, 4, 200, 10_000, FORMATS),
    Plan("free", 3000, 500_000, 10_000, 8, 200, 100_000, FORMATS),
    Plan("partner", 30_000, 10_000_000, 50_000, 32, 200, 10_000_000, FORMATS),
    Plan("internal", 300_000, 500_000_000, 600_000, 200, 200, 1_000_000_000, FORMATS),
]
WRONG = [
    ({"points_minute": 0}, "points_minute"),
    ({"points_minute": -1}, "points_minute"),
    ({"points_day": 0}, "points_day"),
    ({"points_day": 1_000_000_001}, "points_day"),
    ({"points_day": 999}, "points_day"),
    ({"burst": 0}, "burst"),
    ({"burst": 60_001}, "burst"),
    ({"points_minute": 10, "burst": 601}, "burst"),
    ({"burst": 100_001, "points_minute": 100_000}, "burst"),
    ({"at_once": 0}, "at_once"),
    ({"at_once": 1001}, "at_once"),
    ({"page_most": 0}, "page_most"),
    ({"page_most": 201}, "page_most"),
    ({"export_most": -1}, "export_most"),
    ({"export_most": 10**9 + 1}, "export_most"),
    ({"formats": ("xml",)}, "formats"),
    ({"open": False}, "open"),
    ({"name": ""}, "name"),
    ({"name": "Big"}, "name"),
    ({"name": "a b"}, "name"),
    ({"name": "a" * 41}, "name"),
    ({"name": "a\n"}, "name"),
]
INSERT = "insert into access.plan values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"


def values(plan: Plan) -> list[object]:
    settings = [getattr(plan, field.name) for field in fields(plan)]
    return [list(value) if isinstance(value, tuple) else value for value in settings]


@pytest.mark.parametrize(("wrong", "where"), WRONG)
async def test_an_invalid_plan_names_the_field_and_the_database_refuses_it(
    owner: asyncpg.Connection, wrong: dict[str, object], where: str
) -> None:
    plan = replace(USUAL, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest) as exc_info:
        check(plan)
    assert where in [fault.where for fault in exc_info.value.faults]
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(INSERT, *values(plan))


@pytest.mark.parametrize("plan", [USUAL, WIDE, SMALL], ids=lambda plan: plan.name)
async def test_a_plan_at_its_bounds_is_accepted_by_the_model_and_the_database(plans: Plans, plan: Plan) -> None:
    assert check(plan) == plan
    assert await plans.create(plan) == plan
    assert await plans.get(plan.name) == plan


async def test_the_shipped_plans_are_within_the_bounds_and_grow(plans: Plans) -> None:
    plans_by_size = [await plans.get(name) for name in ("anonymous", "free", "partner", "internal")]
    for plan in plans_by_size:
        check(plan)
        assert plan.open and not plan.trusted_only
    for name in NUMBERS:
        numbers = [getattr(plan, name) for plan in plans_by_size]
        assert numbers == sorted(numbers), name


async def test_a_caller_without_a_key_can_send_the_dearest_request_once(plans: Plans) -> None:
    """A request costs at most 5,000 points (BRIEFING_MAX_PRICE). A day's points pay for more than 500 lists of 50."""
    anonymous = await plans.get("anonymous")
    assert anonymous.burst >= 5000
    assert anonymous.points_day // 51 > 500


def test_formats_and_pages_are_those_that_are_offered() -> None:
    assert set(FORMATS) == {form.permission for form in OFFERED.values()}
    assert NUMBERS["page_most"][1] == MAX_LIMIT


async def test_a_plan_change_affects_only_the_named_fields(plans: Plans) -> None:
    before = await plans.create(replace(USUAL, name="changing"))
    after = await plans.change("changing", burst=6000, formats=())
    assert after == replace(before, burst=6000, formats=())
    assert await plans.get("changing") == after
    with pytest.raises(InvalidRequest):
        await plans.change("changing", burst=0)
    assert await plans.get("changing") == after


async def test_changes_at_once_lose_nothing_of_each_other(plans: Plans) -> None:
    await plans.create(replace(USUAL, name="shared"))
    for number in range(1, 9):
        await asyncio.gather(
            plans.change("shared", at_once=number),
            plans.change("shared", burst=5000 + number),
            plans.change("shared", page_most=100 + number),
        )
        assert await plans.get("shared") == replace(
            USUAL, name="shared", at_once=number, burst=5000 + number, page_most=100 + number
        )


async def test_names_that_are_taken_or_unknown_are_told(plans: Plans) -> None:
    await plans.create(replace(USUAL, name="once"))
    with pytest.raises(Conflict):
        await plans.create(replace(USUAL, name="once"))
    with pytest.raises(NotFound) as unknown:
        await plans.change("partnr", burst=1)
    assert "Did you mean partner" in with_suggestions(unknown.value).message
    await plans.remove("once")
    with pytest.raises(NotFound):
        await plans.get("once")


async def test_the_anonymous_plan_cannot_be_removed(plans: Plans) -> None:
    with pytest.raises(Conflict):
        await plans.remove("anonymous")
    assert not (await plans.change("anonymous", open=False)).open
    assert (await plans.change("anonymous", open=True)).open


async def test_a_row_becomes_a_plan(new_store: Callable[[], Awaitable[str]]) -> None:
    store = AccessStore(await new_store())
    rows = await store.read("plans")
    await store.close()
    assert sorted(map(from_row, rows), key=lambda plan: plan.burst) == SHIPPED


async def test_the_documentation_has_the_shipped_plans(new_store: Callable[[], Awaitable[str]]) -> None:
    """Compare the table of docs/keys.md with the plans in a new store."""
    url = await new_store()
    store = AccessStore(url)
    plan_rows = {row["name"]: row for row in await store.read("plans")}
    await store.close()
    table = [line.strip("| ").split(" | ") for line in DOCUMENTATION.read_text("utf-8").splitlines() if "|" in line]
    rows = {cells[0].strip("`"): cells[2:] for cells in table if len(cells) == 6}
    names = [name.strip("`") for name in rows.pop("column")]
    assert names == ["anonymous", "free", "partner", "internal"]
    for column in NUMBERS:
        assert rows[column] == [f"{plan_rows[name][column]:,}" for name in names], column
    assert all(
        set(plan_rows[name]["formats"]) == set(FORMATS) and not plan_rows[name]["trusted_only"] for name in names
    )
