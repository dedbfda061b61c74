"""`briefing erase`."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Annotated

import typer

from api.errors import InvalidRequest
from api.settings import read_settings

NOT_REACHED = """\
Not erased, because it is not in this store. Look at each of these yourself:
- the files that the record was loaded from, other records that mention it, and records that quote it
- exports and snapshots that were taken before, and copies that clients have
- backups, archived WAL, and replicas that are not connected
- logs of this service, of proxies and of Postgres, which may contain searches for it
- the bytes of deleted rows in the files of Postgres, until something else is written there"""
NOT_VACUUMED = """\
Deleted rows are still in the files of Postgres{why}. When that is over, run:
VACUUM (INDEX_CLEANUP ON, ANALYZE) {tables}"""


def erase(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="The id of the record.")],
    reason: Annotated[
        str,
        typer.Option(help="Why, for the audit. It is kept, so it must not contain anything of what is erased."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a load to end.")] = 5.0,
) -> None:
    """Erase a record for good: its content, its history and its reasons. Its id cannot be loaded again."""
    erasing = import_module("api.store.erase")
    consent = import_module("api.ingest.confirmation")
    with import_module("api.store.address").address(read_settings()) as url:
        found = asyncio.run(erasing.find(url, identifier, reason))
        links = "1 record links to it." if found.links == 1 else f"{found.links:,} records link to it."
        question = f"Erase the {found.resource} {found.id}, created on {found.created_at:%Y-%m-%d}? {links}"
        if not yes:
            if not consent.can_ask():
                raise InvalidRequest("Nothing was erased: there is no terminal to ask at.", hint="Add --yes.")
            if not consent.confirm(f"{question} This cannot be undone."):
                raise InvalidRequest("Nothing was erased.")
        done = asyncio.run(erasing.erase(url, identifier, reason, wait))
    entries = "1 entry" if done.entries == 1 else f"{done.entries:,} entries"
    rows = "1 row" if done.rows == 1 else f"{done.rows:,} rows"
    print(f"Erased the {found.resource} {found.id} with change {done.change:,}. {links}")
    print(f"Emptied its row and {entries} of the change log. Deleted {rows} of its versions and children.")
    if not done.vacuumed:
        print(NOT_VACUUMED.format(why=_why(done.sessions), tables=", ".join(done.tables)))
    print(NOT_REACHED)


def _why(sessions: int) -> str:
    return f", because {sessions:,} sessions still read the state of before" if sessions else ""
