"""`briefing erase`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from api.commands.frame import set_up_command
from api.errors import InvalidRequest
from api.exit_codes import ExitCode

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
        typer.Option(help="The reason, for the audit. It is stored, so it must not contain any of the erased content."),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds to wait for a load, and for readers of deleted rows.")] = 5.0,
) -> None:
    """Erase a record for good: its content, its history and its reasons. Its id cannot be loaded again."""
    from api.ingest.confirmation import can_ask, confirm
    from api.store.address import address
    from api.store.erase import erase as erase_record
    from api.store.erase import find

    with address(set_up_command()) as url:
        record = asyncio.run(find(url, identifier, reason))
        links = "1 record links to it." if record.links == 1 else f"{record.links:,} records link to it."
        if not yes:
            if not can_ask():
                raise InvalidRequest("Nothing was erased: there is no terminal to ask at.", hint="Add --yes.")
            description = f"{record.resource} {record.id}, created on {record.created_at:%Y-%m-%d}"
            if not confirm(f"Erase the {description}? {links} This cannot be undone."):
                print("briefing: Nothing was erased.", file=sys.stderr)
                sys.exit(ExitCode.INTERRUPTED)
        erasure = asyncio.run(erase_record(url, identifier, reason, wait))
    entries = _count(erasure.entries, "entry", "entries")
    rows = _count(erasure.rows, "row", "rows")
    print(f"Erased the {record.resource} {record.id} with change {erasure.change:,}. {links}")
    print(f"Emptied its row and {entries} of the change log. Deleted {rows} of its versions and children.")
    if not erasure.vacuumed:
        print(NOT_VACUUMED.format(why=_explain_sessions(erasure.sessions), tables=", ".join(erasure.tables)))
    print(NOT_REACHED)


def _count(number: int, singular: str, plural: str) -> str:
    """Return a number with its noun."""
    if number == 1:
        return f"1 {singular}"
    return f"{number:,} {plural}"


def _explain_sessions(sessions: int) -> str:
    """Return why rows could not be removed from the files; empty if no session holds them."""
    if not sessions:
        return ""
    who = "1 session still reads" if sessions == 1 else f"{sessions:,} sessions still read"
    return f", because {who} the state of before"
