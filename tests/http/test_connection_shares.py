"""The connection that gives way to a new one, and the measurement of a client's pace."""

from __future__ import annotations

from api.middleware.client_address import read_trusted_networks
from api.server.connection_shares import AddressConnections, ConnectionShares
from api.server.pace import Pace

# Addresses of different networks, of one /24, and of one /48.
APART = [f"10.0.{number}.1" for number in range(50)]
IPV4 = [f"192.0.2.{number}" for number in range(50)]
IPV6 = [f"2001:db8:1:{number:x}::1" for number in range(50)]


class Connection:
    """A connection that leaves when it gives way."""

    def __init__(self, crowd: Crowd, address: str) -> None:
        self.crowd = crowd
        self.address = address
        self.holder: AddressConnections | None = crowd.shares.enter(self, address)

    def give_way(self) -> None:
        assert self.holder is not None
        self.crowd.gone.append(self.address)
        self.crowd.shares.leave(self, self.holder)


class Crowd:
    """Connections below a maximum. `gone` has the addresses of those that gave way."""

    def __init__(self, most: int, proxies: str = "") -> None:
        self.shares = ConnectionShares(most, read_trusted_networks(proxies))
        self.gone: list[str] = []

    def enter(self, *addresses: str, busy: bool = False) -> list[Connection]:
        connections = [Connection(self, address) for address in addresses]
        for connection in connections if busy else []:
            assert connection.holder is not None
            connection.holder.note(connection, waits=False)
        return connections


def test_the_address_that_holds_most_gives_way_and_its_oldest_first() -> None:
    crowd = Crowd(12)
    few = crowd.enter("10.0.0.1", "10.0.0.1")
    many = crowd.enter(*["10.0.1.1"] * 10)
    crowd.enter(*APART[2:7])
    assert crowd.gone == ["10.0.1.1"] * 5
    assert [connection.holder.all.get(connection) is not None for connection in many if connection.holder] == [
        False
    ] * 5 + [True] * 5
    assert all(connection.holder and connection in connection.holder.all for connection in few)


def test_among_addresses_with_one_connection_each_the_oldest_gives_way() -> None:
    crowd = Crowd(20)
    crowd.enter(*APART[:20])
    crowd.enter(*APART[20:25])
    assert crowd.gone == APART[:5]


def test_many_addresses_of_one_block_do_not_get_around_the_limit() -> None:
    for block in (IPV4, IPV6):
        crowd = Crowd(46)
        crowd.enter(*["10.0.0.1"] * 6)
        crowd.enter(*block[:40])
        crowd.enter(*APART[1:11])
        assert crowd.gone == block[:10]


def test_addresses_of_one_64_are_one() -> None:
    crowd = Crowd(10)
    crowd.enter("10.0.0.1", "10.0.0.1")
    crowd.enter(*[f"2001:db8::{number}" for number in range(8)], "10.0.1.1")
    assert crowd.gone == ["2001:db8::0"]


def test_a_busy_connection_within_its_share_does_not_give_way() -> None:
    crowd = Crowd(8)
    crowd.enter(*APART[:8], busy=True)
    assert crowd.enter("10.1.0.1")[0].holder is None
    assert crowd.gone == []


def test_busy_connections_beyond_a_share_give_way() -> None:
    crowd = Crowd(8)
    crowd.enter(*["10.0.0.1"] * 5, *APART[1:4], busy=True)
    assert crowd.enter("10.0.0.1")[0].holder is None, "not to their own address"
    assert crowd.enter("10.1.0.1")[0].holder is not None
    assert crowd.gone == ["10.0.0.1"]


def test_an_answer_that_is_not_read_gives_way_before_a_busy_connection_and_after_a_waiting_one() -> None:
    crowd = Crowd(4)
    _, unread, _, _ = crowd.enter(*APART[:4], busy=True)
    assert unread.holder is not None
    unread.holder.reads_later(unread)
    waiting = crowd.enter("10.2.0.1", "10.2.0.2")
    assert crowd.gone == [APART[1], "10.2.0.1"]
    assert waiting[1].holder is not None


def test_connections_of_a_trusted_proxy_give_way_last() -> None:
    crowd = Crowd(8, "10.9.0.0/16")
    crowd.enter(*["10.9.0.1"] * 5)
    crowd.enter(*APART[:3])
    crowd.enter(*APART[3:9])
    assert "10.9.0.1" not in crowd.gone
    crowd = Crowd(3, "10.9.0.0/16")
    crowd.enter(*["10.9.0.1"] * 4)
    assert crowd.gone == ["10.9.0.1"]


def test_nothing_is_remembered_of_those_that_left() -> None:
    crowd = Crowd(100)
    for connection in crowd.enter(*APART, *IPV4, busy=True):
        connection.give_way()
        connection.give_way()
    assert (crowd.shares.count, crowd.shares._holders, crowd.shares._networks) == (0, {}, {})


def slow_looks(pace: Pace, seconds: float, rate: float, begin: float = 0.0) -> list[bool]:
    """Look once a second at a client with this rate. Return for each look if it is below 100 bytes a second."""
    below = []
    pace.begin(begin, 1_000_000)
    for second in range(1, int(seconds) + 1):
        pace.look(begin + second, 1_000_000 - int(rate * second))
        below.append(pace.is_below(100))
    return below


def test_a_client_below_the_pace_is_seen_after_a_window_and_a_faster_one_never() -> None:
    assert slow_looks(Pace(30), 40, 99) == [False] * 29 + [True] * 11
    assert not any(slow_looks(Pace(30), 600, 100))


def test_bytes_read_before_the_window_do_not_count() -> None:
    pace = Pace(30)
    assert not any(slow_looks(pace, 60, 1000))
    assert slow_looks(pace, 40, 10, 60)[-1]


def test_the_time_in_which_nothing_waits_does_not_count() -> None:
    pace = Pace(30)
    below = []
    for turn in range(40):
        # For a second the client takes 150 bytes. Then, for a minute, there is nothing to send.
        pace.begin(61.0 * turn, 150)
        pace.look(61.0 * turn + 1, 0)
        below.append((pace.is_below(100), pace.is_below(151)))
    assert below == [(False, False)] * 29 + [(False, True)] * 11
