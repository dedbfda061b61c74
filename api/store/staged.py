"""A checked, canonical record that is being loaded, and its line for COPY."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

COLUMNS = ("number", "resource", "id", "name", "keys", "reason", "digest", "record", "sort_key", "key_forms", "doubts")
# The null of COPY.
NULL = "\\N"


@dataclass(frozen=True, slots=True)
class KeyForm:
    """An id that a record would have if its key were written in another form. If the store has it, the record keeps it.

    `id` is the id of the key in NFC, and `stored_id` that of the other form. If the store has several of them, the one
    with the least `rank` counts. Without a `stored_id`, the form only notes that the record contains the id."""

    id: str
    stored_id: str = ""
    rank: int = 0

    def __str__(self) -> str:
        return f"{self.id}:{self.stored_id}:{self.rank}"


@dataclass(frozen=True, slots=True)
class Staged:
    """A record that is sent to the store, or its withdrawal for a `reason`.

    name       its key in the file or, without one, its id
    keys       the dataset and the keys in its links, to name the link that leads nowhere
    body       its canonical JSON; empty in a withdrawal that contains nothing else
    sort_key   the sort key of its name
    key_forms  other ids of the record and of its links, if their keys have letters beyond ASCII
    doubts     the faults of the record, as JSON; with them it is accepted only if the store already has it so
    """

    resource: str
    id: str
    name: str
    keys: tuple[str, ...]
    reason: str | None
    body: bytes
    sort_key: bytes | None = None
    key_forms: tuple[KeyForm, ...] = ()
    doubts: str | None = None

    def row(self, number: int) -> bytes:
        """Return the line for COPY. The number is the position of the record in the file."""
        name = _escape(self.name)
        keys = _escape("\x1f".join(self.keys))
        reason = _escape_or_null(self.reason)
        digest = sha256(self.body).hexdigest()
        head = f"{number}\t{self.resource}\t{self.id}\t{name}\t{keys}\t{reason}\t{digest}\t"
        sort_key = NULL
        if self.sort_key is not None:
            sort_key = f"\\\\x{self.sort_key.hex()}"
        key_forms = " ".join(map(str, self.key_forms))
        doubts = _escape_or_null(self.doubts)
        tail = f"\t{sort_key}\t{key_forms}\t{doubts}\n"
        return b"%b%b%b" % (head.encode(), self.body.replace(b"\\", b"\\\\"), tail.encode())


def _escape_or_null(text: str | None) -> str:
    return NULL if text is None else _escape(text)


def _escape(text: str) -> str:
    if text.isprintable() and "\\" not in text:
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
