"""Answer a GraphQL request. The document and its variables are planned once, then Postgres writes the data."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
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
from api.cache import SizedCache
from api.catalog import DeprecatedPart, Version, newest_with_history
from api.errors import EditionPending
from api.graphql.document import DocumentCache, DocumentRefused, ParsedDocument, is_query
from api.graphql.outdated import outdated
from api.graphql.persisted import PersistedDocuments, hash_of
from api.graphql.problems import error_of_note
from api.graphql.request import GraphQLRequest, read_request
from api.graphql.scheduler import DocumentScheduler
from api.graphql.schema import core
from api.graphql.selection import read_operation
from api.gzip_prefix import GzipPrefix
from api.query import EditionFinder
from api.service import Outcome, PreparedQuery, RequestContext, Service

# The price of introspection in points. It is answered without the store, but takes graphql-core 30 ms.
INTROSPECTION = 50
MAX_PLANS = 16 * 1024 * 1024
MAX_INTROSPECTED = 512 * 1024
# The bytes up to which a request is read without a turn.
SMALL = 4096
# The seconds of planning up to which a small request with a known document is planned without a turn.
QUICKLY_PLANNED = 0.005


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
    hash was sent. `dated` is the number of dated editions that were known then."""

    query: PreparedQuery | None
    keys: tuple[str, ...]
    introspection: Introspection | None
    document_hash: str
    named: bool = False
    outdated: tuple[DeprecatedPart, ...] = ()
    dated: int = 0


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
        if self.outcome is None:
            return self.own
        return self.outcome.reply.packed

    @packed.setter
    def packed(self, packed: GzipPrefix | None) -> None:
        if self.outcome is None:
            self.own = packed
        else:
            self.outcome.reply.packed = packed


def from_store(outcome: Outcome) -> AnswerBody:
    """Return the answer to a request that the store answered whole."""
    reply = outcome.reply
    return AnswerBody(b'{"data":%b%b' % (reply.body, _errors_member(reply.notes)), outcome)


def _errors_member(notes: Sequence[str] | None) -> bytes:
    if not notes:
        return b""
    return b',"errors":' + orjson.dumps([error_of_note(note) for note in notes])


def _describe_history(version: Version) -> dict[str, str]:
    """Return the remedy for `knownAt` in a version that has no such argument: the version that has it."""
    other = newest_with_history()
    if version.history or other is None:
        return {}
    hint = f"Version {other.name[1:]} has knownAt, the state of an earlier time: /{other.name}/graphql."
    return {"Unknown argument 'knownAt'": hint}


