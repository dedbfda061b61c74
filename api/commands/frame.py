"""Parts that the commands share: the store that they work on, the actor in the audit log, and the output of rows."""

from __future__ import annotations

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from importlib import import_module
from typing import Annotated, Any, TypeVar

import typer

from api.settings import read_settings

Result = TypeVar("Result")
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def with_store(work: Callable[[Any], Awaitable[Result]]) -> Result:
    """Run the work on the store of the settings, and return its result."""
    with import_module("api.store.address").address(read_settings()) as url:
        store = import_module("api.store.access").AccessStore(url)

        async def run() -> Result:
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(run())


def actor() -> str:
    """Return the actor for the audit log."""
    try:
        return f"command line: {getpass.getuser()}"
    except (OSError, KeyError):  # An account without a name, as in some containers.
        return "command line"


def show(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...], as_json: bool) -> None:
    """Print rows as a table, or as JSON."""
    if as_json:
        for row in rows:
            print(import_module("orjson").dumps(dict(row)).decode())
        return
    # A pipe has no width, so nothing is cut.
    console = import_module("rich.console").Console(width=None if sys.stdout.isatty() else 10_000, highlight=False)
    table = import_module("rich.table").Table(*columns, box=None, padding=(0, 2, 0, 0))
    plain = import_module("rich.text").Text
    for row in rows:
        table.add_row(*(plain(shown(row[name])) for name in columns))
    console.print(table)


def shown(value: Any) -> str:
    """Return a value as text for a table."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    if isinstance(value, list | tuple):
        return ",".join(value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(one)}" for name, one in value.items())
    return str(value)
