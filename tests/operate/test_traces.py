"""Traces go to a collector if one is named: a span for each request, and one below it for the store."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from api.errors import SettingsError
from api.observability import tracing
from api.settings import Settings
from tests.operate.conftest import caller
from tests.serving import serving


@dataclass
class Collector:
    """A collector that receives OTLP over HTTP on loopback."""

    url: str = ""
    spans: list[Any] = field(default_factory=list)
    services: set[str] = field(default_factory=set)

    def wait_for_span(self, name: str) -> Any:
        """Wait for the span of this name, and return it."""
        start_time = time.monotonic()
        while time.monotonic() - start_time < 15:
            for span in self.spans:
                if span.name == name:
                    return span
            time.sleep(0.05)
        raise AssertionError([span.name for span in self.spans])

    def below(self, parent: Any) -> list[Any]:
        """Return the spans directly below a span."""
        return [span for span in self.spans if span.parent_span_id == parent.span_id]


def attributes(span: Any) -> dict[str, Any]:
    return {
        attribute.key: getattr(attribute.value, attribute.value.WhichOneof("value")) for attribute in span.attributes
    }


@contextmanager
def collector() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["content-length"]))
            for resource_span in ExportTraceServiceRequest.FromString(body).resource_spans:
                collector.services |= {
                    attribute.value.string_value
                    for attribute in resource_span.resource.attributes
                    if attribute.key == "service.name"
                }
                collector.spans += [span for scope in resource_span.scope_spans for span in scope.spans]
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_is_a_span_with_its_time_in_the_store_below(sample: str, workers: int) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with collector() as traces:
        with serving(sample, traces_endpoint=traces.url, workers=workers) as server, caller(server) as client:
            first = client.get("/v1/events?limit=3&q=secret", headers={"traceparent": f"00-{trace}-{parent}-01"})
            client.get("/nowhere/secret", headers={"traceparent": "nonsense"})
            server.process.terminate()  # The spans that are left are sent at the end.
            assert server.process.wait(15) == 0
        span, unknown = traces.wait_for_span("GET /v1/events"), traces.wait_for_span("GET")
        attributes_ = attributes(span)
        assert (span.trace_id.hex(), span.parent_span_id.hex()) == (trace, parent)
        assert (attributes_["http.route"], attributes_["http.response.status_code"]) == ("/v1/events", 200)
        assert attributes_["briefing.request_id"] == first.headers["x-request-id"]
        (store,) = traces.below(span)
        assert (store.name, store.trace_id) == ("store", span.trace_id)
        assert span.start_time_unix_nano <= store.start_time_unix_nano
        assert store.end_time_unix_nano <= span.end_time_unix_nano
        assert abs(span.start_time_unix_nano / 1e9 - time.time()) < 60
        assert unknown.parent_span_id == b""
        assert attributes(unknown)["http.response.status_code"] == 404
        assert traces.services == {"briefing"}
        assert "secret" not in str(traces.spans)


def test_a_collector_that_is_away_costs_no_request(sample: str) -> None:
    with serving(sample, traces_endpoint="http://127.0.0.1:1") as server, caller(server) as client:
        for _ in range(20):
            assert client.get("/v1/events?limit=2").status_code == 200


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="telemetry"):
        tracing.Tracer(Settings(traces_endpoint="http://127.0.0.1:4318"))


def test_the_usual_variable_names_the_collector_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert Settings().traces_endpoint == "http://127.0.0.1:4318"
    monkeypatch.setenv("BRIEFING_TRACES_ENDPOINT", "http://127.0.0.1:4319")
    assert Settings().traces_endpoint == "http://127.0.0.1:4319"
