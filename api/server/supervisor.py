"""Several processes behind one socket: a parent that answers no requests, and workers that it supervises.

The parent owns what exists once: the listening socket, the embedded Postgres, the migrations. It forks the workers with
everything imported, so a new worker serves after 0.1 s instead of 2 s. They inherit what was made before the fork, such
as a shared table or any other descriptor. A socket connects each worker to the parent. Twice a second the worker writes
a line to it, which shows that its loop runs and contains its metrics.

a worker dies            it is replaced at once; after repeated deaths at one place each wait is longer
a worker is silent       for `worker_timeout`: it writes where it is stuck, is killed and replaced
the store cannot go on   the workers drain, and the parent ends with the reason
no worker ever serves    the parent prints that and ends; it ends at once if a worker refuses to start (exit 78)
SIGTERM, Ctrl-C          the parent passes it on to the workers, which drain; exit 0 when all have ended
the parent is killed     the kernel kills the workers (PR_SET_PDEATHSIG); without Linux they see the socket's end
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import structlog

from api.errors import BriefingError
from api.exit_codes import ExitCode
from api.observability.health import PATIENCE, Prepare, persist
from api.server.acceptor import VACANT
from api.server.http_server import announce, url
from api.server.worker import STUCK, SharedState, WorkerChannel, WorkerPosition, become, finish

TICK_SECONDS = 0.2
# Until a worker's first sign of life. It waits for nothing before that, so only an overloaded machine needs this long.
START_SECONDS = 30.0
# A worker that lived this long was healthy, so failures before it are no longer counted.
STEADY_SECONDS = 10.0
# Failures in a row at one place after which the parent gives up, if no worker ever served.
HOPELESS = 4
LONGEST_WAIT = 10.0
# A little more than the workers' own bound (http_server.py).
EXIT_SECONDS = 29.0
LINE_BYTES = 16 * 1024 * 1024

log = structlog.get_logger("briefing")


@dataclass(eq=False)
class Worker:
    """A worker as the parent sees it: its end of the socket, when the worker began, when it last sent a sign of life,
    and the text of that sign; empty before the first one. `reading` is the task that reads the signs."""

    pid: int
    end: socket.socket
    begun: float
    last_heard: float
    last_sign: bytes = b""
    wedged: bool = False
    reading: asyncio.Task[None] | None = None


@dataclass(eq=False)
class Slot:
    """A place, its worker, the failures in a row of its workers, and the time from which it may be filled again."""

    place: WorkerPosition
    worker: Worker | None = None
    failures: int = 0
    due: float = 0.0


@dataclass
class WorkerTeam:
    """The places of the workers, and how many workers died or were wedged. The metrics read it."""

    slots: list[Slot]
    ended: Counter[str] = field(default_factory=lambda: Counter(died=0, wedged=0))

    def living(self) -> list[Worker]:
        """Return the workers that have not ended."""
        return [slot.worker for slot in self.slots if slot.worker is not None]

    def last_signs(self) -> list[bytes]:
        """Return the text that each worker sent last."""
        return [worker.last_sign for worker in self.living()]


class Supervisor:
    """The supervisor of `count` workers. Each runs `work` until that returns its exit code. `on_end` gets the text that
    a worker sent last, when it has ended."""

    def __init__(
        self,
        work: Callable[[WorkerChannel], int],
        count: int,
        silence: float,
        prepare: Prepare,
        on_end: Callable[[bytes], None] | None = None,
    ) -> None:
        self.team = WorkerTeam([Slot(WorkerPosition(number, count)) for number in range(count)])
        self._work = work
        self._silence = silence
        self._prepare = prepare
        self._on_end = on_end
        self._shared = SharedState(count)
        self._changed = asyncio.Event()
        # True once any worker has served.
        self._served = False
        # The signals to stop that came so far, and the time at which workers that still run are killed.
        self._stop_signals = 0
        self._deadline = 0.0
        self._ticked = 0.0
        # The exit codes of the workers that ended after the first signal to stop.
        self._worker_codes: set[int] = set()
        # The exit code of the service, once it is decided.
        self._exit_code: int | None = None
        self._failure: BriefingError | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def run(
        self,
        listener: socket.socket,
        begin_beside: Callable[[], None],
        supervise: Callable[[], Awaitable[BriefingError]] | None = None,
    ) -> int:
        """Run until a signal to stop; return the exit code. Clients reach the workers through `listener`.
        `begin_beside` starts the other work of the parent on its loop. An error of the store is raised, and so is the
        one that `supervise` returns when it cannot keep the store running."""
        self._listener = listener
        try:
            with asyncio.Runner() as runner:
                runner.run(self._begin(begin_beside, supervise))
                gc.freeze()  # So that the garbage collectors of the workers do not touch the memory that they share.
                while self._exit_code is None:
                    for slot in self._slots_to_fill():
                        self._fork(slot)  # Outside the loop, because a worker begins with a loop of its own.
                    runner.run(self._watch())
        finally:
            for worker in self.team.living():
                _send_signal(worker, signal.SIGKILL)
        if self._failure is not None:
            raise self._failure
        return self._exit_code

    async def _begin(
        self, begin_beside: Callable[[], None], supervise: Callable[[], Awaitable[BriefingError]] | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop, number)
        begin_beside()
        if supervise is not None:
            self._start_task(self._keep_store_running(supervise))
        tried = asyncio.Event()
        preparing = self._start_task(self._keep_preparing(tried))
        stopped = self._start_task(_wait_for(self._changed))
        first_try = self._start_task(_wait_for(tried))
        await asyncio.wait({preparing, stopped, first_try}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if self._failure is not None:
            raise self._failure  # A store that refuses the service ends the start. One that is away does not.
        if preparing.done():
            preparing.result()

    async def _keep_preparing(self, tried: asyncio.Event) -> None:
        try:
            await persist(self._prepare, tried)
        except BriefingError as error:
            # If workers serve already, they end, because the store will never be ready.
            self._failure = error
            self._stop(signal.SIGTERM)
            return
        self._shared.prepared = True

    # Supervision

    async def _watch(self) -> None:
        """Return when a place has to be filled, or when the service ends."""
        for slot in self.team.slots:
            worker = slot.worker
            if worker is not None and worker.reading is None:
                worker.reading = self._start_task(self._read_signs(slot, worker))
        self._ticked = monotonic()
        while self._exit_code is None and not self._slots_to_fill():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), TICK_SECONDS)
            self._changed.clear()
            self._check_workers(monotonic())
            if self._stop_signals and not self.team.living():
                self._exit_code = max(self._worker_codes, default=0)

    def _check_workers(self, now: float) -> None:
        """Give up on workers that are silent for too long, or that do not end in time."""
        late = now - self._ticked > 5 * TICK_SECONDS
        self._ticked = now
        for slot in self.team.slots:
            worker = slot.worker
            if worker is None:
                continue
            if late:
                # The parent itself did not run, for example because the machine slept. What the workers sent meanwhile
                # is not read yet.
                worker.last_heard = now
            if now - worker.begun > STEADY_SECONDS:
                slot.failures = 0
            if self._stop_signals:
                if now > self._deadline:
                    _send_signal(worker, signal.SIGKILL)
                continue
            longest_silence = self._silence if worker.last_sign else START_SECONDS
            if not worker.wedged and now - worker.last_heard > longest_silence:
                self._start_task(self._give_up_on(slot, worker))

    async def _give_up_on(self, slot: Slot, worker: Worker) -> None:
        worker.wedged = True
        log.error("worker wedged", worker=slot.place.number, pid=worker.pid)
        _send_signal(worker, STUCK)  # The worker writes where it is stuck, if it can.
        await asyncio.sleep(0.1)
        _send_signal(worker, signal.SIGKILL)

    async def _read_signs(self, slot: Slot, worker: Worker) -> None:
        """Read the worker's signs of life until it ends, and note its end."""
        reader, writer = await asyncio.open_unix_connection(sock=worker.end, limit=LINE_BYTES)
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                worker.last_heard = monotonic()
                worker.last_sign = line
                if not self._served:
                    self._served = True
                    announce(url(self._listener))
        writer.close()
        code = await _wait_for_exit(worker)
        self._note_end(slot, worker, code)

    def _note_end(self, slot: Slot, worker: Worker, code: int) -> None:
        slot.worker = None
        self._shared.connections[slot.place.number] = VACANT
        self._shared.ready[slot.place.number] = 1  # The others do not wait for the next one, which may end as well.
        if self._on_end is not None:
            self._on_end(worker.last_sign)
        self._changed.set()
        if self._stop_signals:
            self._worker_codes.add(_code_after_stop(code))
            return
        reason = _describe_exit(code)
        if worker.wedged:
            self.team.ended["wedged"] += 1
        else:
            self.team.ended["died"] += 1
            log.error("worker died", worker=slot.place.number, pid=worker.pid, reason=reason)
        slot.failures += 1
        slot.due = monotonic() + _seconds_until_restart(slot.failures)
        if self._served:
            return
        if code == ExitCode.CONFIG:
            self._exit_code = code  # The worker has printed the reason.
        elif slot.failures >= HOPELESS:
            print(f"No worker comes to serve: {slot.failures} in a row ended, by {reason}.", file=sys.stderr)
            self._exit_code = ExitCode.SOFTWARE

    def _stop(self, number: int) -> None:
        self._stop_signals += 1
        self._deadline = self._deadline or monotonic() + EXIT_SECONDS
        self._changed.set()
        # The workers have the socket too. If it stayed open here, clients would wait in vain after the workers close
        # theirs.
        self._listener.close()
        if self._stop_signals == 1:
            passed_on = signal.SIGTERM
        elif number == signal.SIGINT:
            passed_on = signal.SIGINT
        else:
            return
        for worker in self.team.living():
            _send_signal(worker, passed_on)

    async def _keep_store_running(self, supervise: Callable[[], Awaitable[BriefingError]]) -> None:
        self._failure = await supervise()
        self._stop(signal.SIGTERM)

    # The places

    def _slots_to_fill(self) -> list[Slot]:
        if self._stop_signals:
            return []
        now = monotonic()
        return [slot for slot in self.team.slots if slot.worker is None and slot.due <= now]

    def _fork(self, slot: Slot) -> None:
        parent_end, worker_end = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        previous_mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        pid = os.fork()
        if pid == 0:
            # This also closes the parent's end of each sibling's socket. If it stayed open here, the sibling would not
            # see that the parent is gone.
            siblings = [worker.end.fileno() for worker in self.team.living()]
            become(parent, [parent_end.fileno(), *siblings])
            signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)
            finish(self._work, WorkerChannel(slot.place, worker_end, self._shared))
        signal.pthread_sigmask(signal.SIG_SETMASK, previous_mask)
        worker_end.close()
        self._shared.connections[slot.place.number] = 0
        now = monotonic()
        slot.worker = Worker(pid, parent_end, now, now)

    def _start_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()


