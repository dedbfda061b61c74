"""Set up the log: one line for each event, for people or as JSON, on standard error only."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog

from api.access.key import holds_key, redact
from api.settings import Settings


def configure(settings: Settings, *, cache_loggers: bool = False) -> None:
    """Set up structlog, and route the standard library's log (of uvicorn and of our protocol) through it.

    With `cache_loggers` a logger keeps this set-up from its first line on, which makes each line cheaper."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Tracebacks without the values of variables, because the data of callers does not belong in the log.
        structlog.processors.format_exc_info,
        _hide_keys,
    ]
    renderer: structlog.typing.Processor
    if settings.log_format == "json":
        renderer = structlog.processors.JSONRenderer()
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    structlog.configure(
        processors=[*shared, renderer],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=cache_loggers,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    # A client that sends malformed requests gets a line for each, and would fill the disk.
    logging.getLogger("api.http").addFilter(Seldom())
    # The service logs its start and its end itself, in one line, so those of uvicorn are left out.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


class Seldom(logging.Filter):
    """A filter that passes at most `limit` lines a second, and every line above INFO. The first line of a later second
    reports how many were `left_out`."""

    def __init__(self, limit: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._limit = limit
        self._clock = clock
        self._second = 0
        self._received = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True if the line passes."""
        if record.levelno > logging.INFO:
            return True
        second = int(self._clock())
        if second != self._second:
            if self._received > self._limit:
                record.left_out = self._received - self._limit
            self._second = second
            self._received = 0
        self._received += 1
        return self._received <= self._limit


def _hide_keys(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: _hide_keys_in(value) for name, value in event.items()}


def _hide_keys_in(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict | list | tuple):
        text = repr(value)
        if holds_key(text):
            return redact(text)
    return value
