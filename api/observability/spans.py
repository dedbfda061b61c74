"""Make the spans of requests with OpenTelemetry, and send them to a collector.

Spans are made from the context of a request when it has ended. They continue the caller's own trace (W3C
`traceparent`).
"""

from __future__ import annotations

import time

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from api import __version__
from api.http.request import HttpRequest


class SpanSender:
    """The sender of spans to the collector at this URL. It sends them from a thread of its own."""

    def __init__(self, url: str) -> None:
        service = {"service.name": "briefing", "service.version": __version__}
        self._provider = TracerProvider(resource=Resource.create(service))
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)))
        self._tracer = self._provider.get_tracer("briefing", __version__)
        self._propagator = TraceContextTextMapPropagator()

    def shutdown(self) -> None:
        """Send the spans that are left, and end the thread."""
        self._provider.shutdown()

    def send(self, request: HttpRequest) -> None:
        """Make the spans of a request that has ended. They are sent later."""
        context = request.context
        trace_fields: dict[str, str] = {}
        for name in ("traceparent", "tracestate"):
            value = request.header(name.encode())
            if value:
                trace_fields[name] = value
        # The times of a request are of `perf_counter`, those of spans are of the clock.
        clock_offset = time.time_ns() - int(context.ended * 1e9)
        span = self._tracer.start_span(
            f"{request.method} {context.route}".rstrip(),
            context=self._propagator.extract(trace_fields),
            kind=SpanKind.SERVER,
            start_time=clock_offset + int(context.begun * 1e9),
            attributes=_describe_request(request),
        )
        if context.store_seconds is not None:
            store_begun = clock_offset + int(context.store_begun * 1e9)
            store_span = self._tracer.start_span(
                "store",
                context=set_span_in_context(span),
                kind=SpanKind.CLIENT,
                start_time=store_begun,
                attributes={"db.system.name": "postgresql", "briefing.cache": context.cache},
            )
            store_span.end(store_begun + int(context.store_seconds * 1e9))
        if context.status >= 500:
            span.set_status(StatusCode.ERROR)
        span.end(clock_offset + int(context.ended * 1e9))


def _describe_request(request: HttpRequest) -> dict[str, str | int]:
    """Return the attributes of a request's span."""
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
