"""Answers one GraphQL request: the document and its variables are planned once, then Postgres writes the data."""

from __future__ import annotations

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
from starlette.types import Scope

from api.access.caller import Caller
from api.access.plan import Plan
from api.answer import Priced, Service
from api.catalog import Outdated, Version
from api.graphql.document import Document, Documents, Refused, is_query
from api.graphql.outdated import outdated
from api.graphql.persisted import Persisted, hash_of
from api.graphql.problems import noted
from api.graphql.request import Asked, read_asked
from api.graphql.schema import core
from api.graphql.selection import read_operation
from api.graphql.turns import Turns
from api.http.facts import answered, charged
from api.memo import Memo
from api.packing import Packed
from api.store.read import Reply

# Points of what a request asks of the schema. It is answered without the store, but takes graphql-core 30 ms.
INTROSPECTION = 50
PLANS_MOST = 16 * 1024 * 1024
INTROSPECTED_MOST = 512 * 1024
# Bytes of a request that is read at once if its document is known, and the seconds that its planning may take then.
SMALL = 4096
AT_ONCE = 0.005


@dataclass
class Introspection:
    """What a request asks of the schema, and the answer once somebody has paid for it."""

    parsed: DocumentNode
    variables: dict[str, Any]
    answer: bytes | None = None

    def read(self, schema: GraphQLSchema) -> bytes:
        """The answer, in JSON. Refused tells why there is none."""
        if self.answer is None:
            result = execute_sync(schema, self.parsed, variable_values=self.variables)
            if result.errors:
                raise Refused(list(result.errors))
            self.answer = orjson.dumps(result.data)
        return self.answer


@dataclass(frozen=True)
class Prepared:
    """A request that may be answered: what it costs and how the store answers it, what graphql-core is to answer of it
    (its introspection), the hash of its document, which is all that was sent where it is `named`, and what is
    deprecated."""

    priced: Priced | None
    keys: tuple[str, ...]
    introspection: Introspection | None
    document: str
    named: bool = False
    outdated: tuple[Outdated, ...] = ()

    @property
    def whole(self) -> Priced | None:
        """What answers all of it, where graphql-core has no part in it: then the statement's mark is the answer's."""
        return self.priced if self.introspection is None else None


@dataclass(slots=True)
class Answer:
    """A response's JSON without its end, which tells the price and is another each time. What the store answered keeps
    the same compressed."""

    body: bytes
    reply: Reply | None = None
    own: Packed | None = None

    @property
    def packed(self) -> Packed | None:
        """The body compressed, once somebody asked for it."""
        return self.own if self.reply is None else self.reply.packed

    @packed.setter
    def packed(self, packed: Packed | None) -> None:
        if self.reply is None:
            self.own = packed
        else:
            self.reply.packed = packed


