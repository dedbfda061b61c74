"""`briefing contract`: write the contracts, compare them with the released ones, and release them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.errors import ContractError
from api.exit_codes import ExitCode

if TYPE_CHECKING:
    from api.contracts.breaks import Break

# The number of breaking changes that are listed.
MAX_LISTED = 25

contract = typer.Typer(invoke_without_command=True)


@contract.callback()
def write(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file is not current.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the contracts are.")] = Path("openapi"),
) -> None:
    """Write the contracts of every version: OpenAPI, GraphQL, and the schema of load files.

    Exits with 1 if one would break the clients of a released contract."""
    from api.contracts import contracts
    from api.contracts.release import find_wrong_dates, gate

    context.obj = folder
    if context.invoked_subcommand:
        return
    current = contracts()
    stale = _list_stale(folder, current)
    if check:
        for name in stale:
            print(f"stale: {folder / name}")
    else:
        for name in stale:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(current[name], encoding="utf-8")
        for name in stale:
            print(f"written: {folder / name}")
    broken = gate(folder / "released", current)
    wrong_dates = find_wrong_dates(folder / "released", _list_declared_days())
    if not stale and not broken and not wrong_dates:
        print("All contracts are current, and break none that was released.")
    _print_breaks(broken)
    for sentence in wrong_dates:
        print(f"date: {sentence}.", file=sys.stderr)
    if broken or wrong_dates or (check and stale):
        sys.exit(ExitCode.FOUND)
    sys.exit(ExitCode.OK)


@contract.command("release")
def release(
    context: typer.Context,
    retire: Annotated[
        str, typer.Option(metavar="vN", help="A version that is no longer served, to remove from openapi/released/.")
    ] = "",
    changelog: Annotated[Path, typer.Option(help="The changelog, which gets a line.")] = Path("CHANGELOG.md"),
) -> None:
    """Release the contracts as they are: copy them to openapi/released/, unless they break a released one."""
    from api.contracts import contracts
    from api.contracts.release import find_wrong_dates, gate
    from api.contracts.release import release as release_contracts

    folder: Path = context.obj
    current = contracts()
    stale = _list_stale(folder, current)
    if stale:
        raise ContractError(f"{folder / stale[0]} is not current.", "Run `briefing contract` and read what changed.")
    broken = gate(folder / "released", current, retire)
    if broken:
        _print_breaks(broken)
        sys.exit(ExitCode.FOUND)
    today = datetime.now(UTC).date()
    result = release_contracts(folder / "released", current, changelog, today, retire)
    if result:
        print(f"Released: {result}.")
    else:
        print("Nothing has changed since the last release.")
    for sentence in find_wrong_dates(folder / "released", _list_declared_days()):
        print(f"Left to do: {sentence}.")


def _list_stale(folder: Path, current: Mapping[str, str]) -> list[str]:
    """Return the files that are missing or differ."""
    stale = []
    for name, text in current.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != text.encode():
            stale.append(name)
    return stale


def _list_declared_days() -> dict[str, date | None]:
    """Return the day of its first release that each version declares."""
    from api.catalog import VERSIONS

    return {version.name: version.lifecycle.released for version in VERSIONS.values()}


def _print_breaks(broken: Sequence[Break]) -> None:
    for broken_part in broken[:MAX_LISTED]:
        print(f"breaks: {broken_part}", file=sys.stderr)
    if len(broken) > MAX_LISTED:
        print(f"breaks: and {len(broken) - MAX_LISTED} places more.", file=sys.stderr)
