"""Send OpenTelemetry traces if a collector is set: a span for each request, and a child span for its store time.

Spans are made from the context of a request when it has ended. Without a collector they cost nothing. They continue the
caller's own trace (W3C `traceparent`). Needs the extra `telemetry`.
"""

from __future__ import annotations

import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from api import __version__
from api.errors import SettingsError
from api.http.request import HttpRequest
from api.settings import Settings

MISSING = "Traces need the extra: pip install 'briefing-api[telemetry]'."


class Tracer:
    """The sender of spans to the collector at `traces_endpoint`, in the background, in batches."""

    def __init__(self, settings: Settings) -> None:
        if not all(find_spec(one) for one in ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter")):
            raise SettingsError(f"BRIEFING_TRACES_ENDPOINT is set. {MISSING}")
        self._settings = settings
        self._provider: Any = None

    def begin(self) -> None:
        """Start to send. Call it in the process that serves, because a fork does not copy the thread that sends."""
        self._trace: Any = import_module("opentelemetry.trace")
        sdk: Any = import_module("opentelemetry.sdk.trace")
        export: Any = import_module("opentelemetry.sdk.trace.export")
        sender: Any = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
        resource: Any = import_module("opentelemetry.sdk.resources").Resource
        self._propagator: Any = import_module(
            "opentelemetry.trace.propagation.tracecontext"
        ).TraceContextTextMapPropagator()
        about = {"service.name": "briefing", "service.version": __version__}
        self._provider = sdk.TracerProvider(resource=resource.create(about))
        exporter = sender.OTLPSpanExporter(endpoint=f"{self._settings.traces_endpoint.rstrip('/')}/v1/traces")
        self._provider.add_span_processor(export.BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("briefing", __version__)

    def end(self) -> None:
        """Send the spans that are left."""
        if self._provider is not None:
            self._provider.shutdown()

    def observe(self, request: HttpRequest) -> None:
        """Make the spans of a request."""
        context = request.context
        if self._provider is None:
            return
        given = {name: value for name in ("traceparent", "tracestate") if (value := request.header(name.encode()))}
        after = time.time_ns() - int(context.ended * 1e9)
        span = self._tracer.start_span(
            f"{request.method} {context.route}".rstrip(),
            context=self._propagator.extract(given),
            kind=self._trace.SpanKind.SERVER,
            start_time=after + int(context.begun * 1e9),
            attributes=_attributes(request),
        )
        if context.store_seconds is not None:
            begun = after + int(context.store_begun * 1e9)
            below = self._trace.set_span_in_context(span)
            store = self._tracer.start_span(
                "store",
                context=below,
                kind=self._trace.SpanKind.CLIENT,
                start_time=begun,
                attributes={"db.system.name": "postgresql", "briefing.cache": context.cache},
            )
            store.end(begun + int(context.store_seconds * 1e9))
        if context.status >= 500:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end(after + int(context.ended * 1e9))


def _attributes(request: HttpRequest) -> dict[str, str | int]:
    context = request.context
    attributes: dict[str, str | int] = {
        "http.request.method": request.method,
        "http.response.status_code": context.status,
        "http.response.body.size": context.bytes_sent,
        "briefing.door": context.api,
        "briefing.request_id": request.id,
    }
    if context.route:
        attributes["http.route"] = context.route
    if context.price is not None:
        attributes["briefing.price"] = context.price
    return attributes
