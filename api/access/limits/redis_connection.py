"""One connection to Redis or Valkey. Commands that come together travel in one trip, which takes at most 50 ms.

A trip takes all commands that came during the trip before it: 200 requests at once are a few trips on one connection,
not 200 connections. There is no second try. If a trip fails, its commands fail, and so do those that wait for the next
trip.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from api.errors import SettingsError

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

TRIP_SECONDS = 0.05
# A trip has failed after the loop has looked at its sockets this often in that time. One timer is not enough: a loop
# that was blocked for as long would fire it before it reads an answer that has arrived.
LOOKS = 5

Argument = bytes | str | int
Waiting = tuple[tuple[Argument, ...], asyncio.Future[Any]]


class RedisUnavailable(Exception):
    """Redis did not answer in time, or answered with an error."""


class SlotMoving(RedisUnavailable):
    """The keys of one caller cannot be reached now, because they are being moved to another node of a cluster."""


class RedisConnection:
    """The connection of one process. It connects when it is first used, and again after a failure."""

    def __init__(self, url: str, seconds: float = TRIP_SECONDS) -> None:
        # These imports take a third of a second of processor time, which a service without Redis need not spend.
        from redis.asyncio.connection import ConnectionPool
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
        from redis.exceptions import NoScriptError, ResponseError

        # The errors of a script that Redis does not have, and of a command that it refuses.
        self.missing_script: type[Exception] = NoScriptError
        self.refusal: type[Exception] = ResponseError
        try:
            # The pool reads the URL, and makes connections without time-outs and retries of their own.
            self._pool = ConnectionPool.from_url(
                url, protocol=2, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=None
            )
        except ValueError as error:
            raise SettingsError(f"BRIEFING_REDIS_URL: {error}", "It looks like redis://host:6379/0.") from None
        self._look = seconds / LOOKS
        self._connection: AbstractConnection | None = None
        self._waiting: list[Waiting] = []
        self._runner: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._late = False

    def send(self, *command: Argument) -> asyncio.Future[Any]:
        """Send a command; return the future of its answer. It raises RedisUnavailable if none comes, and the refusal if
        Redis refuses the command."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((command, answer))
        if self._runner is None:
            self._runner = loop.create_task(self._run())
        return answer

    async def probe_keys(self) -> list[str]:
        """Return a key for each node: there is one."""
        return ["probe"]

    async def close(self) -> None:
        """Close the connection after all commands that were sent have been answered."""
        if self._runner is not None:
            await asyncio.wait({self._runner})
        await self._drop()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                answers = await self._make_trip(batch)
                for (_, future), answer in zip(batch, answers, strict=True):
                    _settle(future, answer)
        finally:
            self._runner = None

    async def _make_trip(self, batch: list[Waiting]) -> list[Any]:
        """Send the commands, and return the answer or the error of each."""
        try:
            connection = self._connection
            if connection is None:
                connection = await self._connect()
            self._start_timer(LOOKS)
            commands = connection.pack_commands([command for command, _ in batch])
            await connection.send_packed_command(commands, False)
            return [await self._read_answer(connection) for _ in batch]
        except asyncio.CancelledError:
            if not self._late:
                raise
            return await self._fail(batch, f"no answer in {self._look * LOOKS * 1000:.0f} ms")
        except Exception as error:
            return await self._fail(batch, str(error) or type(error).__name__)
        finally:
            self._stop_timer()

    async def _fail(self, batch: list[Waiting], reason: str) -> list[Any]:
        """Let the waiting commands fail too, and return the error of each command of the batch."""
        self._stop_timer()
        await self._drop()
        waiting, self._waiting = self._waiting, []
        for _, future in waiting:
            _settle(future, RedisUnavailable(reason))
        return [RedisUnavailable(reason) for _ in batch]

    async def _connect(self) -> AbstractConnection:
        self._start_timer(LOOKS)
        connection: AbstractConnection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except BaseException:
            with suppress(Exception):
                await connection.disconnect(nowait=True)
            raise
        self._connection = connection
        return connection

    async def _read_answer(self, connection: AbstractConnection) -> Any:
        try:
            return await connection.read_response()
        except self.refusal as refusal:
            return refusal

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _start_timer(self, looks: int) -> None:
        """End the trip after so many further looks at the sockets."""
        self._stop_timer()
        self._late = looks == 0
        if not self._late:
            self._timer = asyncio.get_running_loop().call_later(self._look, self._start_timer, looks - 1)
        elif self._runner is not None:
            self._runner.cancel()

    async def _drop(self) -> None:
        if self._runner is not None and self._late:
            self._runner.uncancel()
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                await connection.disconnect(nowait=True)


def _settle(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
        future.exception()  # Not logged if no task waits for the answer.
    else:
        future.set_result(answer)
