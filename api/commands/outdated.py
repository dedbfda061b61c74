"""`briefing outdated`."""

from __future__ import annotations

from api.commands.frame import Json, show, with_store


def outdated(as_json: Json = False) -> None:
    """Show which keys use what is deprecated, the latest use first. A part that is - is the whole version. Uses are
    counted within a minute."""
    rows = with_store(lambda store: store.read("outdated"))
    told = [{**row, "part": row["part"] or None} for row in rows]
    show(told, ("caller", "holder", "version", "part", "uses", "first_used_at", "last_used_at"), as_json)
