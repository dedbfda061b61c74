"""Documents that are named by their SHA-256: those that an operator trusts, and those that clients sent before.

A client may send `extensions.persistedQuery.sha256Hash` in place of a document (automatic persisted queries, as
Apollo's clients do). Where nobody knows it the answer is `PersistedQueryNotFound`, and the client sends both. What is
remembered was hashed here, so that no hash can be given another's text. A plan may take trusted documents only.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from graphql import GraphQLError

from api.access.caller import Caller
from api.access.directory import Directory
from api.errors import Forbidden
from api.graphql.document import Refused
from api.graphql.request import Asked
from api.memo import Memo

REMEMBERED_MOST = 4 * 1024 * 1024


class NotKnown(Refused):
    """No document has this hash; the message is the one that clients look for."""

    code = "persisted_query_not_found"

    def __init__(self) -> None:
        super().__init__([GraphQLError("PersistedQueryNotFound")])


class Persisted:
    """The documents of one version that are named by a hash, as one process knows them."""

    def __init__(self, directory: Directory, version: str) -> None:
        self._directory = directory
        self._version = version
        self._sent: Memo[str] = Memo(REMEMBERED_MOST)

    async def resolve(self, asked: Asked, caller: Caller) -> Asked:
        """The request with its document. NotKnown where its hash tells nothing, Refused where it is another's."""
        if not asked.hash:
            return asked
        if asked.query:
            if hash_of(asked.query) != asked.hash:
                raise Refused([GraphQLError("provided sha does not match query")])
            return asked
        text = self._sent.get(asked.hash)
        if text is None:
            text = await self._directory.document(self._version, asked.hash, caller.plan.name)
        if text is None:
            raise NotKnown()
        return replace(asked, query=text)

    def remember(self, asked: Asked) -> None:
        """Keep a document that was sent with its hash, and that turned out to be valid."""
        if asked.hash and self._sent.get(asked.hash) is None:
            self._sent.put(asked.hash, asked.query, 300 + 4 * len(asked.query))

    async def check(self, document: str, caller: Caller) -> None:
        """Forbidden where the caller's plan takes trusted documents only, and the one with this hash is none."""
        plan = caller.plan
        if plan.trusted_only and await self._directory.document(self._version, document, plan.name) is None:
            raise Forbidden(
                f"The plan {plan.name} takes registered documents only, and this is none.",
                hint="Ask who runs the service to register it (briefing documents add).",
            )


def hash_of(text: str) -> str:
    """What a document is named by: the SHA-256 of its text, in hexadecimal."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
