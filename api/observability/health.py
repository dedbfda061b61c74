"""Health checks: if the process lives, and if it can answer. Neither shows anything about callers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import orjson
import structlog
from fastapi import APIRouter

from api.errors import BriefingError, Unavailable
from api.http.request import HttpRequest
from api.http.responses import BytesResponse
from api.http.route import DataRoute

# How long a start waits for the first try to prepare the store. Postgres refuses at once, but a migration may take
# long.
PATIENCE = 2.0
AGAIN = 0.5
DIAGNOSE = "Run `briefing doctor`."

log = structlog.get_logger("briefing")
Prepare = Callable[[], Awaitable[None]]


class ReadinessCheck(Protocol):
    """The part of the service that knows if the store can answer."""

    async def ready(self) -> None:
        """Return if the store can answer. Unavailable says why it cannot."""


class Peers(Protocol):
    """The processes that answer behind one socket. A client cannot choose among them."""

    def note_ready(self) -> None:
        """Tell the others that this process can answer."""

    def all_ready(self) -> bool:
        """Return True if each of them was ready once."""


class Health:
    """`/healthz` is 200 while the process lives; `/readyz` is 503 while it starts, drains or has no store. With several
    processes `/readyz` is 503 in all of them until each was ready once."""

    def __init__(self, store: ReadinessCheck, peers: Peers | None = None) -> None:
        self._store = store
        self._peers = peers
        self._prepared = False
        # The reason that the log has last, and the error that it came from; empty if this process can answer.
        self._logged = ""
        self.draining = False

    def note_prepared(self) -> None:
        """Note that the store is prepared and the plans are read."""
        self._prepared = True
        if self._peers is not None:
            self._peers.note_ready()

    def routes(self) -> APIRouter:
        """Return the routes of both paths, which belong to no version."""
        router = APIRouter(route_class=DataRoute, include_in_schema=False)
        router.add_api_route("/healthz", self._answer_alive, methods=["GET", "HEAD"])
        router.add_api_route("/readyz", self._answer_ready, methods=["GET", "HEAD"])
        return router

    async def _answer_alive(self, request: HttpRequest) -> BytesResponse:
        return _create_response({"status": "alive"})

    async def _answer_ready(self, request: HttpRequest) -> BytesResponse:
        await self.check()
        return _create_response({"status": "ready"})

    async def check(self) -> None:
        """Return if this process can answer. Unavailable says why it cannot. Each change of the reason is logged,
        because the answer to the client has no more than the status."""
        try:
            await self._check()
        except Unavailable as error:
            self._log_change(error.message, type(error.__cause__).__name__, error)
            raise
        self._log_change("", "", None)

    def _log_change(self, reason: str, cause: str, error: Unavailable | None) -> None:
        logged = f"{reason} {cause}".strip()
        if logged == self._logged:
            return
        self._logged = logged
        if error is None:
            log.info("ready")
            return
        details = {"reason": reason}
        if error.__cause__ is not None:
            details["cause"] = f"{cause}: {error.__cause__}"
        if not self.draining and self._prepared:
            details["remedy"] = error.operator_hint or DIAGNOSE
        log.warning("not ready", **details)

    async def _check(self) -> None:
        if self.draining:
            raise Unavailable("The service is going down.")
        if not self._prepared:
            raise Unavailable("The store is being prepared.")
        if self._peers is not None and not self._peers.all_ready():
            raise Unavailable("Another process of the service is starting.")
        await self._store.ready()


class PreparationFailure:
    """The error that ended the preparation of the store after the service had started. The service ends with it."""

    def __init__(self) -> None:
        self._error: BriefingError | None = None
        self._noted = asyncio.Event()

    def note(self, error: BriefingError) -> None:
        """Note the error."""
        self._error = error
        self._noted.set()

    async def wait(self) -> BriefingError:
        """Return the error when there is one."""
        await self._noted.wait()
        assert self._error is not None
        return self._error


async def persist(prepare: Prepare, tried: asyncio.Event) -> None:
    """Prepare the store, and try again until that succeeds. `tried` is set after the first try. Only Unavailable is a
    reason to try again; other errors are raised."""
    last_reason = ""
    while True:
        try:
            await prepare()
            return
        except Unavailable as error:
            if error.message != last_reason:
                log.warning("store not ready", reason=error.message, remedy=" ".join(error.hints()) or DIAGNOSE)
            last_reason = error.message
        tried.set()
        await asyncio.sleep(AGAIN)


def _create_response(content: dict[str, str]) -> BytesResponse:
    response = BytesResponse(orjson.dumps(content))
    response.headers.append((b"cache-control", b"no-store"))
    return response
