"""Several processes behind one socket: a parent that answers no requests, and workers that it supervises.

The parent owns what exists once: the listening socket, the embedded Postgres, the migrations. It forks the workers with
everything imported, so a new worker serves after 0.1 s instead of 2 s. They inherit what was made before the fork, such
as a shared table or any other descriptor. A socket connects each worker to the parent. Twice a second the worker writes
a line to it, which shows that its loop runs and contains its metrics.

a worker dies            it is replaced at once; after repeated deaths at one place each wait is longer
a worker is silent       for `worker_timeout`: it writes where it is stuck, is killed and replaced
the store cannot go on   the workers drain, and the parent ends with the reason
no worker ever serves    the parent prints that and ends; it ends at once if a worker refuses to start (exit 2)
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
from api.observability.health import PATIENCE, Prepare, persist
from api.server.acceptor import VACANT
from api.server.http_server import EXIT_FORCED, EXIT_NOT_CONFIGURED, announce, url
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

EXIT_HOPELESS = 70

log = structlog.get_logger("briefing")


@dataclass(eq=False)
class Worker:
    """A worker as the parent sees it: when it began, when it last sent a sign of life, and the text of that."""

    pid: int
    end: socket.socket
    begun: float
    heard: float
    told: bytes = b""
    wedged: bool = False
    hearing: asyncio.Task[None] | None = None


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

    def told(self) -> list[bytes]:
        """Return the text that each worker sent last."""
        return [worker.told for worker in self.living()]


class Supervisor:
    """The supervisor of `count` workers. Each runs `work` until that returns its exit code. `on_end` gets the text that
    a worker sent last, when it has ended."""

    def __init__(
        self,
        work: Callable[[WorkerChannel], int],
        count: int,
        silence: float,
        prepare: Prepare,
        on_end: Callable[[bytes], None] = lambda told: None,
    ) -> None:
        self.team = WorkerTeam([Slot(WorkerPosition(number, count)) for number in range(count)])
        self._work = work
        self._silence = silence
        self._prepare = prepare
        self._on_end = on_end
        self._common = SharedState(count)
        self._changed = asyncio.Event()
        self._served = False
        self._stopping = 0
        self._deadline = 0.0
        self._ticked = 0.0
        self._codes: set[int] = set()
        self._verdict: int | None = None
        self._failure: BriefingError | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def run(
        self,
        listener: socket.socket,
        beside: Callable[[], None],
        supervise: Callable[[], Awaitable[BriefingError]] | None = None,
    ) -> int:
        """Run until a signal to stop; return the exit code. Clients reach the workers through `listener`. `beside`
        starts the other work of the parent on its loop. An error of the store is raised, and so is the one that
        `supervise` returns when it cannot keep the store running."""
        self._listener = listener
        try:
            with asyncio.Runner() as runner:
                runner.run(self._begin(beside, supervise))
                gc.freeze()  # So that the garbage collectors of the workers do not touch the memory that they share.
                while self._verdict is None:
                    for slot in self._vacant():
                        self._fork(slot)  # Outside the loop, because a worker begins with a loop of its own.
                    runner.run(self._watch())
        finally:
            for worker in self.team.living():
                _signal(worker, signal.SIGKILL)
        if self._failure is not None:
            raise self._failure
        return self._verdict

    async def _begin(
        self, beside: Callable[[], None], supervise: Callable[[], Awaitable[BriefingError]] | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop, number)
        beside()
        if supervise is not None:
            self._task(self._supervised(supervise))
        tried = asyncio.Event()
        preparing = self._task(self._keep_preparing(tried))
        stopped = self._task(self._stopped())
        tries = self._task(_once(tried))
        await asyncio.wait({preparing, stopped, tries}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if preparing.done():
            preparing.result()  # A store that refuses the service ends the start. One that is away does not.

    async def _keep_preparing(self, tried: asyncio.Event) -> None:
        await persist(self._prepare, tried)
        self._common.prepared = True

    # Supervision

    async def _watch(self) -> None:
        """Return when a place has to be filled, or when the service ends."""
        for slot in self.team.slots:
            if slot.worker and not slot.worker.hearing:
                slot.worker.hearing = self._task(self._hear(slot, slot.worker))
        self._ticked = monotonic()
        while self._verdict is None and not self._vacant():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), TICK_SECONDS)
            self._changed.clear()
            self._judge(monotonic())
            if self._stopping and not self.team.living():
                self._verdict = max(self._codes, default=0)

    def _judge(self, now: float) -> None:
        late = now - self._ticked > 5 * TICK_SECONDS
        self._ticked = now
        for slot in self.team.slots:
            worker = slot.worker
            if worker is None:
                continue
            if late:
                # The parent itself did not run, for example because the machine slept. What the workers sent meanwhile
                # is not read yet.
                worker.heard = now
            if now - worker.begun > STEADY_SECONDS:
                slot.failures = 0
            if self._stopping:
                if now > self._deadline:
                    _signal(worker, signal.SIGKILL)
            elif not worker.wedged and now - worker.heard > (self._silence if worker.told else START_SECONDS):
                self._task(self._give_up_on(slot, worker))

    async def _give_up_on(self, slot: Slot, worker: Worker) -> None:
        worker.wedged = True
        log.error("worker wedged", worker=slot.place.number, pid=worker.pid)
        _signal(worker, STUCK)  # The worker writes where it is stuck, if it can.
        await asyncio.sleep(0.1)
        _signal(worker, signal.SIGKILL)

    async def _hear(self, slot: Slot, worker: Worker) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=worker.end, limit=LINE_BYTES)
        with suppress(ConnectionError, ValueError):
            while line := await reader.readline():
                worker.heard = monotonic()
                worker.told = line
                if not self._served:
                    self._served = True
                    announce(url(self._listener))
        writer.close()
        self._bury(slot, worker, await _ended(worker))

    def _bury(self, slot: Slot, worker: Worker, code: int) -> None:
        slot.worker = None
        self._common.connections[slot.place.number] = VACANT
        self._common.ready[slot.place.number] = 1  # The others do not wait for the next one, which may end as well.
        self._on_end(worker.told)
        self._changed.set()
        if self._stopping:
            # A worker that SIGTERM killed before it handled the signal ended as it should.
            self._codes.add(0 if code == -signal.SIGTERM else code if code in (0, EXIT_FORCED) else 1)
            return
        reason = "wedged" if worker.wedged else "died"
        self.team.ended[reason] += 1
        if reason == "died":
            log.error("worker died", worker=slot.place.number, pid=worker.pid, reason=_reason(code))
        slot.failures += 1
        slot.due = monotonic() + (min(0.1 * 4.0 ** (slot.failures - 2), LONGEST_WAIT) if slot.failures > 1 else 0)
        if self._served:
            return
        if code == EXIT_NOT_CONFIGURED:
            self._verdict = code  # The worker has printed the reason.
        elif slot.failures >= HOPELESS:
            print(f"No worker comes to serve: {slot.failures} in a row ended, by {_reason(code)}.", file=sys.stderr)
            self._verdict = EXIT_HOPELESS

    def _stop(self, number: int) -> None:
        self._stopping += 1
        self._deadline = self._deadline or monotonic() + EXIT_SECONDS
        self._changed.set()
        # The workers have the socket too. If it stayed open here, clients would wait in vain after the workers close
        # theirs.
        self._listener.close()
        if self._stopping == 1 or number == signal.SIGINT:
            for worker in self.team.living():
                _signal(worker, signal.SIGTERM if self._stopping == 1 else number)

    async def _supervised(self, supervise: Callable[[], Awaitable[BriefingError]]) -> None:
        self._failure = await supervise()
        self._stop(signal.SIGTERM)

    async def _stopped(self) -> None:
        await self._changed.wait()

    # The places

    def _vacant(self) -> list[Slot]:
        now = monotonic()
        return [one for one in self.team.slots if one.worker is None and one.due <= now and not self._stopping]

    def _fork(self, slot: Slot) -> None:
        ours, theirs = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        pid = os.fork()
        if pid == 0:
            # This also closes the parent's end of each sibling's socket. If it stayed open here, the sibling would not
            # see that the parent is gone.
            become(parent, [ours.fileno(), *(worker.end.fileno() for worker in self.team.living())])
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            finish(self._work, WorkerChannel(slot.place, theirs, self._common))
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        theirs.close()
        self._common.connections[slot.place.number] = 0
        now = monotonic()
        slot.worker = Worker(pid, ours, now, now)

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _once(event: asyncio.Event) -> None:
    await event.wait()


async def _ended(worker: Worker) -> int:
    """Return the exit code, or the signal as a negative number. The worker's socket closes a moment before they can be
    read."""
    late = monotonic() + 1
    while (found := os.waitpid(worker.pid, os.WNOHANG))[0] == 0:  # noqa: ASYNC222
        if monotonic() > late:
            _signal(worker, signal.SIGKILL)
        await asyncio.sleep(0.005)
    return os.waitstatus_to_exitcode(found[1])


def _signal(worker: Worker, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(worker.pid, number)


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"
