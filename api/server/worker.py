"""One of several workers: its start after the fork, and the signs of life that it sends to its supervisor."""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import mmap
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NoReturn

from api.errors import Unavailable
from api.exit_codes import ExitCode
from api.server.acceptor import VACANT, ConnectionCounts

# The time between two signs of life of a worker.
BEAT_SECONDS = 0.5
STUCK = signal.SIGUSR2
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class WorkerPosition:
    """The place of a worker: `number` from 0 among `of`. A worker that replaces another one takes over its number."""

    number: int = 0
    of: int = 1


class SharedState:
    """The memory that a parent and its `count` workers share."""

    def __init__(self, count: int) -> None:
        self._ints = memoryview(mmap.mmap(-1, 4 * (1 + 2 * count))).cast("i")
        self.connections = self._ints[1 : 1 + count]
        # 1 for each place whose worker was ready once, or ended before it was. A new worker there changes nothing.
        self.ready = self._ints[1 + count :]
        for number in range(count):
            self.connections[number] = VACANT

    @property
    def prepared(self) -> bool:
        """True once the store is ready for use."""
        return bool(self._ints[0])

    @prepared.setter
    def prepared(self, done: bool) -> None:
        self._ints[0] = done


class WorkerChannel:
    """A worker's link to its parent and the other workers. It sends signs of life while the worker's loop runs. It
    knows if the parent has prepared the store, if all workers were ready, and how many connections each has."""

    def __init__(self, place: WorkerPosition, end: socket.socket, shared: SharedState) -> None:
        self.place = place
        self.shares = ConnectionCounts(shared.connections, place.number)
        self._end = end
        self._shared = shared
        self._beating: asyncio.Task[None] | None = None

    def begin(self, write_sign: Callable[[], bytes]) -> None:
        """Start to send signs of life, on the running loop. `write_sign` returns the text of each: a line without its
        end."""
        self._beating = asyncio.get_running_loop().create_task(self._beat(write_sign))

    async def _beat(self, write_sign: Callable[[], bytes]) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=self._end)
        # The parent sends nothing, so this ends when the parent does.
        end_of_parent = asyncio.create_task(reader.read())
        while not end_of_parent.done():
            if not writer.transport.get_write_buffer_size():
                writer.write(write_sign() + b"\n")
            await asyncio.wait({end_of_parent}, timeout=BEAT_SECONDS)
        os._exit(1)  # The parent is gone. On Linux the kernel would have killed this process already.

    async def prepare(self) -> None:
        """Return if the parent has prepared the store. Unavailable if it has not."""
        if not self._shared.prepared:
            raise Unavailable("The store is being prepared.")

    def note_ready(self) -> None:
        """Tell the other workers that this one can answer."""
        self._shared.ready[self.place.number] = 1

    def all_ready(self) -> bool:
        """Return True if each of the workers was ready once."""
        return all(self._shared.ready)


def become(parent: int, inherited: Iterable[int]) -> None:
    """Set up a worker right after the fork: end with the parent, do not act upon its signals, close its descriptors."""
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL)) != 0:
        os._exit(1)
    if os.getppid() != parent:
        os._exit(1)
    os.setpgid(0, 0)  # Ctrl-C is for the parent, which signals the workers.
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    for descriptor in inherited:
        os.close(descriptor)
    faulthandler.register(STUCK)


def finish(work: Callable[[WorkerChannel], int], channel: WorkerChannel) -> NoReturn:
    """Do the work and exit with its code. The clean-up code of the parent, which the fork copied, does not run."""
    code: int = ExitCode.SOFTWARE
    try:
        code = work(channel)
    except SystemExit as stop:
        if isinstance(stop.code, int):
            code = stop.code
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
