"""A record on its way into the store, checked and canonical, and how it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

COLUMNS = ("number", "resource", "id", "name", "keys", "reason", "digest", "record", "sort_key", "forms", "doubts")


@dataclass(frozen=True, slots=True)
class KeyForm:
    """An id that a record would have if its key were written otherwise. If the store has it, the record keeps it.

    `id` is that of the key in NFC, `other` that of the other form. Of several others the one with the least `rank`
    counts; without `other`, the form only says that the record contains the id."""

    id: str
    other: str = ""
    rank: int = 0

    def __str__(self) -> str:
        return f"{self.id}:{self.other}:{self.rank}"


@dataclass(frozen=True, slots=True)
class Staged:
    """`name` is what its file calls it; `keys` are the dataset and the keys that its links give, to tell which one
    leads nowhere; `body` is its canonical JSON, empty in a withdrawal that says nothing else. `sort_key` is that of its
    name; `forms` are other ids of the record and of its links, if their keys have letters beyond ASCII. `doubts` are
    the faults, as JSON, of a record that only a store that has it already may keep."""

    resource: str
    id: str
    name: str
    keys: tuple[str, ...]
    reason: str | None
    body: bytes
    sort_key: bytes | None = None
    forms: tuple[KeyForm, ...] = ()
    doubts: str | None = None

    def row(self, number: int) -> bytes:
        """A line for COPY; the number tells where in the file the record stands."""
        name, keys = _escaped(self.name), _escaped("\x1f".join(self.keys))
        reason = "\\N" if self.reason is None else _escaped(self.reason)
        head = f"{number}\t{self.resource}\t{self.id}\t{name}\t{keys}\t{reason}\t{sha256(self.body).hexdigest()}\t"
        sort_key = "\\N" if self.sort_key is None else f"\\\\x{self.sort_key.hex()}"
        doubts = "\\N" if self.doubts is None else _escaped(self.doubts)
        tail = f"\t{sort_key}\t{' '.join(map(str, self.forms))}\t{doubts}\n"
        return b"%b%b%b" % (head.encode(), self.body.replace(b"\\", b"\\\\"), tail.encode())


def _escaped(text: str) -> str:
    if text.isprintable() and "\\" not in text:
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