class Executor:
    """The GraphQL of one version, with the documents and plans that it remembers, bounded in bytes."""

    def __init__(self, service: Service, version: Version, scheduler: DocumentScheduler) -> None:
        self._service = service
        self._version = version
        self._schema = core(version)
        self._documents = DocumentCache(self._schema, _describe_history(version))
        # Prepared requests, by their bytes.
        self.prepared_requests: SizedCache[PreparedRequest] = SizedCache(MAX_PLANS)
        self._suggestions = service.settings.suggestions
        self._scheduler = scheduler
        self.persisted = PersistedDocuments(service.access_control, version.name)

    async def prepare(self, method: str, sent: bytes, key: bytes, caller: Caller) -> PreparedRequest:
        """Read and plan the request in these bytes, and remember it under `key`. A long one is read in a turn of its
        caller. An error says what is wrong with the request."""
        if len(sent) <= SMALL:
            request = read_request(method, sent)
        else:
            async with self._scheduler.turn(caller):
                request = read_request(method, sent)
        resolved = await self.persisted.resolve(request, caller)
        known = None
        if len(key) <= SMALL:
            known = self._documents.known(resolved.query)
        at_once = known is not None and known.planning.longest_seconds <= QUICKLY_PLANNED
        prepared = await self._prepare_as_of(resolved, caller, at_once=at_once)
        if not request.query:
            prepared = replace(prepared, named=True)
        self.persisted.remember(request)
        if prepared.query is None or prepared.query.statement.final:
            self.prepared_requests.put(key, prepared, _weight(prepared, key))
        return prepared

    async def introspect(self, prepared: PreparedRequest, context: RequestContext) -> AnswerBody:
        """Answer a request of which graphql-core answers a part or all, or that asks for nothing."""
        introspection = prepared.introspection
        if prepared.query is None:
            if introspection is None:
                # `@skip` and `@include` leave nothing of the request.
                await self._charge(context, 1)
                return AnswerBody(b'{"data":{}')
            await self._charge(context, INTROSPECTION)
            return AnswerBody(b'{"data":%b' % await self._introspect(introspection, context))
        assert introspection is not None
        outcome = await self._service.execute(prepared.query, context)
        reply = outcome.reply
        members = orjson.loads(reply.body)
        members |= orjson.loads(await self._introspect(introspection, context))
        data = orjson.dumps({key: members[key] for key in prepared.keys})
        return AnswerBody(b'{"data":%b%b' % (data, _errors_member(reply.notes)))

    async def _charge(self, context: RequestContext, price: int) -> None:
        """Charge the price of a request that is answered without the store."""
        assert context.caller is not None
        context.price = price
        charge = await self._service.access_control.begin(context.caller, price, price, context.paid)
        context.charge = charge
        if charge.refusal is not None:
            raise charge.refusal

    async def _introspect(self, introspection: Introspection, context: RequestContext) -> bytes:
        # Only after it was paid for, and in a turn, because it blocks the loop as long as the worst document does.
        if introspection.answer is None:
            assert context.caller is not None
            async with self._scheduler.turn(context.caller):
                return introspection.read(self._schema)
        return introspection.answer

    async def _prepare_as_of(self, request: GraphQLRequest, caller: Caller, *, at_once: bool) -> PreparedRequest:
        """Plan a request, in a turn of its caller unless it takes so little time that it can be done `at_once`. A
        request that waits for an edition has no turn meanwhile."""

        def read(finder: EditionFinder) -> PreparedRequest:
            return self._prepare(request, caller, finder)

        if at_once:
            return await self._service.with_editions(read)
        async with self._scheduler.turn(caller):
            with suppress(EditionPending):
                return read(EditionFinder(self._service.changes.timeline))
        return await self._service.with_editions(read)

    def _prepare(self, request: GraphQLRequest, caller: Caller, finder: EditionFinder) -> PreparedRequest:
        hide_suggestions = self._suggestions == "none" or (self._suggestions == "keyed" and caller.key_id is None)
        document = self._documents.read(request.query, hide_suggestions, request.check_method)
        begun = thread_time()
        try:
            return self._plan(document, request, hide_suggestions, caller, finder)
        finally:
            document.planning.note(thread_time() - begun)

    def _plan(
        self,
        document: ParsedDocument,
        request: GraphQLRequest,
        hide_suggestions: bool,
        caller: Caller,
        finder: EditionFinder,
    ) -> PreparedRequest:
        node = document.operation(request.operation_name)
        if not is_query(node):
            raise DocumentRefused([GraphQLError("Only queries are offered here.", node)])
        try:
            operation = read_operation(
                self._version, self._schema, document, node, request.variables, hide_suggestions, finder
            )
        except GraphQLError as error:
            raise DocumentRefused([error]) from None
        query = None
        if operation.query is not None:
            extra_points = INTROSPECTION if operation.introspection else 0
            query = self._service.prepare(operation.query, caller, extra_points)
        introspection = None
        if operation.introspection:
            root = _with_root_fields(node, operation.introspection)
            parsed = DocumentNode(definitions=(root, *document.fragments.values()))
            introspection = Introspection(parsed, request.variables)
        deprecated_parts: tuple[DeprecatedPart, ...] = ()
        if self._version.deprecates:
            deprecated_parts = outdated(self._schema, document, node, request.variables)
        if operation.query is not None:
            deprecated_parts += operation.query.outdated
        return PreparedRequest(
            query,
            operation.keys,
            introspection,
            hash_of(request.query),
            outdated=deprecated_parts,
            dated=finder.timeline.dated,
        )


def _with_root_fields(node: OperationDefinitionNode, fields: tuple[FieldNode, ...]) -> OperationDefinitionNode:
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
        weight += len(statement.sql) + sum(len(repr(argument)) for argument in statement.arguments)
    if prepared.introspection is not None:
        # The whole schema has 500 KB; most requests ask for less.
        weight += MAX_INTROSPECTED
    return weight
