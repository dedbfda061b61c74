"""Trusted documents: GraphQL that the operator registered, named by its SHA-256, for one plan or for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from api.access.keys import ONE_LINE, is_line
from api.errors import Fault, InvalidRequest, NotFound, Unknown
from api.query.parse import listed
from api.store.access import AccessStore, Row

MAX_BYTES = 65536


@dataclass(frozen=True)
class TrustedDocument:
    """A document to trust, in all plans if `plan` is None."""

    version: str
    name: str
    text: str
    plan: str | None = None

    @property
    def hash(self) -> str:
        """The SHA-256 by which clients name the document."""
        return sha256(self.text.encode()).hexdigest()


class TrustedDocuments:
    """The trusted documents of one store. `check` raises if a version's schema does not accept a text."""

    def __init__(self, store: AccessStore, actor: str, check: Callable[[str, str], object]) -> None:
        self._store = store
        self._actor = actor
        self._check = check

    async def all(self) -> list[Row]:
        """Return all documents, without their texts."""
        return await self._store.read("documents")

    async def add(self, document: TrustedDocument) -> bool:
        """Register a document; return True if it is new. InvalidRequest, or the error of `check`, if it is invalid."""
        if not is_line(document.name):
            raise _invalid("name", ONE_LINE)
        if not 0 < len(document.text.encode()) <= MAX_BYTES or "\x00" in document.text:
            raise _invalid("document", f"Expected text of at most {MAX_BYTES:,} bytes.")
        self._check(document.version, document.text)
        if document.plan is not None:
            plans = [row["name"] for row in await self._store.read("plans")]
            if document.plan not in plans:
                detail = f"There is no such plan; there are {listed(plans)}."
                raise _invalid("plan", detail, Unknown(document.plan, plans))
        values = (document.version, document.hash, document.plan, document.name, document.text)
        return bool(await self._store.change(self._actor, "add_document", *values))

    async def remove(self, name_or_hash: str) -> list[Row]:
        """Remove documents by hash or by name, and return them. NotFound, with the nearest, if there are none."""
        removed = await self._store.change(self._actor, "remove_document", name_or_hash)
        if not removed:
            known = set()
            for row in await self.all():
                known |= {row["name"], row["hash"]}
            hint = "The list of documents has their names and hashes."
            raise NotFound("There is no such document.", hint, Unknown(name_or_hash, known))
        return removed


def _invalid(where: str, detail: str, unknown: Unknown | None = None) -> InvalidRequest:
    return InvalidRequest.of([Fault(where, detail, unknown=unknown)])
