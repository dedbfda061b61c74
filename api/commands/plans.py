"""`briefing plans`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.frame import Json, actor, format_value, open_store, show
from api.errors import InvalidRequest

if TYPE_CHECKING:
    from api.access.plan import Plan
    from api.access.plans import Plans

plans = typer.Typer(help="Plans: how much keys, and callers without a key, may request.", no_args_is_help=True)


@plans.command("list")
def list_plans(as_json: Json = False) -> None:
    """List plans, and how many keys have each."""
    with _open_plans() as (store, runner):
        rows = runner.run(store.all())
    show(rows, tuple(rows[0]), as_json)


Points = Annotated[int | None, typer.Option(help="Points that come back each minute.")]
Day = Annotated[int | None, typer.Option(help="Points in a day.")]
Burst = Annotated[int | None, typer.Option(help="Points that may be spent at once; no request may cost more.")]
AtOnce = Annotated[int | None, typer.Option(help="Requests at once.")]
Page = Annotated[int | None, typer.Option(help="Records on a page.")]
Export = Annotated[int | None, typer.Option(help="Records of an export; 0 for no exports.")]
Formats = Annotated[str | None, typer.Option(metavar="csv,ndjson,geojson", help="Formats of exports; - for none.")]
Trusted = Annotated[
    bool | None, typer.Option("--trusted-only/--any-document", help="Whether GraphQL accepts trusted documents only.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The plan's name.")]


@plans.command("create")
def create_plan(
    name: Name,
    like: Annotated[str, typer.Option(help="The plan that gives these values.")] = "free",
    points_minute: Points = None,
    points_day: Day = None,
    burst: Burst = None,
    at_once: AtOnce = None,
    page_most: Page = None,
    export_most: Export = None,
    formats: Formats = None,
    trusted_only: Trusted = None,
) -> None:
    """Create a plan. The values that are not given are those of another plan."""
    from api.access.plan import Plan

    changes = _read_changes(points_minute, points_day, burst, at_once, page_most, export_most, formats, trusted_only)
    with _open_plans() as (store, runner):
        template = runner.run(store.get(like))
        values = asdict(template) | {"name": name, "open": True} | changes
        plan = runner.run(store.create(Plan(**values)))
    _print_plan(plan)


@plans.command("set")
def set_plan(
    name: Name,
    points_minute: Points = None,
    points_day: Day = None,
    burst: Burst = None,
    at_once: AtOnce = None,
    page_most: Page = None,
    export_most: Export = None,
    formats: Formats = None,
    trusted_only: Trusted = None,
    open: Annotated[
        bool | None,
        typer.Option(
            "--open/--closed", help="For the plan anonymous only: whether callers without a key are admitted."
        ),
    ] = None,
) -> None:
    """Change a plan. The change takes effect everywhere within a second."""
    changes = _read_changes(points_minute, points_day, burst, at_once, page_most, export_most, formats, trusted_only)
    if open is not None:
        changes["open"] = open
    if not changes:
        raise InvalidRequest("Nothing is to be changed.", hint="`briefing plans set --help` lists the options.")
    with _open_plans() as (store, runner):
        plan = runner.run(store.change(name, **changes))
    _print_plan(plan)


@plans.command("remove")
def remove_plan(name: Name) -> None:
    """Remove a plan that no key ever had."""
    with _open_plans() as (store, runner):
        runner.run(store.remove(name))
    print(f"{name} is removed.")


@contextmanager
def _open_plans() -> Iterator[tuple[Plans, asyncio.Runner]]:
    from api.access.plans import Plans

    with open_store() as (store, runner):
        yield Plans(store, actor()), runner


def _read_changes(
    points_minute: int | None,
    points_day: int | None,
    burst: int | None,
    at_once: int | None,
    page_most: int | None,
    export_most: int | None,
    formats: str | None,
    trusted_only: bool | None,
) -> dict[str, Any]:
    """Return the values of a plan that the command line gives."""
    values = {
        "points_minute": points_minute,
        "points_day": points_day,
        "burst": burst,
        "at_once": at_once,
        "page_most": page_most,
        "export_most": export_most,
        "formats": _read_formats(formats),
        "trusted_only": trusted_only,
    }
    return {name: value for name, value in values.items() if value is not None}


def _read_formats(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    if text == "-":
        return ()
    return tuple(text.split(","))


def _print_plan(plan: Plan) -> None:
    print(", ".join(f"{name} {format_value(value)}" for name, value in asdict(plan).items()))
