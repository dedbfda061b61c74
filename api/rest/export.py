"""A whole list as a file: `/vN/events.csv`, or the list's own path with an Accept that prefers such a type."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.types import Scope

from api.access.caller import Caller
from api.access.export_places import ExportPlaces
from api.access.plan import Plan
from api.answer import Service
from api.catalog import Resource, Version
from api.compiler import Statement, compile
from api.compiler.page import EXACT_MOST
from api.errors import Fault, Forbidden, TimedOut, TooExpensive, Unavailable
from api.http.admission import Admission
from api.http.facts import Facts, charge_reading, origin
from api.http.media import header, wanted
from api.http.problems import HTTPError
from api.http.route import DataRoute, Handler
from api.http.stream import Streamed, Take
from api.query import Entry, Lines, Page, Query, Rows, Total, price
from api.rest.formats import Format, offered
from api.rest.request import export_query
from api.store.read import Reply
from api.store.stream import Streams
from api.store.ticket import Ticket

# A plan that allows so many records allows any number that there are.
NOBODY_ASKS = 1_000_000_000
METHODS = ["GET", "HEAD", "OPTIONS"]
JSON = "application/json"


class Exports:
    """The exports of the service, with Postgres connections and places of their own."""

    def __init__(self, service: Service, url: str) -> None:
        self.service = service
        settings = service.settings
        self.streams = Streams(settings.database_url or url, settings)
        self.places = ExportPlaces(settings.export_connections, settings.export_wait)

    async def response(
        self, version: Version, resource: Resource, form: Format, scope: Scope, caller: Caller
    ) -> Streamed:
        """Return the file, which is read from Postgres while it is sent. InvalidRequest names each wrong parameter;
        Forbidden and TooExpensive say what the caller's plan does not allow."""
        facts: Facts = scope["facts"]
        facts.door = "export"
        await charge_reading(self.service.gate, scope)
        query = export_query(version, resource, form, scope["query_string"])
        assert isinstance(query.root, Lines)
        facts.outdated = query.outdated
        plan = caller.plan if self.service.gate.limits is not None else None
        if plan is not None:
            _check_format(form, plan)
        facts.price = points = price(query)
        facts.spent = spent = await self.service.gate.begin(caller, points, paid=facts.paid)
        spent.check()
        rows = _counted(query.root, plan) if plan is not None else None
        # What it took to count the records, which is all that a HEAD or a refusal costs.
        counting = 0
        try:
            statement = compile(query)
            if plan is not None and rows is not None:
                ticket = Ticket(origin(scope, self.service.settings), points)
                counted = await self._count(Query(query.version, rows), ticket)
                counting = min(counted.points, points)
                _check_length(counted, plan)
        except TooExpensive:
            # The store itself may find the count too much, and then nothing was counted.
            await spent.settle(counting or points)
            raise
        except BaseException as error:
            await spent.settle(_worked(error, points))
            raise
        if scope["method"] == "HEAD":
            await spent.settle(counting)
        name = f'attachment; filename="{resource.plural}.{form.name}"'.encode()
        headers = [(b"content-type", form.content_type), (b"content-disposition", name)]

        async def pieces(take: Take) -> None:
            cut = facts.connection.cut if facts.connection is not None else _ignore
            try:
                async with self.places.take(caller, cut):
                    await self._pieces(statement, form, form.head(version, resource), take)
            except Unavailable as error:
                await spent.settle(_worked(error, points, counting))
                raise

        return Streamed(pieces, headers, lambda: spent.settle(points))

    async def _count(self, counted: Query, ticket: Ticket) -> Reply:
        """Count the records of an export. The reply tells what that took, too."""
        statement = compile(counted)
        return await self.service.reader.read(
            statement.sql, statement.arguments, custom=statement.custom, ticket=ticket
        )

    async def _pieces(self, statement: Statement, form: Format, head: bytes, take: Take) -> None:
        """The head goes out with the first line, so that a store that is away is still a problem document."""
        begun = False

        async def lines(piece: bytes) -> None:
            nonlocal begun
            piece = form.escape(piece)
            await take(piece if begun else head + piece[len(form.before) :])
            begun = True

        await self.streams.stream(statement.sql, statement.arguments, lines)
        await take(form.tail if begun else head + form.tail)


def _ignore(reason: str) -> None:
    """Do nothing: without a connection of our own server an export cannot be broken off."""


def _check_format(form: Format, plan: Plan) -> None:
    if plan.export_most == 0 or form.name not in plan.formats:
        offered = ", ".join(plan.formats) if plan.export_most else ""
        raise Forbidden(
            f"The plan {plan.name} has no exports as {form.name}.",
            hint=f"It has {offered or 'none'}; lists have pages.",
        )


def _counted(lines: Lines, plan: Plan) -> Rows | None:
    """The list whose total tells how long an export will be; None where that need not be known."""
    if plan.export_most >= NOBODY_ASKS or (lines.most is not None and lines.most <= plan.export_most):
        return None
    # Exact as far as counting goes; beyond, a sample tells.
    total = Total(plan.export_most < EXACT_MOST)
    return Rows(lines.resource, Page(1), lines.sort, (Entry("total", total),), lines.filter)


def _check_length(counted: Reply, plan: Plan) -> None:
    """Refuse an export that is longer than the plan allows before it begins: if it were cut, it would look complete."""
    if orjson.loads(counted.body)["total"] > plan.export_most:
        detail = f"An export holds {plan.export_most:,} records at most in the plan {plan.name}, and this one more."
        raise TooExpensive(detail, (Fault("limit", detail, "too_expensive"),), "Filter it, or set a limit.")


def _worked(error: BaseException, points: int, counting: int = 0) -> int:
    """Return the points of an export that failed: only its count if the store was not available or no place was free,
    all if it ran out of time."""
    return counting if isinstance(error, Unavailable) and not isinstance(error, TimedOut) else points


def routes(exports: Exports, admission: Admission, version: Version) -> APIRouter:
    """The exports of a version, each at a path of its own."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute)
    for resource in version.lists.values():
        for form in offered(version, resource):
            router.add_api_route(
                f"/{resource.plural}.{form.name}",
                _export(exports, admission, version, resource, form),
                methods=METHODS,
                include_in_schema=False,
                name=f"{version.name}-export-{resource.plural}-{form.name}",
            )
    return router


def preferred(version: Version, resource: Resource, scope: Scope) -> Format | None:
    """The format that the client prefers to a page of the list; None for the page. Refused where it takes neither. A
    wildcard never means a whole list: only a format that is named is preferred."""
    accept = header(scope, b"accept")
    if accept in ("", "*/*", JSON):
        return None
    forms = {one.media_type: one for one in offered(version, resource)}
    found = wanted(accept, (JSON, *(one for one in forms if one in accept.lower())))
    if not found:
        raise HTTPError("not_acceptable", f"Offered here: {', '.join((JSON, *forms))}.")
    return forms.get(found)


def _export(exports: Exports, admission: Admission, version: Version, resource: Resource, form: Format) -> Handler:
    async def handle(request: Request) -> Any:
        async with admission(request.scope) as caller:
            if not wanted(header(request.scope, b"accept"), (form.media_type,)):
                raise HTTPError("not_acceptable", f"Offered here: {form.media_type}.")
            return await exports.response(version, resource, form, request.scope, caller)

    return handle