async def _wait_for_exit(worker: Worker) -> int:
    """Return the exit code, or the signal as a negative number. The worker's socket closes a moment before they can be
    read."""
    late = monotonic() + 1
    while True:
        pid, status = os.waitpid(worker.pid, os.WNOHANG)  # noqa: ASYNC222 - it returns at once
        if pid != 0:
            return os.waitstatus_to_exitcode(status)
        if monotonic() > late:
            _send_signal(worker, signal.SIGKILL)
        await asyncio.sleep(0.005)


def _send_signal(worker: Worker, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(worker.pid, number)


def _code_after_stop(code: int) -> int:
    """Return the exit code of the service for that of a worker, after a signal to stop."""
    if code == -signal.SIGTERM:
        # A worker that SIGTERM killed before it handled the signal ended as it should.
        return 0
    if code in (ExitCode.OK, ExitCode.INTERRUPTED):
        return code
    return ExitCode.SOFTWARE


def _seconds_until_restart(failures: int) -> float:
    """Return the time until a place is filled again after so many failures in a row."""
    if failures <= 1:
        return 0.0
    return float(min(0.1 * 4.0 ** (failures - 2), LONGEST_WAIT))


def _describe_exit(code: int) -> str:
    if code < 0:
        return signal.Signals(-code).name
    return f"exit {code}"
