"""Documents that are named by their SHA-256: those that the operator trusts, and those that clients sent before.

A client may send `extensions.persistedQuery.sha256Hash` in place of a document (automatic persisted queries, as
Apollo's clients do). If the hash is not known, the answer is `PersistedQueryNotFound`, and the client sends both. The
service computes the hash of each document that it remembers, so that no client can give a hash the text of another
document. A plan may accept trusted documents only.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from graphql import GraphQLError

from api.access.access_control import AccessControl
from api.access.caller import Caller
from api.cache import SizedCache
from api.errors import Forbidden
from api.graphql.document import DocumentRefused
from api.graphql.request import GraphQLRequest

MAX_REMEMBERED = 4 * 1024 * 1024


class UnknownDocument(DocumentRefused):
    """No document with this hash is known. The message is the one that clients look for."""

    code = "persisted_query_not_found"
    status = 400

    def __init__(self) -> None:
        super().__init__([GraphQLError("PersistedQueryNotFound")])


class PersistedDocuments:
    """The documents of one version that are named by a hash, as one process knows them."""

    def __init__(self, access_control: AccessControl, version: str) -> None:
        self._access_control = access_control
        self._version = version
        self._sent: SizedCache[str] = SizedCache(MAX_REMEMBERED)

    async def resolve(self, request: GraphQLRequest, caller: Caller) -> GraphQLRequest:
        """Return the request with its document. UnknownDocument if no document with its hash is known, DocumentRefused
        if the hash is that of another document, Forbidden as in `check`."""
        if request.query:
            document_hash = hash_of(request.query)
            if request.hash and document_hash != request.hash:
                raise DocumentRefused([GraphQLError("provided sha does not match query")])
            await self.check(document_hash, False, caller)
            return request
        await self.check(request.hash, True, caller)
        text = self._sent.get(request.hash)
        if not text:
            text = await self._find_trusted(request.hash, caller)
        if text is None:
            raise UnknownDocument()
        return replace(request, query=text)

    def remember(self, request: GraphQLRequest) -> None:
        """Keep a document that was sent with its hash, and that turned out to be valid."""
        if request.hash and request.query and self._sent.get(request.hash) is None:
            self._sent.put(request.hash, request.query, 300 + 4 * len(request.query))

    async def check(self, document_hash: str, named: bool, caller: Caller) -> None:
        """Check that this caller may use the document with this hash. If it is `named`, only the hash was sent.
        Forbidden if the plan accepts trusted documents only, and this is not one. UnknownDocument if no client sent it,
        and it is not one that the plan may use. A request that was prepared for one caller is checked for the next."""
        plan = caller.plan
        if not plan.trusted_only and (not named or self._sent.get(document_hash) is not None):
            return
        if await self._find_trusted(document_hash, caller) is not None:
            return
        if not plan.trusted_only:
            raise UnknownDocument()
        raise Forbidden(
            f"The plan {plan.name} takes registered documents only, and this is none.",
            hint="Ask who runs the service to register it.",
        )

    async def _find_trusted(self, document_hash: str, caller: Caller) -> str | None:
        """Return the trusted document with this hash; None if there is none, which costs the caller a try."""
        caller_cache = self._access_control.caller_cache
        plan = caller.plan.name
        if caller_cache.knows_document(self._version, document_hash, plan):
            return await caller_cache.document(self._version, document_hash, plan)
        attempt = await self._access_control.attempt(f"documents:{caller.identity}")
        used = 0
        try:
            text = await caller_cache.document(self._version, document_hash, plan)
            if text is None:
                used = 1
        finally:
            await attempt.settle(used)
        return text


def hash_of(text: str) -> str:
    """Return the hash that names a document: the SHA-256 of its text, in hexadecimal."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
