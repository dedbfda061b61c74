"""`briefing keys`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Annotated, Any, TypeVar

import typer

from api.commands.frame import Json, Result, actor, show, shown, with_store
from api.errors import InvalidRequest
from api.settings import read_settings

Told = TypeVar("Told")

keys = typer.Typer(help="API keys: create, list, rotate and revoke them.", no_args_is_help=True)
Expires = Annotated[str | None, typer.Option(metavar="90d|2027-01-01", help="When the key expires. By default never.")]


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Who gets the key, and for what, in one line.")],
    plan: Annotated[str, typer.Option(help="The plan of the key; `briefing plans list` shows the plans.")],
    expires: Expires = None,
    scope: Annotated[list[str] | None, typer.Option(help="read (the default) or admin; may be given twice.")] = None,
) -> None:
    """Create a key, and print it. It cannot be shown again."""
    wanted = import_module("api.access.keys").NewKey(name, plan, tuple(scope or ["read"]), _expiry(expires))
    _print_made(_with_keys(lambda held: held.create(wanted)))


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """List keys, the newest first."""
    rows = _with_keys(_all_keys)
    show(rows, ("id", "name", "ending", "plan", "scopes", "state", "expires_at", "last_used_at"), as_json)


@keys.command("rotate")
def rotate_key(
    key: Annotated[str, typer.Argument(metavar="ID", help="The id of the key, as `list` shows it.")],
    overlap: Annotated[str, typer.Option(metavar="24h", help="How long the old key still works.")] = "24h",
    expires: Expires = None,
) -> None:
    """Replace a key by a new one, and print it. It cannot be shown again."""
    time = _read("overlap", import_module("api.access.lifetime").read_duration, overlap)
    made = _with_keys(lambda held: held.rotate(key, time, _expiry(expires)))
    _print_made(made)
    print(f"{key} works for another {overlap}.", file=sys.stderr)


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(metavar="ID", help="The id of the key, as `list` shows it.")],
    reason: Annotated[str | None, typer.Option(help="The reason, in one line. The holder of the key sees it.")] = None,
) -> None:
    """Revoke a key. It stops working everywhere within a second."""
    row = _with_keys(lambda held: held.revoke(key, reason))
    print(f"{row['id']} ({row['name']}) is revoked since {shown(row['revoked_at'])}.")


def _with_keys(work: Callable[[Any], Awaitable[Result]]) -> Result:
    kind, environment = import_module("api.access.keys").Keys, read_settings().key_environment
    return with_store(lambda store: work(kind(store, environment, actor())))


async def _all_keys(held: Any) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    while page := await held.page(1000, rows[-1]["id"] if rows else None):
        rows += page
    return rows


def _expiry(text: str | None) -> Any:
    return _read("expires", import_module("api.access.lifetime").read_expiry, text) if text is not None else None


def _read(name: str, reader: Callable[[str], Told], text: str) -> Told:
    try:
        return reader(text)
    except ValueError as error:
        raise InvalidRequest(f"--{name}: {error}") from None


def _print_made(made: Any) -> None:
    """Print the key alone on standard output, so that it can be redirected to a file, and the rest on stderr."""
    row = made.row
    until = f", until {shown(row['expires_at'])}" if row["expires_at"] else ""
    print(f"{row['id']}: {row['name']}, plan {row['plan']}, {shown(row['scopes'])}{until}.", file=sys.stderr)
    print("The key is shown this once; keep it where you keep secrets.", file=sys.stderr)
    print(made.secret.text)
