"""A whole list as a file: `/vN/events.csv`, or the list's own path with an Accept that prefers such a type."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import Callable

from api.access.plan import Plan
from api.catalog import Resource, Version
from api.errors import Forbidden
from api.http.media_types import choose_media_type
from api.http.problems import HTTPError
from api.http.request import HttpRequest
from api.http.responses import VARY
from api.http.streaming import StreamedResponse
from api.middleware.authentication import Authentication
from api.query import EditionFinder
from api.rest.formats import Format, offered
from api.rest.memento import VARY_IN_TIME, Addresses, memento_headers
from api.rest.parquet import ParquetEncoder
from api.rest.request import ExportRequest, export_request
from api.service.exports import Export, Exports, Take

JSON = "application/json"


# A reader of a request for an export: its version, resource, format, query, editions and Accept-Datetime.
ReadExport = Callable[[Version, Resource, Format, bytes, EditionFinder, str], ExportRequest]


class ExportEndpoint:
    """The endpoint that answers requests for exports."""

    def __init__(self, exports: Exports, authentication: Authentication) -> None:
        self._exports = exports
        self._authentication = authentication

    async def response(
        self,
        version: Version,
        resource: Resource,
        form: Format,
        request: HttpRequest,
        read_export: ReadExport = export_request,
    ) -> StreamedResponse:
        """Return the file, which is read from Postgres while it is sent. InvalidRequest names each wrong parameter;
        Forbidden and TooExpensive say what the caller's plan does not allow."""
        if form.missing:
            raise HTTPError("not_acceptable", form.missing)
        context = request.context
        context.api = "export"
        await self._authentication.charge_reading(context)
        accept_datetime = request.header(b"accept-datetime") if version.history else ""

        def read(finder: EditionFinder) -> ExportRequest:
            return read_export(version, resource, form, request.query_string, finder, accept_datetime)

        wanted = await self._exports.service.with_editions(read)
        query = wanted.query
        context.outdated = query.outdated
        assert context.caller is not None
        if self._authentication.access_control.limits is not None:
            _check_format(form, context.caller.plan)
        encoder = None
        if form.encoder is not None:
            # The first one imports pyarrow, which takes a while. A client that disconnects meanwhile has no place yet.
            encoder = await asyncio.to_thread(form.encoder, version, resource)
        export = await self._exports.begin(query, context, is_sent=request.method != "HEAD")
        is_diff = read_export is not export_request
        file_name = f"{resource.plural}-diff" if is_diff else resource.plural
        headers = [
            (b"content-type", form.content_type),
            (b"content-disposition", f'attachment; filename="{file_name}.{form.name}"'.encode()),
        ]
        vary = VARY
        if not is_diff:
            described_by = f"<{self._exports.settings.public_url}/{version.name}/datapackage.json>"
            headers.append((b"link", f'{described_by}; rel="describedby"'.encode()))
        if version.history and not is_diff:
            vary = VARY_IN_TIME
            if export.statement.edition:
                timeline = self._exports.service.changes.timeline
                headers += memento_headers(Addresses(), export.statement.edition, timeline)
        head = form.head(version, resource)
        if wanted.bom:
            head = BOM_UTF8 + head

        async def send(take: Take) -> None:
            if encoder is None:
                await self._send(export, request, form, head, take)
            else:
                await self._send_encoded(export, request, encoder, take)

        return StreamedResponse(send, headers, export.settle, compresses=encoder is None, vary=vary)

    async def _send(self, export: Export, request: HttpRequest, form: Format, head: bytes, take: Take) -> None:
        """Send the head with the first line, so that a store that is not available is still a problem document."""
        begun = False

        async def take_lines(piece: bytes) -> None:
            nonlocal begun
            piece = form.escape(piece)
            if not begun:
                piece = head + piece[len(form.before) :]
            await take(piece)
            begun = True

        cut = request.connection.cut if request.connection is not None else _ignore
        await self._exports.stream(export, request.context, take_lines, cut)
        if begun:
            await take(form.tail)
        else:
            await take(head + form.tail)

    async def _send_encoded(self, export: Export, request: HttpRequest, encoder: ParquetEncoder, take: Take) -> None:
        """Send what an encoder makes of the lines. Its work is done outside the event loop."""

        async def take_lines(piece: bytes) -> None:
            encoded = await asyncio.to_thread(encoder.add, piece)
            if encoded:
                await take(encoded)

        cut = request.connection.cut if request.connection is not None else _ignore
        await self._exports.stream(export, request.context, take_lines, cut)
        await take(await asyncio.to_thread(encoder.finish))


def _ignore(reason: str) -> None:
    """Do nothing: without a connection of our own server an export cannot be broken off."""


def _check_format(form: Format, plan: Plan) -> None:
    if plan.export_most == 0 or form.permission not in plan.formats:
        formats = "none"
        if plan.formats and plan.export_most:
            formats = ", ".join(plan.formats)
        raise Forbidden(
            f"The plan {plan.name} has no exports as {form.name}.",
            hint=f"It has {formats}; lists have pages.",
        )


def preferred_format(version: Version, resource: Resource, request: HttpRequest) -> Format | None:
    """Return the format that the client prefers to a page of the list; None for the page. HTTPError (406) if it accepts
    neither. A wildcard never means a whole list: only a format that is named is preferred."""
    accept = request.header(b"accept")
    forms = {form.media_type: form for form in offered(version, resource)}
    named = [media_type for media_type in forms if media_type in accept.lower()]
    media_type = choose_media_type(accept, (JSON, *named))
    if not media_type:
        raise HTTPError("not_acceptable", f"Offered here: {', '.join((JSON, *forms))}.")
    return forms.get(media_type)
