"""Exports: whole lists, streamed from Postgres through connections and places of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import orjson

from api.access.access_control import Charge
from api.access.caller import Caller
from api.access.export_places import ExportPlaces
from api.access.plan import Plan
from api.catalog import VERSIONS
from api.compiler import Statement, compile_query
from api.compiler.page import MAX_EXACT
from api.errors import Fault, InvalidRequest, TimedOut, TooExpensive, Unavailable
from api.query import (
    DiffCsvShape,
    DiffQuery,
    DiffShape,
    ExportQuery,
    FieldChanges,
    Item,
    ListQuery,
    Nodes,
    Page,
    Query,
    Total,
    price,
    read_sort,
)
from api.service.context import RequestContext
from api.service.service import Cost, Service, check_edition
from api.store.reader import Reply, edition
from api.store.routed_streams import RoutedStreams
from api.store.sessions import ServerRole
from api.store.stream import Streams
from api.store.ticket import Ticket

# A plan that allows this many records has no limit in practice.
UNLIMITED = 1_000_000_000
PRICE = (
    "An export costs 50 points, and 50 more for each linked record that a record can have (include). Pages of the list "
    "cost about one point a record."
)

Take = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True)
class Export:
    """An export that was paid for: the statement that writes its lines, its price in points, and the points that it
    took to count the records. A HEAD or a refusal costs the latter only."""

    statement: Statement
    charge: Charge
    points: int
    counting: int = 0

    async def settle(self) -> None:
        """Charge the whole price, unless less was settled before."""
        await self.charge.settle(self.points)

    async def settle_count(self) -> None:
        """Charge what counting took, because nothing is sent."""
        await self.charge.settle(self.counting)


class Exports:
    """The exports of the service."""

    def __init__(self, service: Service, url: str) -> None:
        settings = service.settings
        self.settings = settings
        self.service = service
        replicas = service.replicas
        role = ServerRole.ALONE if replicas is None else ServerRole.PRIMARY
        self.streams = Streams(settings.database_url or url, settings, role)
        self._routed: RoutedStreams | None = None
        if replicas is not None:
            self._routed = RoutedStreams(self.streams, replicas, service.changes, settings)
        self.places = ExportPlaces(settings.export_connections, settings.export_wait)
        # An export shows the state of its beginning, so it may contain what was erased since.
        service.changes.on_erasure(partial(self.places.cut_running, "erasure"))

    async def begin(self, query: Query, context: RequestContext, is_sent: bool = True) -> Export:
        """Charge an export to the caller. TooExpensive if it costs more than one request may, or is longer than the
        caller's plan allows; RateLimited if the caller has too few points left; InvalidRequest if the edition that the
        request asks for is not there yet; Unavailable if the store does not answer. An export that is not sent (HEAD)
        costs what counting took."""
        assert isinstance(query.root, ExportQuery) and context.caller is not None
        access_control = self.service.access_control
        points = price(query)
        self._check_price(points, context.caller)
        context.price = points
        charge = await access_control.begin(context.caller, points, paid=context.paid)
        context.charge = charge
        if charge.refusal is not None:
            raise charge.refusal
        plan = context.caller.plan
        length_query = None
        if access_control.limits is not None:
            length_query = _create_length_query(query.root, plan)
        counting_points = 0
        try:
            statement = compile_query(query)
            if length_query is not None:
                reply = await self._read(Query(query.version, length_query), context, points)
                counting_points = min(reply.points, points)
                if context.at_least:
                    check_edition(reply.whole_mark, context.at_least)
                _check_length(reply, plan)
            elif context.at_least and not is_sent:
                # What is sent has the edition in its first row. Here the first record stands for it.
                reply = await self._read(_create_first_page(query.version, query.root.resource), context, points)
                counting_points = min(reply.points, points)
                check_edition(reply.whole_mark, context.at_least)
        except TooExpensive:
            # Postgres itself may refuse the count as too much. Then nothing was counted, and the whole price is due.
            await charge.settle(counting_points or points)
            raise
        except InvalidRequest:
            await charge.settle(counting_points)
            raise
        except BaseException as error:
            await charge.settle(_price_failure(error, points))
            raise
        export = Export(statement, charge, points, counting_points)
        if not is_sent:
            await export.settle_count()
        return export

    def _check_price(self, points: int, caller: Caller) -> None:
        try:
            self.service.check(Cost(points), caller)
        except TooExpensive as error:
            raise TooExpensive(error.message, error.faults, PRICE) from None

    async def stream(self, export: Export, context: RequestContext, take: Take, cut: Callable[[str], None]) -> None:
        """Give the lines of an export to `take`, as fast as it takes them. The context gets the edition before.

        Unavailable if no place is free in time or the store does not answer. `cut` is called to break the export off if
        another caller needs its place, or if a record was erased.
        """
        assert context.caller is not None
        statement = export.statement

        def note_marks(row: bytes) -> None:
            mark, _, whole_mark = row.decode().partition(" ")
            if context.at_least:
                check_edition(whole_mark, context.at_least)
            context.edition = edition(mark)

        def note_unconfirmed() -> None:
            context.unconfirmed = True

        try:
            async with self.places.take(context.caller, cut):
                if self._routed is None:
                    await self.streams.stream(statement.sql, statement.arguments, take, note_marks)
                else:
                    await self._routed.stream(statement, context.at_least, take, note_marks, note_unconfirmed)
        except InvalidRequest:
            # The edition that the request asks for is not there, so nothing was sent.
            await export.settle_count()
            raise
        except Unavailable as error:
            await export.charge.settle(_price_failure(error, export.points, export.counting))
            raise

    async def close(self) -> None:
        """Close the connections."""
        await self.streams.close()

    async def _read(self, query: Query, context: RequestContext, points: int) -> Reply:
        """Read what has to be known before an export begins, such as its length."""
        return await self.service.reads.read(compile_query(query), Ticket(context.origin, points), context.at_least)


def _create_length_query(export: ExportQuery, plan: Plan) -> ListQuery | DiffQuery | None:
    """Return the list whose total is the length of an export; None if any length is allowed."""
    if plan.export_most >= UNLIMITED:
        return None
    if export.max_records is not None and export.max_records <= plan.export_most:
        return None
    # Exact up to the limit of counting. Beyond it, the number is estimated from a sample.
    total = Total(plan.export_most < MAX_EXACT)
    if export.since is not None:
        return _create_diff_length_query(export, total)
    return ListQuery(export.resource, Page(1), export.sort, (Item("total", total),), export.filter, as_of=export.as_of)


def _create_first_page(version: str, name: str) -> Query:
    """Return the Query of the first record of a list."""
    resource = VERSIONS[version][name]
    sort = read_sort(resource, resource.sort)
    assert sort is not None
    return Query(version, ListQuery(name, Page(1), sort, (Item("data", Nodes(())),)))


def _create_diff_length_query(export: ExportQuery, total: Total) -> DiffQuery:
    """Return the page of differences whose total is the length of their export."""
    assert export.since is not None and export.as_of is not None
    assert isinstance(export.shape, DiffShape | DiffCsvShape)
    compared = export.shape.selection
    if isinstance(export.shape, DiffCsvShape):
        compared = (Item("fields", FieldChanges(compared)),)
    selection = (Item("total", total), Item("data", Nodes(compared)))
    return DiffQuery(export.resource, Page(1), selection, export.since, export.as_of, export.filter)


def _check_length(reply: Reply, plan: Plan) -> None:
    """Refuse an export that is longer than the plan allows before it begins: if it were cut, it would look complete."""
    if orjson.loads(reply.body)["total"] > plan.export_most:
        detail = f"An export holds {plan.export_most:,} records at most in the plan {plan.name}, and this one more."
        raise TooExpensive(detail, (Fault("limit", detail, "too_expensive"),), "Filter it, or set a limit.")


def _price_failure(error: BaseException, points: int, counting_points: int = 0) -> int:
    """Return the points of an export that failed: only its count if the store was not available or no place was free,
    all if it ran out of time."""
    if isinstance(error, TimedOut):
        return points
    if isinstance(error, Unavailable):
        return counting_points
    return points
