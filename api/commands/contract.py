"""`briefing contract`: write the contracts, compare them with the released ones, and release them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from api.errors import ContractError

# The number of breaking changes that are listed.
TOLD = 25

contract = typer.Typer(invoke_without_command=True)


@contract.callback()
def write(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file is not current.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the contracts are.")] = Path("openapi"),
) -> None:
    """Write the contracts of every version: OpenAPI, GraphQL, and the schema of load files.

    Exits with 1 where one would break whoever holds the one that was released."""
    context.obj = folder
    if context.invoked_subcommand:
        return
    current = import_module("api.contracts").contracts()
    stale = _stale(folder, current)
    for name in () if check else stale:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(current[name], encoding="utf-8")
    for name in stale:
        print(f"{'stale' if check else 'written'}: {folder / name}")
    releases = import_module("api.contracts.release")
    broken, misdated = releases.gate(folder / "released", current), releases.misdated(folder / "released", _told())
    if not stale and not broken and not misdated:
        print("All contracts are current, and break none that was released.")
    _tell(broken)
    for one in misdated:
        print(f"date: {one}.", file=sys.stderr)
    sys.exit(1 if broken or misdated or (check and stale) else 0)


@contract.command("release")
def release(
    context: typer.Context,
    retire: Annotated[
        str, typer.Option(metavar="vN", help="A version that is no longer served, to remove from openapi/released/.")
    ] = "",
    changelog: Annotated[Path, typer.Option(help="The changelog, which gets a line.")] = Path("CHANGELOG.md"),
) -> None:
    """Release the contracts as they are: copy them to openapi/released/, unless they break a released one."""
    folder = context.obj
    current = import_module("api.contracts").contracts()
    if stale := _stale(folder, current):
        raise ContractError(f"{folder / stale[0]} is not current.", "Run `briefing contract` and read what changed.")
    releases = import_module("api.contracts.release")
    if broken := releases.gate(folder / "released", current, retire):
        _tell(broken)
        sys.exit(1)
    done = releases.release(folder / "released", current, changelog, datetime.now(UTC).date(), retire)
    print(f"Released: {done}." if done else "Nothing has changed since the last release.")
    for one in releases.misdated(folder / "released", _told()):
        print(f"What is left to do: {one}.")


def _stale(folder: Path, current: Mapping[str, str]) -> list[str]:
    """Return the files that are missing or differ."""
    there = {name: folder / name for name in current}
    return [name for name, path in there.items() if not path.is_file() or path.read_bytes() != current[name].encode()]


def _told() -> dict[str, date | None]:
    """Return the day of its first release that each version declares."""
    versions = import_module("api.catalog").VERSIONS.values()
    return {one.name: one.lifecycle.released for one in versions}


def _tell(broken: Sequence[Any]) -> None:
    for one in broken[:TOLD]:
        print(f"breaks: {one}", file=sys.stderr)
    if len(broken) > TOLD:
        print(f"breaks: and {len(broken) - TOLD} places more.", file=sys.stderr)
