"""`briefing keys`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from api.commands.frame import Json, actor, format_value, open_store, show
from api.errors import InvalidRequest
from api.settings import read_settings

if TYPE_CHECKING:
    from api.access.keys import CreatedKey, Expiry, Keys
    from api.store.access import Row

Value = TypeVar("Value")

PAGE = 1000

keys = typer.Typer(help="API keys: create, list, rotate and revoke them.", no_args_is_help=True)
Expires = Annotated[str | None, typer.Option(metavar="90d|2027-01-01", help="When the key expires. By default never.")]


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Who gets the key, and for what, in one line.")],
    plan: Annotated[str, typer.Option(help="The plan of the key; `briefing plans list` shows the plans.")],
    expires: Expires = None,
    scope: Annotated[list[str] | None, typer.Option(help="read (the default) or admin; may be given twice.")] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="https://…", help="An origin whose pages may use the key; may be given several times."),
    ] = None,
) -> None:
    """Create a key, and print it. It cannot be shown again."""
    from api.access.keys import NewKey

    new_key = NewKey(name, plan, tuple(scope or ["read"]), _read_expires(expires), tuple(origin or ()))
    with _open_keys() as (store, runner):
        created = runner.run(store.create(new_key))
    _print_created(created)


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """List keys, the newest first."""
    with _open_keys() as (store, runner):
        rows = runner.run(_read_all(store))
    show(rows, ("id", "name", "ending", "plan", "scopes", "state", "expires_at", "last_used_at"), as_json)


@keys.command("rotate")
def rotate_key(
    key: Annotated[str, typer.Argument(metavar="ID", help="The id of the key, as `list` shows it.")],
    overlap: Annotated[str, typer.Option(metavar="24h", help="How long the old key still works.")] = "24h",
    expires: Expires = None,
) -> None:
    """Replace a key by a new one, and print it. It cannot be shown again."""
    from api.access.lifetime import read_duration

    overlap_time = _read_option("overlap", read_duration, overlap)
    with _open_keys() as (store, runner):
        created = runner.run(store.rotate(key, overlap_time, _read_expires(expires)))
    _print_created(created)
    print(f"{key} works for another {overlap}.", file=sys.stderr)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="ID", help="The id of the key, as `list` shows it.")],
    reason: Annotated[str | None, typer.Option(help="The reason, in one line. The holder of the key sees it.")] = None,
) -> None:
    """Revoke a key. It stops working everywhere within a second."""
    with _open_keys() as (store, runner):
        row = runner.run(store.revoke(key, reason))
    print(f"{row['id']} ({row['name']}) is revoked since {format_value(row['revoked_at'])}.")


@contextmanager
def _open_keys() -> Iterator[tuple[Keys, asyncio.Runner]]:
    from api.access.keys import Keys

    environment = read_settings().key_environment
    with open_store() as (store, runner):
        yield Keys(store, environment, actor()), runner


async def _read_all(store: Keys) -> list[Row]:
    rows: list[Row] = []
    last_id: str | None = None
    while page := await store.page(PAGE, last_id):
        rows += page
        last_id = rows[-1]["id"]
    return rows


def _read_expires(text: str | None) -> Expiry:
    from api.access.lifetime import read_expiry

    if text is None:
        return None
    return _read_option("expires", read_expiry, text)


def _read_option(name: str, read: Callable[[str], Value], text: str) -> Value:
    try:
        return read(text)
    except ValueError as error:
        raise InvalidRequest(f"--{name}: {error}") from None


def _print_created(created: CreatedKey) -> None:
    """Print the key alone on standard output, so that it can be redirected to a file, and the rest on stderr."""
    row = created.row
    description = f"{row['id']}: {row['name']}, plan {row['plan']}, {format_value(row['scopes'])}"
    if row["expires_at"]:
        description += f", until {format_value(row['expires_at'])}"
    print(f"{description}.", file=sys.stderr)
    print("The key is shown this once; keep it where you keep secrets.", file=sys.stderr)
    print(created.secret.text)
