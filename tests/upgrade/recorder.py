"""Run `briefing serve`, and write each statement that the process sends to Postgres to the file RECORD_TO.

Each line is a `Sent` as JSON: the first statement of a text in a role, with its arguments. Statements that only open or
close transactions and that set the session are left out: they name nothing of the store.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from asyncpg.connection import Connection

METHODS = ("execute", "fetch", "fetchrow", "fetchval", "prepare", "copy_from_query")
SESSION_ONLY = ("set ", "begin", "commit", "rollback", "reset ")
SET_ROLE = "set role "


@dataclass(frozen=True)
class Sent:
    """A statement, the settings and the role of its session, and its arguments; None if they were not known."""

    settings: dict[str, str]
    role: str
    sql: str
    arguments: list[Any] | None


def encode(value: Any) -> Any:
    """Return an argument as JSON can write it."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, timedelta):
        return {"seconds": str(value.total_seconds())}
    if isinstance(value, list | tuple | set | frozenset):
        return [encode(item) for item in value]
    assert value is None or isinstance(value, bool | int | float | str), f"there is no way to write {value!r}"
    return value


DECODERS: dict[str, Callable[[str], Any]] = {
    "bytes": bytes.fromhex,
    "time": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "seconds": lambda text: timedelta(seconds=float(text)),
}


def decode(value: Any) -> Any:
    """Return the argument that `encode` wrote."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return DECODERS[kind](text)
    return value


class Recorder:
    """Writes the statements of all connections of this process."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._roles: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
        self._seen: set[tuple[str, str]] = set()

    def note(self, connection: Any, sql: str, arguments: Sequence[Any] | None) -> None:
        """Write the statement, unless the same text was written before."""
        settings: dict[str, str] = dict(connection._params.server_settings or {})
        settings.pop("application_name", None)
        first_role: str = settings.pop("role", "")
        role: str = self._roles.get(connection, first_role)
        if sql.startswith(SET_ROLE):
            self._roles[connection] = sql.removeprefix(SET_ROLE)
        if sql.startswith(SESSION_ONLY) or (role, sql) in self._seen:
            return
        self._seen.add((role, sql))
        encoded = None if arguments is None else encode(list(arguments))
        self._file.write(json.dumps(asdict(Sent(settings, role, sql, encoded)), ensure_ascii=False) + "\n")
        self._file.flush()

    def watch(self, name: str) -> None:
        """Note the statements that this method of a connection sends."""
        send = getattr(Connection, name)

        @wraps(send)
        def noting(connection: Any, query: str, *arguments: Any, **options: Any) -> Coroutine[Any, Any, Any]:
            # The arguments of a prepared statement come later.
            self.note(connection, query, None if name == "prepare" and not arguments else arguments)
            result: Coroutine[Any, Any, Any] = send(connection, query, *arguments, **options)
            return result

        setattr(Connection, name, noting)


if __name__ == "__main__":
    recorder = Recorder(Path(os.environ["RECORD_TO"]))
    for method in METHODS:
        recorder.watch(method)

    from api.cli import main

    main()
