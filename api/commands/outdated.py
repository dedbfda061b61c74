"""`briefing outdated`."""

from __future__ import annotations

from api.commands.frame import Json, open_store, show


def outdated(as_json: Json = False) -> None:
    """Show which keys use what is deprecated, the latest use first. A part that is - is the whole version. Uses are
    counted within a minute."""
    with open_store() as (store, runner):
        rows = runner.run(store.read("outdated"))
    uses = [{**row, "part": row["part"] or None} for row in rows]
    show(uses, ("caller", "holder", "version", "part", "uses", "first_used_at", "last_used_at"), as_json)
