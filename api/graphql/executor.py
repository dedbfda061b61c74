"""Answer a GraphQL request. The document and its variables are planned once, then Postgres writes the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import thread_time
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute_sync,
)

from api.access.caller import Caller
from api.catalog import DeprecatedPart, Version
from api.graphql.document import DocumentCache, DocumentRefused, ParsedDocument, is_query
from api.graphql.outdated import outdated
from api.graphql.persisted import PersistedDocuments, hash_of
from api.graphql.problems import noted
from api.graphql.request import GraphQLRequest, read_asked
from api.graphql.scheduler import DocumentScheduler
from api.graphql.schema import core
from api.graphql.selection import read_operation
from api.gzip_prefix import GzipPrefix
from api.memo import Memo
from api.service import Outcome, PreparedQuery, RequestContext, Service

# The price of introspection in points. It is answered without the store, but takes graphql-core 30 ms.
INTROSPECTION = 50
PLANS_MOST = 16 * 1024 * 1024
INTROSPECTED_MOST = 512 * 1024
# The bytes up to which a request is read without a turn. It is also planned without one if its document is known, and
# its planning took no longer than these seconds.
SMALL = 4096
AT_ONCE = 0.005


@dataclass
class Introspection:
    """The part of a request that asks about the schema, and the answer once a caller has paid for it."""

    parsed: DocumentNode
    variables: dict[str, Any]
    answer: bytes | None = None

    def read(self, schema: GraphQLSchema) -> bytes:
        """Return the answer, in JSON. DocumentRefused if graphql-core reports errors."""
        if self.answer is None:
            result = execute_sync(schema, self.parsed, variable_values=self.variables)
            if result.errors:
                raise DocumentRefused(list(result.errors))
            self.answer = orjson.dumps(result.data)
        return self.answer


@dataclass(frozen=True)
class PreparedRequest:
    """A request that can be answered: the query for the store, its response keys in order, the part for graphql-core
    (its introspection), the hash of its document, and the deprecated parts that it uses. If it is `named`, only the
    hash was sent."""

    query: PreparedQuery | None
    keys: tuple[str, ...]
    introspection: Introspection | None
    document: str
    named: bool = False
    outdated: tuple[DeprecatedPart, ...] = ()


@dataclass(slots=True)
class AnswerBody:
    """A response's JSON without its end, which contains the cost and differs each time. If the store answered all of
    it, its compressed form is kept with the store's reply."""

    body: bytes
    outcome: Outcome | None = None
    own: GzipPrefix | None = None

    @property
    def packed(self) -> GzipPrefix | None:
        """The compressed body; None until a client has asked for it."""
        return self.own if self.outcome is None else self.outcome.reply.packed

    @packed.setter
    def packed(self, packed: GzipPrefix | None) -> None:
        if self.outcome is None:
            self.own = packed
        else:
            self.outcome.reply.packed = packed


def from_store(outcome: Outcome) -> AnswerBody:
    """Return the answer to a request that the store answered whole."""
    reply = outcome.reply
    return AnswerBody(b'{"data":%b%b' % (reply.body, _errors(reply.notes)), outcome)


def _errors(notes: Sequence[str] | None) -> bytes:
    return b',"errors":' + orjson.dumps([noted(note) for note in notes]) if notes else b""


