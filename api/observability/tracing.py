"""Send OpenTelemetry traces if a collector is set: a span for each request, and a child span for its store time.

Without a collector they cost nothing. Needs the extra `telemetry`.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from api.errors import SettingsError
from api.http.request import HttpRequest
from api.settings import Settings

if TYPE_CHECKING:
    from api.observability.spans import SpanSender

MISSING = "Traces need the extra: pip install 'briefing-api[telemetry]'."


class Tracer:
    """The sender of spans to the collector at `traces_endpoint`, in the background, in batches."""

    def __init__(self, settings: Settings) -> None:
        if not all(find_spec(name) for name in ("opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter")):
            raise SettingsError(f"BRIEFING_TRACES_ENDPOINT is set. {MISSING}")
        self._url = f"{settings.traces_endpoint.rstrip('/')}/v1/traces"
        self._sender: SpanSender | None = None

    def begin(self) -> None:
        """Start to send. Call it in the process that serves, because a fork does not copy the thread that sends."""
        # Only a service that sends traces imports OpenTelemetry.
        from api.observability.spans import SpanSender

        self._sender = SpanSender(self._url)

    def end(self) -> None:
        """Send the spans that are left."""
        if self._sender is not None:
            self._sender.shutdown()

    def observe(self, request: HttpRequest) -> None:
        """Make the spans of a request."""
        if self._sender is not None:
            self._sender.send(request)
