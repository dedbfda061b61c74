"""Describe the caller of a statement and the price of its request. They determine the order of the pool's queue.

`Service.execute` and `Exports` create a ticket for each statement. The origin comes from the context of the request,
where `Authentication.admit` puts it. `SERVICE` is the origin of the service's own statements.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Rank(IntEnum):
    """The order in which the pool serves waiting statements: lower ranks first."""

    SERVICE = 0
    KEYED = 1
    ANONYMOUS = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """A caller and the networks of its request: `network` is the IPv6 /48 or IPv4 /24, `subnetwork` the /64 or the
    address."""

    rank: Rank
    caller: str
    network: str
    subnetwork: str


@dataclass(eq=False, slots=True)
class Ticket:
    """The origin of one statement, and the points of its price, which set its time limit. The origin changes if a
    caller of a better rank joins the request (`Pool.lift`)."""

    origin: Origin
    price: int


SERVICE = Origin(Rank.SERVICE, "service", "", "")
