"""Several workers behind one socket: they are replaced, they end, and none outlives its supervisor."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

import pytest

from tests.http.conftest import ROOT, Client, ServerProcess


def launch(*arguments: str, stderr: IO[str] | int = subprocess.PIPE, **settings: str) -> subprocess.Popen[str]:
    variables = {"port": "0", "workers": "2", "worker_timeout": "1", **settings}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **{f"BRIEFING_{k.upper()}": v for k, v in variables.items()}}
    command = [sys.executable, "-m", "tests.http.crew", *arguments]
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True)


@dataclass(frozen=True)
class Crew(ServerProcess):
    """A supervisor with its workers."""

    log: IO[str]

    def log_text(self) -> str:
        """Return its log."""
        self.log.seek(0)
        return self.log.read()

    def ask(self, path: str = "/") -> list[str]:
        """Return what a worker answers on a new connection: number, of, process id, prepared, draining, shared, all
        ready. For "/ready" the worker first notes that it is ready."""
        with self.client() as client:
            return client.get(path).body.decode().split()

    def pids(self, of: int = 0) -> dict[str, int]:
        """Return the process ids by worker number. Many connections are opened at once, so that each worker gets some,
        until `of` workers have answered."""
        start_time = time.monotonic()
        while len(pids := self._pids()) < of:
            assert time.monotonic() - start_time < 10, f"there are only {pids}"
            time.sleep(0.1)  # By then each worker knows that the earlier connections are gone.
        return pids

    def _pids(self) -> dict[str, int]:
        clients = [Client(self.port) for _ in range(16)]
        answers = [client.get("/").body.decode().split() for client in clients]
        for client in clients:
            client.close()
        return {answer[0]: int(answer[2]) for answer in answers}


@contextmanager
def crew(*arguments: str, **settings: str) -> Iterator[Crew]:
    with TemporaryFile("w+") as log, launch(*arguments, stderr=log, **settings) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 20)[0], "it does not start"
            yield Crew(process, urlsplit(process.stdout.readline().split()[-1]).port or 0, log)
        finally:
            process.send_signal(signal.SIGKILL)


def until(true: Callable[[], object], within: float) -> None:
    start_time = time.monotonic()
    while not true():
        assert time.monotonic() - start_time < within, f"not within {within} s"
        time.sleep(0.02)


def has_ended(pid: int) -> bool:
    """Return True if the process has ended, even if its parent has not waited for it yet."""
    try:
        return ") Z" in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True


def test_each_worker_has_its_place_and_what_was_opened_before() -> None:
    with crew(workers="3") as server:
        server.pids(3)
        words = server.ask()
        assert (words[1], words[3], words[5]) == ("3", "True", "s")
        assert server.process.pid not in server.pids().values()


def test_connections_opened_together_are_shared_out() -> None:
    with crew() as server:
        server.pids(2)
        time.sleep(0.2)
        clients = [Client(server.port) for _ in range(40)]
        answers = [client.get("/").body.split()[0] for client in clients]
        for client in clients:
            client.close()
        assert 10 <= answers.count(b"0") <= 30


def _wait_until_replaced(http_server: Crew, pid: int) -> None:
    """Wait until the second worker has another process than this one."""
    until(lambda: http_server.pids().get("1", pid) != pid, 2)


@pytest.mark.fault
def test_a_worker_that_is_killed_is_back_within_2_seconds() -> None:
    with crew() as server:
        for _ in range(3):
            before = server.pids(2)
            os.kill(before["1"], signal.SIGKILL)
            _wait_until_replaced(server, before["1"])
            assert server.pids(2)["0"] == before["0"]


@pytest.mark.fault
@pytest.mark.parametrize("how", ["stopped", "stuck"])
def test_a_worker_that_is_wedged_is_killed_and_replaced(how: str) -> None:
    with crew() as server:
        before = server.pids(2)
        with server.client() as client:
            if how == "stuck":
                client.ask("GET", "/stick")
                wedged = {before["0"], before["1"]}
            else:
                os.kill(before["0"], signal.SIGSTOP)
                wedged = {before["0"]}
            until(lambda: any(has_ended(pid) for pid in wedged), 5)
        until(lambda: len(server.pids()) == 2 and server.pids() != before, 2)
        assert "worker wedged" in server.log_text()
        assert ("in app" in server.log_text()) == (how == "stuck"), "it tells where"


@pytest.mark.fault
def test_sigterm_drains_all_and_ends_with_0() -> None:
    with crew() as server, server.client() as early:
        pids = server.pids(2)
        early.get("/")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.ask()[4] == "True", 1)
        assert early.closed()
        assert server.process.wait(10) == 0
        assert all(has_ended(pid) for pid in pids.values())


def test_ctrl_c_at_a_terminal_is_one_ctrl_c() -> None:
    # A terminal sends the signal to the whole group. A worker that got it, too, would count the supervisor's as the
    # second.
    with crew() as server:
        groups = {os.getpgid(pid) for pid in server.pids().values()}
        assert os.getpgid(server.process.pid) not in groups
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(10) == 0


@pytest.mark.fault
def test_workers_end_with_their_parent() -> None:
    with crew() as server:
        pids = server.pids(2)
        os.kill(pids["1"], signal.SIGSTOP)
        server.process.kill()
        server.process.wait()
        until(lambda: all(has_ended(pid) for pid in pids.values()), 5)


def test_workers_serve_before_the_store_does() -> None:
    with crew("--late") as server:
        assert server.ask()[3] == "False"
        until(lambda: server.ask()[3] == "True", 5)
        assert server.log_text().count("store not ready") == 1, "it is said once"


def test_all_workers_are_ready_when_each_was_ready_once() -> None:
    with crew() as server:
        first = server.ask("/ready")
        assert first[6] == "False"
        until(lambda: server.ask("/ready")[0] != first[0], 10)
        assert server.ask()[6] == "True"


def test_nobody_waits_for_a_worker_that_ended() -> None:
    with crew() as server:
        pids = server.pids(2)
        os.kill(pids["1"], signal.SIGKILL)
        until(lambda: server.pids().get("1", pids["1"]) != pids["1"], 5)
        until(lambda: server.ask("/ready")[0] == "0", 10)
        assert server.ask()[6] == "True"


@pytest.mark.parametrize(
    ("fault", "code", "expected"),
    [
        ("--refuse", 78, "The password is wrong.\nMend it.\n"),
        ("--crash", 70, "No worker comes to serve: 4 in a row ended, by SIGABRT.\n"),
    ],
)
def test_workers_that_can_never_serve_end_the_service_with_a_message(fault: str, code: int, expected: str) -> None:
    start_time = time.monotonic()
    with launch(fault) as process:
        message = process.communicate(timeout=20)[1]
    assert (process.returncode, expected in message) == (code, True), message
    assert fault != "--crash" or time.monotonic() - start_time > 0.5, "the tries are slowed down"


def test_a_store_that_refuses_ends_the_start() -> None:
    with launch("--refused") as process:
        message = process.communicate(timeout=20)[1]
    assert process.returncode != 0
    assert "Postgres refuses us." in message
    assert "No worker" not in message
