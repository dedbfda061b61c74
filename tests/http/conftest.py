"""A real server in a process of its own, and raw sockets to it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.forked import ForkedCommand

ROOT = Path(__file__).parents[2]
# The signal that ends a service. One that is killed cannot write which lines it ran, for `make coverage`.
END = signal.SIGTERM if "COVERAGE_PROCESS_CONFIG" in os.environ else signal.SIGKILL
BOUNDS = {
    "max_headers": "2048",
    "max_url": "1024",
    "max_body": "4096",
    "header_timeout": "0.25",
    "body_timeout": "0.25",
}


Command = subprocess.Popen[str] | ForkedCommand


@dataclass(frozen=True)
class Answer:
    """A response as it was read from the socket."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.fields["content-type"] == "application/problem+json"
        problem: dict[str, Any] = json.loads(self.body)
        assert problem["status"] == self.status
        assert problem["type"] == f"/problems/{problem['code']}"
        assert problem["title"] and problem["detail"] and problem["request_id"]
        return problem


class Client:
    """A socket that sends any bytes and reads one answer at a time."""

    def __init__(self, port: int, address: str = "", window: int = 0) -> None:
        """Connect from an address of this machine, with a receive buffer of `window` bytes; 0 for the usual size."""
        self.socket = socket.socket()
        self.socket.settimeout(5)
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        try:
            self.socket.bind((address, 0))
            self.socket.connect(("127.0.0.1", port))
        except OSError:
            self.socket.close()
            raise
        self.read = self.socket.makefile("rb")

    def send(self, *parts: bytes) -> None:
        self.socket.sendall(b"".join(parts))

    def ask(self, method: str, path: str, *fields: str, version: str = "1.1", body: bytes = b"") -> None:
        lines = [f"{method} {path} HTTP/{version}", "Host: localhost", *fields, "", ""]
        self.send("\r\n".join(lines).encode(), body)

    def get(self, path: str, *fields: str) -> Answer:
        self.ask("GET", path, *fields)
        return self.answer()

    def head(self) -> tuple[int, dict[str, str]]:
        line = self.read.readline()
        assert line.startswith(b"HTTP/1.1 "), line
        fields = {}
        while (field := self.read.readline()) != b"\r\n":
            name, _, value = field.decode().partition(":")
            fields[name] = value.strip()
        return int(line.split()[1]), fields

    def answer(self) -> Answer:
        status, fields = self.head()
        if fields.get("transfer-encoding") == "chunked":
            body = b"".join(self.chunks())
        elif "content-length" in fields:
            body = self.read.read(int(fields["content-length"]))
        else:
            body = self.read.read()
        return Answer(status, fields, body)

    def chunks(self) -> Iterator[bytes]:
        while size := int(self.read.readline(), 16):
            yield self.read.read(size)
            self.read.readline()
        self.read.readline()

    def closed(self) -> bool:
        """Return True if the server ends the connection without a reset, and sends nothing more."""
        return self.read.read(1) == b""

    def close(self) -> None:
        self.read.close()
        self.socket.close()


@dataclass(frozen=True)
class ServerProcess:
    """The running server."""

    process: Command
    port: int

    @contextmanager
    def client(self, address: str = "", window: int = 0) -> Iterator[Client]:
        client = Client(self.port, address, window)
        try:
            yield client
        finally:
            client.close()

    def narrow(self) -> AbstractContextManager[Client]:
        """Return a client with a small window, so that what it does not read stays with the server."""
        return self.client(window=4096)

    def state_counts(self) -> list[int]:
        with self.client() as client:
            return [int(number) for number in client.get("/state").body.split()]


def launch(*arguments: str, **settings: str) -> subprocess.Popen[str]:
    variables = {"port": "0", **BOUNDS, **settings}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{f"BRIEFING_{k.upper()}": v for k, v in variables.items()}}
    command = [sys.executable, str(Path(__file__).with_name("served.py")), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextmanager
def serving(*arguments: str, **settings: str) -> Iterator[ServerProcess]:
    with launch(*arguments, **settings) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Serving on http://127.0.0.1:"), line
        try:
            yield ServerProcess(process, urlsplit(line.split()[-1]).port or 0)
        finally:
            process.send_signal(END)


@pytest.fixture(scope="session")
def http_server() -> Iterator[ServerProcess]:
    with serving() as server:
        yield server


@pytest.fixture
def client(http_server: ServerProcess) -> Iterator[Client]:
    with http_server.client() as client:
        yield client


@pytest.fixture
def run() -> Callable[..., AbstractContextManager[ServerProcess]]:
    """`with run(max_connections="3") as served:` runs a server with its own settings."""
    return serving


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Start the process without waiting until it serves."""
    return launch