class Executor:
    """One version's GraphQL. Remembers documents and plans; what it remembers is bounded in bytes."""

    def __init__(self, service: Service, version: Version, turns: Turns) -> None:
        self._service = service
        self._version = version
        self._schema = core(version)
        self._documents = Documents(self._schema)
        self._plans: Memo[Prepared] = Memo(PLANS_MOST)
        self._suggestions = service.settings.suggestions
        self._turns = turns
        self.persisted = Persisted(service.gate, version.name)

    async def prepare(self, scope: Scope, sent: bytes, key: bytes, caller: Caller) -> Prepared:
        """Read and plan the request in these bytes, and remember it under `key`. A long one is read in a turn of its
        caller. An error says what is wrong with the request."""
        if len(sent) <= SMALL:
            asked = read_asked(scope, sent)
        else:
            async with self._turns.turn(caller):
                asked = read_asked(scope, sent)
        whole = await self.persisted.resolve(asked, caller)
        hides = self._suggestions == "none" or (self._suggestions == "keyed" and caller.key_id is None)
        known = self._documents.known(whole.query) if len(key) <= SMALL else None
        if known is not None and known.planning.most <= AT_ONCE:
            prepared = self._prepare(whole, hides, caller.plan)
        else:
            async with self._turns.turn(caller):
                prepared = self._prepare(whole, hides, caller.plan)
        if not asked.query:
            prepared = replace(prepared, named=True)
        self.persisted.remember(asked)
        self._plans.put(key, prepared, _weight(prepared, key))
        return prepared

    def known(self, key: bytes) -> Prepared | None:
        """What was prepared for the same bytes before."""
        return self._plans.get(key)

    async def answer(self, prepared: Prepared, scope: Scope, about: bytes | None = None) -> Answer:
        """Return the JSON of the response without its end, which reports the cost. `about` is as in `answered`."""
        asked = prepared.introspection
        if prepared.priced is None:
            # With nothing left of it by `@skip` and `@include` it asks for nothing at all.
            await charged(self._service, scope, 1 if asked is None else INTROSPECTION)
            found = b"{}" if asked is None else await self._introspected(asked, scope["caller"])
            return Answer(b'{"data":%b' % found)
        reply = await answered(self._service, prepared.priced, scope, about)
        errors = b',"errors":' + orjson.dumps([noted(one) for one in reply.notes]) if reply.notes else b""
        if asked is None:
            return Answer(b'{"data":%b%b' % (reply.body, errors), reply)
        both = orjson.loads(reply.body) | orjson.loads(await self._introspected(asked, scope["caller"]))
        return Answer(b'{"data":%b%b' % (orjson.dumps({key: both[key] for key in prepared.keys}), errors))

    async def _introspected(self, asked: Introspection, caller: Caller) -> bytes:
        # After it was paid for, and in a turn: it holds the loop up as long as the worst document does.
        if asked.answer is None:
            async with self._turns.turn(caller):
                return asked.read(self._schema)
        return asked.answer

    def _prepare(self, asked: Asked, hides: bool, plan: Plan) -> Prepared:
        document = self._documents.read(asked.query, hides, asked.check_method)
        begun = thread_time()
        try:
            return self._planned(document, asked, hides, plan)
        finally:
            document.planning.note(thread_time() - begun)

    def _planned(self, document: Document, asked: Asked, hides: bool, plan: Plan) -> Prepared:
        node = document.operation(asked.operation_name)
        if not is_query(node):
            raise Refused([GraphQLError("Only queries are offered here.", node)])
        try:
            operation = read_operation(self._version, self._schema, document, node, asked.variables, hides)
        except GraphQLError as error:
            raise Refused([error]) from None
        beside = INTROSPECTION if operation.introspection else 0
        priced = self._service.plan(operation.query, plan, beside) if operation.query else None
        introspection = None
        if operation.introspection:
            parsed = DocumentNode(definitions=(_only(node, operation.introspection), *document.fragments.values()))
            introspection = Introspection(parsed, asked.variables)
        old = outdated(self._schema, document, node, asked.variables) if self._version.deprecates else ()
        if operation.query:
            old += operation.query.outdated
        return Prepared(priced, operation.keys, introspection, hash_of(asked.query), outdated=old)


def _only(node: OperationDefinitionNode, fields: tuple[FieldNode, ...]) -> OperationDefinitionNode:
    """The operation with these root fields alone. They were collected, so `@skip` and `@include` have had their say."""
    return OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=node.name,
        variable_definitions=node.variable_definitions,
        directives=(),
        selection_set=SelectionSetNode(selections=fields),
    )


def _weight(prepared: Prepared, key: bytes) -> int:
    weight = 1000 + 2 * len(key)
    if prepared.priced:
        statement = prepared.priced.statement
        weight += len(statement.sql) + sum(len(repr(one)) for one in statement.arguments)
    if prepared.introspection is not None:
        # The whole schema has 500 KB; most requests ask for less.
        weight += INTROSPECTED_MOST
    return weight
