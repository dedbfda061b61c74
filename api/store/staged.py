"""A record on its way into the store, checked and canonical, and how it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

COLUMNS = ("number", "resource", "id", "name", "keys", "reason", "digest", "record")


@dataclass(frozen=True, slots=True)
class Staged:
    """`name` is what its file calls it; `keys` are the dataset and the keys that its links give, to tell which one
    leads nowhere; `body` is its canonical JSON, empty in a withdrawal that says nothing else."""

    resource: str
    id: str
    name: str
    keys: tuple[str, ...]
    reason: str | None
    body: bytes

    def row(self, number: int) -> bytes:
        """A line for COPY; the number tells where in the file the record stands."""
        name, keys = _escaped(self.name), _escaped("\x1f".join(self.keys))
        reason = "\\N" if self.reason is None else _escaped(self.reason)
        head = f"{number}\t{self.resource}\t{self.id}\t{name}\t{keys}\t{reason}\t{sha256(self.body).hexdigest()}\t"
        return b"%b%b\n" % (head.encode(), self.body.replace(b"\\", b"\\\\"))


def _escaped(text: str) -> str:
    if text.isprintable() and "\\" not in text:
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
