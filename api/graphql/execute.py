"""Answers one GraphQL request: the document and its variables are planned once, then Postgres writes the data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
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
from api.graphql.request import Asked
from api.graphql.schema import core
from api.graphql.selection import Operation, read_operation
from api.graphql.turns import Turns
from api.http.facts import answered, charged
from api.memo import Memo
from api.packing import Packed
from api.store.read import Reply

# Points of what a request asks of the schema. It is answered without the store, but takes graphql-core 30 ms.
INTROSPECTION = 50
PLANS_MOST = 16 * 1024 * 1024


@dataclass(frozen=True)
class Prepared:
    """A request that may be answered: what it costs and how the store answers it, what graphql-core answers of it (its
    introspection), the hash of its document, which is all that was sent where it is `named`, and what is deprecated."""

    priced: Priced | None
    keys: tuple[str, ...]
    schema_data: dict[str, Any] | None
    document: str
    named: bool = False
    outdated: tuple[Outdated, ...] = ()

    @property
    def whole(self) -> Priced | None:
        """What answers all of it, where graphql-core has no part in it: then the statement's mark is the answer's."""
        return self.priced if self.schema_data is None else None


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

    def __init__(self, service: Service, version: Version) -> None:
        self._service = service
        self._version = version
        self._schema = core(version)
        self._documents = Documents(self._schema)
        self._plans: Memo[Prepared] = Memo(PLANS_MOST)
        self._suggestions = service.settings.suggestions
        self._turns = Turns(service.gate.limits is not None)
        self.persisted = Persisted(service.gate, version.name)

    async def prepare(self, asked: Asked, key: bytes, caller: Caller) -> Prepared:
        """What is to be done for a request, whose bytes are `key`. Raises what is wrong with it."""
        whole = await self.persisted.resolve(asked, caller)
        hides = self._suggestions == "none" or (self._suggestions == "keyed" and caller.key_id is None)
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

    async def answer(self, prepared: Prepared, scope: Scope, *, conditional: bool = False) -> Answer:
        """The response's JSON, but for its end. `conditional`, as `answered` has it."""
        if prepared.priced is None:
            # With nothing left of it by `@skip` and `@include` it asks for nothing at all.
            await charged(self._service, scope, 1 if prepared.schema_data is None else INTROSPECTION)
            return Answer(b'{"data":%b' % orjson.dumps(prepared.schema_data or {}))
        reply = await answered(self._service, prepared.priced, scope, conditional=conditional)
        errors = b',"errors":' + orjson.dumps([noted(one) for one in reply.notes]) if reply.notes else b""
        if prepared.schema_data is None:
            return Answer(b'{"data":%b%b' % (reply.body, errors), reply)
        found = {**orjson.loads(reply.body), **prepared.schema_data}
        return Answer(b'{"data":%b%b' % (orjson.dumps({key: found[key] for key in prepared.keys}), errors))

    def _prepare(self, asked: Asked, hides: bool, plan: Plan) -> Prepared:
        document = self._documents.read(asked.query, hide_suggestions=hides)
        node = document.operation(asked.operation_name)
        if not is_query(node):
            raise Refused([GraphQLError("Only queries are offered here.", node)])
        try:
            operation = read_operation(self._version, self._schema, document, node, asked.variables, hides)
        except GraphQLError as error:
            raise Refused([error]) from None
        beside = INTROSPECTION if operation.introspection else 0
        priced = self._service.plan(operation.query, plan, beside) if operation.query else None
        introspected = self._introspected(document, node, operation, asked.variables)
        old = outdated(self._schema, document, node, asked.variables) if self._version.deprecates else ()
        return Prepared(priced, operation.keys, introspected, hash_of(asked.query), outdated=old)

    def _introspected(
        self, document: Document, node: OperationDefinitionNode, operation: Operation, variables: dict[str, Any]
    ) -> dict[str, Any] | None:
        if not operation.introspection:
            return None
        lone = _only(node, operation.introspection)
        parsed = DocumentNode(definitions=(lone, *document.fragments.values()))
        result = execute_sync(self._schema, parsed, variable_values=variables)
        if result.errors:
            raise Refused(list(result.errors))
        return result.data


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
    if prepared.schema_data is not None:
        weight += 10 * len(orjson.dumps(prepared.schema_data or {}))
    return weight
