"""Answers one GraphQL request: the document and its variables are planned once, then Postgres writes the data."""

from __future__ import annotations

from dataclasses import dataclass
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

from api.answer import Plan, Service
from api.catalog import Version
from api.graphql.document import Document, Documents, Refused, is_query
from api.graphql.problems import noted
from api.graphql.schema import core
from api.graphql.selection import Operation, read_operation
from api.http.facts import Facts, answered
from api.memo import Memo

PLANS_MOST = 16 * 1024 * 1024


@dataclass(frozen=True)
class Asked:
    """A request as GraphQL over HTTP gives it."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A request that may be answered: its plan, and what graphql-core answers of it (its introspection)."""

    plan: Plan | None
    keys: tuple[str, ...]
    schema_data: dict[str, Any] | None
    mutates: bool = False


class Executor:
    """One version's GraphQL. Remembers documents and plans; what it remembers is bounded in bytes."""

    def __init__(self, service: Service, version: Version) -> None:
        self._service = service
        self._version = version
        self._schema = core(version)
        self._documents = Documents(self._schema)
        self._plans: Memo[Prepared] = Memo(PLANS_MOST)

    def prepare(self, asked: Asked, key: bytes) -> Prepared:
        """What is to be done for a request, whose bytes are `key`. Raises what is wrong with it."""
        prepared = self._plans.get(key)
        if prepared is None:
            prepared = self._prepare(asked)
            self._plans.put(key, prepared, _weight(prepared, key))
        return prepared

    def known(self, key: bytes) -> Prepared | None:
        """What was prepared for the same bytes before."""
        return self._plans.get(key)

    async def answer(self, prepared: Prepared, facts: Facts) -> bytes:
        """The response's JSON."""
        reply = await answered(self._service, prepared.plan, facts) if prepared.plan else None
        data = reply.body if reply else b"{}"
        if prepared.schema_data is not None:
            found = {**orjson.loads(data), **prepared.schema_data}
            data = orjson.dumps({key: found[key] for key in prepared.keys})
        errors = b""
        if reply and reply.notes:
            errors = b',"errors":' + orjson.dumps([noted(one) for one in reply.notes])
        price = prepared.plan.price if prepared.plan else 1
        return b'{"data":%b%b,"extensions":{"cost":{"requested":%d}}}' % (data, errors, price)

    def _prepare(self, asked: Asked) -> Prepared:
        document = self._documents.read(asked.query)
        node = document.operation(asked.operation_name)
        if not is_query(node):
            raise Refused([GraphQLError("Only queries are offered here.", node)])
        try:
            operation = read_operation(self._version, self._schema, document, node, asked.variables)
        except GraphQLError as error:
            raise Refused([error]) from None
        plan = self._service.plan(operation.query) if operation.query else None
        return Prepared(plan, operation.keys, self._introspected(document, node, operation, asked.variables))

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
    if prepared.plan:
        statement = prepared.plan.statement
        weight += len(statement.sql) + sum(len(repr(one)) for one in statement.arguments)
    if prepared.schema_data is not None:
        weight += 10 * len(orjson.dumps(prepared.schema_data))
    return weight
