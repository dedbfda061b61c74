"""The nodes of a cluster of Redis or Valkey. The commands for one node travel together, as those for one server do.

A command goes to the node that has the slot of its first key. A node that does not have the slot any more refuses the
command with `MOVED`, or with `ASK` while the slot is on its way. It has not run the command then, so the command is
sent to the other node. As with one server, there is no second try after a lost connection, which could charge twice.

The cluster client of redis-py is not used: it repeats commands after a lost connection, sends those that moved one by
one, and lets the commands for all nodes wait for the slowest one. Its connections, errors and slots are used.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from api.access.limits.redis_connection import TRIP_SECONDS, Argument, RedisConnection, RedisUnavailable, SlotMoving
from api.errors import SettingsError

if TYPE_CHECKING:
    from redis.exceptions import AskError

CLUSTER_URL = re.compile(r"(redis|rediss)\+cluster://((?:[^@/]*@)?)([^/?]+)(/0?)?(\?.*)?$")
FORM = "It looks like redis+cluster://node-1:6379,node-2:6379."
# The key of a command: EVALSHA hash number-of-keys key.
KEY = 3
# A slot may have moved again while a command was on its way.
MAX_MOVES = 4
# How often, and after which pause, a command is sent again whose keys are just being moved.
MOVING_TRIES = 4
MOVING_PAUSE = 0.005


class RedisCluster:
    """The connections of one process to the nodes of a cluster, with the interface of `RedisConnection`."""

    def __init__(self, url: str, seconds: float = TRIP_SECONDS) -> None:
        from redis.crc import key_slot
        from redis.exceptions import AskError, MovedError, NoScriptError, ResponseError, TryAgainError

        self.missing_script: type[Exception] = NoScriptError
        self.refusal: type[Exception] = ResponseError
        self._moved: type[AskError] = MovedError
        self._ask: type[AskError] = AskError
        self._try_again: type[Exception] = TryAgainError
        self._key_slot = key_slot
        match = CLUSTER_URL.fullmatch(url)
        first_nodes = match[3].split(",") if match is not None else []
        if match is None or not all(first_nodes):
            raise SettingsError("BRIEFING_REDIS_URL: expected the nodes of a cluster.", FORM)
        self._scheme, self._account, _, _, options = match.groups()
        self._options = options or ""
        self._seconds = seconds
        self._nodes: dict[str, RedisConnection] = {}
        self._first_nodes = first_nodes
        for address in self._first_nodes:
            self._node(address)  # A wrong address ends the start.
        # The address of the node of each slot, as ranges; empty if it is not known.
        self._ranges: list[tuple[int, int, str]] = []
        self._moves: dict[int, str] = {}
        self._reading: asyncio.Task[None] | None = None

    def send(self, *command: Argument) -> asyncio.Future[Any]:
        """Send a command that has keys of one slot; return the future of its answer. It raises as that of
        `RedisConnection.send` does, and SlotMoving if the slot is just being moved."""
        delivery = asyncio.get_running_loop().create_task(self._deliver(command))
        delivery.add_done_callback(_read_error)
        return delivery

    async def probe_keys(self) -> list[str]:
        """Return a key for each node that has slots. RedisUnavailable if a slot has no node."""
        await self._read_ranges()
        keys = []
        for address in sorted(set(self._slot_addresses())):
            number = 0
            while self._address(f"{{probe:{number}}}") != address:
                number += 1
            keys.append(f"probe:{number}")
        return keys

    async def close(self) -> None:
        """Close the connections after all commands that were sent have been answered."""
        if self._reading is not None:
            await asyncio.wait({self._reading})
        for node in self._nodes.values():
            await node.close()

    async def _deliver(self, command: tuple[Argument, ...]) -> Any:
        if not self._ranges:
            await self._read_ranges()
        address = self._address(str(command[KEY]))
        asks = False
        tries = 0
        for _ in range(MAX_MOVES + MOVING_TRIES):
            node = self._node(address)
            if asks:
                node.send("ASKING")
            try:
                return await node.send(*command)
            except self._moved as moved:
                address, asks = self._read_address(moved, address), False
                self._moves[moved.slot_id] = address
                # Mostly a slot does not move alone.
                self._start_reading()
            except self._ask as moved:
                address, asks = self._read_address(moved, address), True
            except self._try_again:
                # One of the caller's keys is on this node, and the other one is not there or on its way.
                tries += 1
                if tries == MOVING_TRIES:
                    raise SlotMoving("the slot of the caller is being moved") from None
                await asyncio.sleep(MOVING_PAUSE)
                address, asks = self._address(str(command[KEY])), False
            except RedisUnavailable:
                # A replica may have taken the place of the node.
                self._ranges, self._moves = [], {}
                raise
        raise SlotMoving("the slot of the caller moves again and again")

    def _address(self, key: str) -> str:
        """Return the address of the node that has a key. RedisUnavailable if none has."""
        slot = self._key_slot(key.encode())
        address = self._moves.get(slot)
        if address is not None:
            return address
        for first, last, address in self._ranges:
            if first <= slot <= last:
                return address
        raise RedisUnavailable(f"no node of the cluster has the slot {slot}")

    def _node(self, address: str) -> RedisConnection:
        node = self._nodes.get(address)
        if node is None:
            url = f"{self._scheme}://{self._account}{address}/0{self._options}"
            node = self._nodes[address] = RedisConnection(url, self._seconds)
        return node

    def _start_reading(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read_slots())
            self._reading.add_done_callback(_read_error)
        return self._reading

    async def _read_ranges(self) -> None:
        """Read the node of each slot. Commands that wait for it at the same time share one reading."""
        await asyncio.shield(self._start_reading())

    def _slot_addresses(self) -> list[str]:
        """Return the address of the node of each range of slots."""
        return [address for _, _, address in self._ranges]

    async def _read_slots(self) -> None:
        """Ask the nodes, those that were found last before those of the URL, until one of them answers."""
        failure = RedisUnavailable("no node of the cluster answers")
        addresses = [*self._slot_addresses(), *self._nodes, *self._first_nodes]
        for address in dict.fromkeys(addresses):
            try:
                slots = await self._node(address).send("CLUSTER", "SLOTS")
            except RedisUnavailable as error:
                failure = error
                continue
            except self.refusal as error:
                failure = RedisUnavailable(f"{address} is no node of a cluster: {error}")
                continue
            self._ranges = [(first, last, _write_address(node, address)) for first, last, node, *_ in slots]
            self._moves = {}
            return
        raise failure

    def _read_address(self, moved: AskError, asked: str) -> str:
        """Return the address of the node that a refusal names. Without a host it is that of the node that refused."""
        return _join(moved.host or _split_host(asked), moved.port)


def _write_address(node: list[Any], asked: str) -> str:
    """Return the address of a node in the answer to CLUSTER SLOTS. A node that does not know its own host leaves it
    empty."""
    host = node[0].decode() if node[0] else ""
    if host in ("", "?"):
        host = _split_host(asked)
    return _join(host, node[1])


def _split_host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]") or address


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _read_error(task: asyncio.Task[Any]) -> None:
    """Read the error of a command whose sender does not wait for it, so that asyncio does not log it."""
    if not task.cancelled():
        task.exception()