class Executor:
    """The GraphQL of one version, with the documents and plans that it remembers, bounded in bytes."""

    def __init__(self, service: Service, version: Version, scheduler: DocumentScheduler) -> None:
        self._service = service
        self._version = version
        self._schema = core(version)
        self._documents = DocumentCache(self._schema)
        # Prepared requests, by their bytes.
        self.plans: Memo[PreparedRequest] = Memo(PLANS_MOST)
        self._suggestions = service.settings.suggestions
        self._turns = scheduler
        self.persisted = PersistedDocuments(service.access_control, version.name)

    async def prepare(self, method: str, sent: bytes, key: bytes, caller: Caller) -> PreparedRequest:
        """Read and plan the request in these bytes, and remember it under `key`. A long one is read in a turn of its
        caller. An error says what is wrong with the request."""
        if len(sent) <= SMALL:
            asked = read_asked(method, sent)
        else:
            async with self._turns.turn(caller):
                asked = read_asked(method, sent)
        whole = await self.persisted.resolve(asked, caller)
        hides = self._suggestions == "none" or (self._suggestions == "keyed" and caller.key_id is None)
        known = self._documents.known(whole.query) if len(key) <= SMALL else None
        if known is not None and known.planning.most <= AT_ONCE:
            prepared = self._prepare(whole, hides, caller)
        else:
            async with self._turns.turn(caller):
                prepared = self._prepare(whole, hides, caller)
        if not asked.query:
            prepared = replace(prepared, named=True)
        self.persisted.remember(asked)
        self.plans.put(key, prepared, _weight(prepared, key))
        return prepared

    async def introspect(self, prepared: PreparedRequest, context: RequestContext) -> AnswerBody:
        """Answer a request of which graphql-core answers a part or all, or that asks for nothing."""
        asked = prepared.introspection
        if prepared.query is None:
            # If `@skip` and `@include` leave nothing of it, it asks for nothing at all.
            await self._charge(context, 1 if asked is None else INTROSPECTION)
            found = b"{}" if asked is None else await self._introspected(asked, context)
            return AnswerBody(b'{"data":%b' % found)
        assert asked is not None
        reply = (await self._service.execute(prepared.query, context)).reply
        both = orjson.loads(reply.body) | orjson.loads(await self._introspected(asked, context))
        return AnswerBody(
            b'{"data":%b%b' % (orjson.dumps({key: both[key] for key in prepared.keys}), _errors(reply.notes))
        )

    async def _charge(self, context: RequestContext, price: int) -> None:
        """Charge the price of a request that is answered without the store."""
        assert context.caller is not None
        context.price = price
        context.charge = charge = await self._service.access_control.begin(context.caller, price, price, context.paid)
        if charge.refusal is not None:
            raise charge.refusal

    async def _introspected(self, asked: Introspection, context: RequestContext) -> bytes:
        # Only after it was paid for, and in a turn, because it blocks the loop as long as the worst document does.
        if asked.answer is None:
            assert context.caller is not None
            async with self._turns.turn(context.caller):
                return asked.read(self._schema)
        return asked.answer

    def _prepare(self, asked: GraphQLRequest, hides: bool, caller: Caller) -> PreparedRequest:
        document = self._documents.read(asked.query, hides, asked.check_method)
        begun = thread_time()
        try:
            return self._planned(document, asked, hides, caller)
        finally:
            document.planning.note(thread_time() - begun)

    def _planned(self, document: ParsedDocument, asked: GraphQLRequest, hides: bool, caller: Caller) -> PreparedRequest:
        node = document.operation(asked.operation_name)
        if not is_query(node):
            raise DocumentRefused([GraphQLError("Only queries are offered here.", node)])
        try:
            operation = read_operation(self._version, self._schema, document, node, asked.variables, hides)
        except GraphQLError as error:
            raise DocumentRefused([error]) from None
        extra = INTROSPECTION if operation.introspection else 0
        query = self._service.prepare(operation.query, caller, extra) if operation.query else None
        introspection = None
        if operation.introspection:
            parsed = DocumentNode(definitions=(_only(node, operation.introspection), *document.fragments.values()))
            introspection = Introspection(parsed, asked.variables)
        old = outdated(self._schema, document, node, asked.variables) if self._version.deprecates else ()
        if operation.query:
            old += operation.query.outdated
        return PreparedRequest(query, operation.keys, introspection, hash_of(asked.query), outdated=old)


def _only(node: OperationDefinitionNode, fields: tuple[FieldNode, ...]) -> OperationDefinitionNode:
    """Return the operation with these root fields only. They were collected, so `@skip` and `@include` were applied."""
    return OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=node.name,
        variable_definitions=node.variable_definitions,
        directives=(),
        selection_set=SelectionSetNode(selections=fields),
    )


def _weight(prepared: PreparedRequest, key: bytes) -> int:
    weight = 1000 + 2 * len(key)
    if prepared.query:
        statement = prepared.query.statement
        weight += len(statement.sql) + sum(len(repr(one)) for one in statement.arguments)
    if prepared.introspection is not None:
        # The whole schema has 500 KB; most requests ask for less.
        weight += INTROSPECTED_MOST
    return weight
