"""The parts of the store that a snapshot leaves out. Only a backup of Postgres contains everything."""

from __future__ import annotations

# In words for operators, with the tables of the store that contain it. A whole schema is named by `past.*`.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "keys": ("access.key",),
    "plans": ("access.plan",),
    "trusted documents": ("access.trusted_document",),
    "the audit": ("access.audit",),
    "uses of deprecated parts": ("access.outdated",),
    "the change log with earlier revisions": ("store.change", "store.edition", "store.edition_change"),
    "versions in time": ("past.*",),
    "reasons of erasures": ("store.erased",),
    "the marks of the store": ("store.identity", "store.earlier_mark"),
    "the secret of entity tags": ("access.secret",),
}
REMEDY = "A backup of Postgres has them (docs/backup.md)."


def describe() -> str:
    """Return a sentence about what is left out, and one about what to do."""
    *first, last = LEFT_OUT
    return f"Not in it: {', '.join(first)} and {last}. {REMEDY}"
