"""Parts that the commands share: the store that they work on, the actor in the audit log, and the output of rows."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.settings import Settings, read_settings

if TYPE_CHECKING:
    from api.store.access import AccessStore

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def set_up_command() -> Settings:
    """Return the settings, and send the log to standard error: standard output is for the result of the command."""
    from api.logs import configure

    settings = read_settings()
    configure(settings)
    return settings


@contextmanager
def open_store() -> Iterator[tuple[AccessStore, asyncio.Runner]]:
    """Yield the store of the settings, and the runner of the loop that it works on."""
    from api.store.access import AccessStore
    from api.store.address import address
    from api.store.release import refuse_newer_at

    with address(set_up_command()) as url, asyncio.Runner() as runner:
        runner.run(refuse_newer_at(url))
        store = AccessStore(url)
        try:
            yield store, runner
        finally:
            runner.run(store.close())


def actor() -> str:
    """Return the actor for the audit log."""
    try:
        return f"command line: {getpass.getuser()}"
    except (OSError, KeyError):  # An account without a name, as in some containers.
        return "command line"


def show(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        _show_json(rows)
    else:
        _show_table(rows, columns)


def _show_json(rows: Iterable[Mapping[str, Any]]) -> None:
    import orjson

    for row in rows:
        print(orjson.dumps(dict(row)).decode())


def _show_table(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # A pipe has no width, so nothing is cut.
    width = None if sys.stdout.isatty() else 10_000
    console = Console(width=width, highlight=False)
    table = Table(*columns, box=None, padding=(0, 2, 0, 0))
    for row in rows:
        cells = [Text(format_value(row[column])) for column in columns]
        table.add_row(*cells)
    console.print(table)


def format_value(value: object) -> str:
    """Return a value as text for a table."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, list | tuple):
        return ",".join(value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {format_value(member)}" for name, member in value.items())
    return str(value)
