"""`briefing plans`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from importlib import import_module
from typing import Annotated, Any

import typer

from api.commands.frame import Json, Result, actor, show, shown, with_store
from api.errors import InvalidRequest

plans = typer.Typer(help="Plans: how much keys, and callers without a key, may request.", no_args_is_help=True)


@plans.command("list")
def list_plans(as_json: Json = False) -> None:
    """List plans, and how many keys have each."""
    rows = _with_plans(lambda held: held.all())
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
    changes = _changes(points_minute, points_day, burst, at_once, page_most, export_most, formats, trusted_only)

    async def create(held: Any) -> Any:
        begun = asdict(await held.get(like)) | {"name": name, "open": True} | changes
        return await held.create(import_module("api.access.plan").Plan(**begun))

    _print_plan(_with_plans(create))


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
    changes = _changes(points_minute, points_day, burst, at_once, page_most, export_most, formats, trusted_only)
    if open is not None:
        changes["open"] = open
    if not changes:
        raise InvalidRequest("Nothing is to be changed.", hint="`briefing plans set --help` tells what can be.")
    _print_plan(_with_plans(lambda held: held.change(name, **changes)))


@plans.command("remove")
def remove_plan(name: Name) -> None:
    """Remove a plan that no key ever had."""
    _with_plans(lambda held: held.remove(name))
    print(f"{name} is removed.")


def _with_plans(work: Callable[[Any], Awaitable[Result]]) -> Result:
    kind = import_module("api.access.plans").Plans
    return with_store(lambda store: work(kind(store, actor())))


def _changes(
    points_minute: int | None,
    points_day: int | None,
    burst: int | None,
    at_once: int | None,
    page_most: int | None,
    export_most: int | None,
    formats: str | None,
    trusted_only: bool | None,
) -> dict[str, Any]:
    listed = None if formats is None else () if formats == "-" else tuple(formats.split(","))
    given = {
        "points_minute": points_minute,
        "points_day": points_day,
        "burst": burst,
        "at_once": at_once,
        "page_most": page_most,
        "export_most": export_most,
        "formats": listed,
        "trusted_only": trusted_only,
    }
    return {name: value for name, value in given.items() if value is not None}


def _print_plan(plan: Any) -> None:
    print(", ".join(f"{name} {shown(value)}" for name, value in asdict(plan).items()))
