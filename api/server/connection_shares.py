"""Count the connections of a process by address and network, and choose the one that gives way to a new one.

Below the maximum no client is limited. At the maximum a new connection replaces another, chosen in this order:

1. waiting: it has sent nothing yet, or half a request, or nothing since its last answer;
2. unread: its client has not read the answer that was sent;
3. busy, if its address has more than a quarter of the maximum, or its network more than half.

In each step the address with the most connections is chosen, and of its connections the one that has been waiting or
unread for the longest time, or the newest busy one. Each address of a network (IPv6 /48, IPv4 /24) counts as at least a
quarter of the network's connections, so that a large block of addresses gains nothing. Connections from trusted proxies
carry many clients. They have no share, and give way last, if they are waiting or unread.
"""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Literal, Protocol

from api.middleware.client_address import Network, blocks, is_trusted

# Each address of a network counts as at least this part (a quarter) of the network's connections.
NETWORK = 4
# The part (a quarter, a half) of the maximum that an address, and a network, may have without giving way while busy.
ADDRESS_SHARE = 4
NETWORK_SHARE = 2


class ClosableConnection(Protocol):
    """A connection that can be closed for another one."""

    def give_way(self) -> None:
        """Close it at once, because a new connection needs its place."""


class AddressConnections:
    """An address (IPv6: its /64) and its connections: all of them, those that wait, and those with an unread answer.
    Each has the time since when, and the oldest is first."""

    __slots__ = ("all", "exempt", "name", "network", "unread", "waiting")

    def __init__(self, name: str, network: NetworkConnections, exempt: bool) -> None:
        self.name = name
        self.network = network
        self.exempt = exempt
        self.all: dict[ClosableConnection, float] = {}
        self.waiting: dict[ClosableConnection, float] = {}
        self.unread: dict[ClosableConnection, float] = {}

    def note(self, connection: ClosableConnection, *, waits: bool) -> None:
        """Note whether the connection waits for a request, or has a whole one. If it waited before, the time since when
        does not change."""
        if not waits:
            self.waiting.pop(connection, None)
        elif connection not in self.waiting:
            self.waiting[connection] = monotonic()

    def reads_later(self, connection: ClosableConnection) -> None:
        """Note that the client of the connection has an unread answer."""
        self.unread[connection] = monotonic()

    def has_read(self, connection: ClosableConnection) -> None:
        """Note that the client has read the answer."""
        self.unread.pop(connection, None)


class NetworkConnections:
    """A network, and the number of its connections."""

    __slots__ = ("count", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0


class ConnectionShares:
    """At most `maximum` connections, counted by address and network."""

    def __init__(self, maximum: int, proxies: Sequence[Network]) -> None:
        self.maximum = maximum
        self._proxies = proxies
        self._holders: dict[str, AddressConnections] = {}
        self._networks: dict[str, NetworkConnections] = {}
        self.count = 0

    def enter(self, connection: ClosableConnection, address: str) -> AddressConnections | None:
        """Add a connection that waits, and return the connections of its address. None if there is no room and none
        gives way."""
        holder = self._find_holder(address)
        if self.count >= self.maximum:
            replaced = self._choose_replaced(holder)
            if replaced is None:
                self._forget(holder)
                return None
            replaced.give_way()
        self._holders[holder.name] = holder
        self._networks[holder.network.name] = holder.network
        self.count += 1
        holder.network.count += 1
        holder.all[connection] = monotonic()
        holder.note(connection, waits=True)
        return holder

    def leave(self, connection: ClosableConnection, holder: AddressConnections) -> None:
        """Remove a connection that has ended; only the first call counts."""
        if holder.all.pop(connection, None) is None:
            return
        holder.waiting.pop(connection, None)
        holder.unread.pop(connection, None)
        self.count -= 1
        holder.network.count -= 1
        self._forget(holder)

    def _find_holder(self, address: str) -> AddressConnections:
        name, network_name = blocks(address)
        holder = self._holders.get(name)
        if holder is not None:
            return holder
        network = self._networks.get(network_name) or NetworkConnections(network_name)
        return AddressConnections(name, network, is_trusted(address, self._proxies))

    def _forget(self, holder: AddressConnections) -> None:
        if not holder.all:
            self._holders.pop(holder.name, None)
        if not holder.network.count:
            self._networks.pop(holder.network.name, None)

    def _choose_replaced(self, newcomer: AddressConnections) -> ClosableConnection | None:
        """Return the connection that gives way to a new one of this holder."""
        holders = list(self._holders.values())
        clients = [holder for holder in holders if not holder.exempt]
        connection = _find_oldest(clients, "waiting") or _find_oldest(clients, "unread")
        if connection is None:
            connection = self._find_beyond_share(newcomer, clients)
        if connection is None:
            connection = _find_oldest(holders, "waiting") or _find_oldest(holders, "unread")
        return connection

    def _find_beyond_share(
        self, newcomer: AddressConnections, holders: list[AddressConnections]
    ) -> ClosableConnection | None:
        """Return the newest connection of the address with the most connections, among those that have more than their
        share. None if the new connection comes from such an address itself."""
        beyond_share = [holder for holder in holders if self._is_beyond_its_share(holder)]
        if not beyond_share or newcomer in beyond_share:
            return None
        largest = max(beyond_share, key=_weigh)
        return next(reversed(largest.all))

    def _is_beyond_its_share(self, holder: AddressConnections) -> bool:
        if len(holder.all) > self.maximum // ADDRESS_SHARE:
            return True
        return holder.network.count > self.maximum // NETWORK_SHARE


def _weigh(holder: AddressConnections) -> int:
    return max(len(holder.all), holder.network.count // NETWORK)


def _find_oldest(holders: list[AddressConnections], state: Literal["waiting", "unread"]) -> ClosableConnection | None:
    """Return the connection that has been in this state for longest, of the addresses with the most connections."""
    oldest: ClosableConnection | None = None
    highest_rank = (-1, 0.0)
    for holder in holders:
        connections = holder.waiting if state == "waiting" else holder.unread
        if not connections:
            continue
        # The first one has been in this state for longest.
        connection, since = next(iter(connections.items()))
        rank = (_weigh(holder), -since)
        if rank > highest_rank:
            highest_rank = rank
            oldest = connection
    return oldest
