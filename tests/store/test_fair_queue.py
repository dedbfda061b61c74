"""The queue of the pool: the order of its statements. Many requests or addresses get no more than a share."""

from __future__ import annotations

import asyncio
import random

import pytest

from api.store import fair_queue
from api.store.fair_queue import HALF_LIFE, FairQueue
from api.store.ticket import Origin, Rank, Ticket

NOW = 1000.0


def anonymous(network: int, subnetwork: int = 0) -> Origin:
    """Return the origin of an anonymous caller in a network."""
    narrow = f"2001:db8:{network:x}:{subnetwork:x}::/64"
    return Origin(Rank.ANONYMOUS, f"ip:{narrow}", f"2001:db8:{network:x}::/48", narrow)


def keyed(number: int, network: int = 0) -> Origin:
    """Return the origin of a caller with a key, in a network."""
    return Origin(Rank.KEYED, f"key:{number}", f"2001:db8:{network:x}::/48", f"2001:db8:{network:x}::/64")


class Queue(FairQueue[None]):
    """A queue that names the callers that it serves."""

    async def enter(self, *origins: Origin) -> list[Ticket]:
        """Add statements of these callers in this order, and return their tickets."""
        loop = asyncio.get_running_loop()
        tickets = [Ticket(origin, 1) for origin in origins]
        for ticket in tickets:
            self.add(ticket, False, loop.create_future())
        return tickets

    def use(self, origin: Origin, seconds: float, now: float = NOW) -> None:
        """Add store time to a caller."""
        self.share(origin).add(seconds, now)

    def serve_next(self, many: int = 1000, last: Rank = Rank.ANONYMOUS) -> list[Origin]:
        """Take the next statements, `many` at most, and return their callers."""
        origins: list[Origin] = []
        while len(origins) < many and (waiter := self.next(last)) is not None:
            origins.append(waiter.ticket.origin)
        return origins


@pytest.fixture
async def queue() -> Queue:
    """An empty queue."""
    return Queue()


async def test_callers_with_a_key_are_served_before_anonymous_ones(queue: Queue) -> None:
    queue.use(keyed(1), 100)
    await queue.enter(anonymous(1), keyed(1), anonymous(2), keyed(2))
    assert queue.serve_next() == [keyed(2), keyed(1), anonymous(1), anonymous(2)]


async def test_up_to_a_rank_the_others_go_on_waiting(queue: Queue) -> None:
    await queue.enter(anonymous(1), keyed(1))
    assert queue.serve_next(last=Rank.KEYED) == [keyed(1)]
    assert (queue.waiting(Rank.ANONYMOUS), len(queue)) == (1, 1)


async def test_the_network_that_has_used_the_least_store_time_is_next(queue: Queue) -> None:
    for network, seconds in ((1, 3.0), (2, 1.0), (3, 2.0)):
        queue.use(anonymous(network), seconds)
    await queue.enter(*map(anonymous, (1, 2, 3, 4)))
    assert queue.serve_next() == [anonymous(4), anonymous(2), anonymous(3), anonymous(1)]


async def test_many_addresses_of_a_network_have_the_share_of_one(queue: Queue) -> None:
    await queue.enter(*(anonymous(1, number) for number in range(6)), anonymous(2), anonymous(3))
    for number in range(6):
        queue.use(anonymous(1, number), 0.01)
    queue.use(anonymous(2), 0.02)
    assert queue.serve_next(2) == [anonymous(3), anonymous(2)], "six times 0.01 seconds are more than 0.02"


async def test_within_a_network_the_address_that_has_used_the_least_is_next(queue: Queue) -> None:
    queue.use(anonymous(1, 1), 1)
    await queue.enter(anonymous(1, 1), anonymous(1, 1), anonymous(1, 2))
    assert queue.serve_next() == [anonymous(1, 2), anonymous(1, 1), anonymous(1, 1)]


async def test_a_caller_with_many_statements_takes_turns_with_the_others(queue: Queue) -> None:
    await queue.enter(*[anonymous(1)] * 4, anonymous(2), anonymous(3))
    assert queue.serve_next() == [anonymous(1), anonymous(2), anonymous(3), *[anonymous(1)] * 3]


async def test_the_own_statements_of_a_caller_are_served_in_their_order(queue: Queue) -> None:
    tickets = await queue.enter(*[anonymous(1)] * 5)
    waiters = [queue.next(Rank.ANONYMOUS) for _ in tickets]
    assert [waiter.ticket for waiter in waiters if waiter] == tickets


async def test_a_key_that_is_used_from_many_networks_has_one_share(queue: Queue) -> None:
    queue.use(keyed(1, network=0), 1)
    queue.use(keyed(2, network=99), 0.5)
    await queue.enter(*(keyed(1, network) for network in range(1, 20)), keyed(2, network=99))
    assert queue.serve_next(1) == [keyed(2, 99)]


async def test_store_time_decays_and_the_order_of_those_that_wait_stays_right(queue: Queue) -> None:
    queue.use(anonymous(1), 1.0, NOW)
    queue.use(anonymous(2), 0.6, NOW + HALF_LIFE)
    await queue.enter(anonymous(1), anonymous(2))
    assert queue.share(anonymous(1)).seconds(NOW + HALF_LIFE) == pytest.approx(0.5)
    assert queue.serve_next() == [anonymous(1), anonymous(2)]


async def test_time_that_is_used_while_a_statement_waits_puts_it_back(queue: Queue) -> None:
    await queue.enter(anonymous(1), anonymous(2), anonymous(3))
    queue.use(anonymous(1), 2.0)
    queue.use(anonymous(2), 1.0)
    assert queue.serve_next() == [anonymous(3), anonymous(2), anonymous(1)]


async def test_a_statement_that_leaves_is_not_served_and_its_caller_may_come_again(queue: Queue) -> None:
    loop = asyncio.get_running_loop()
    waiters = [queue.add(Ticket(anonymous(number), 1), False, loop.create_future()) for number in range(3)]
    queue.remove(waiters[0])
    queue.remove(waiters[0])
    await queue.enter(anonymous(0))
    assert sorted(origin.caller for origin in queue.serve_next()) == sorted(anonymous(n).caller for n in range(3))
    assert (len(queue), queue.waiting(Rank.ANONYMOUS)) == (0, 0)


async def test_a_lifted_statement_waits_as_that_of_the_caller_who_lifted_it(queue: Queue) -> None:
    tickets = await queue.enter(anonymous(1), anonymous(2))
    queue.lift(tickets[1], keyed(1))
    assert (queue.waiting(Rank.KEYED), queue.waiting(Rank.ANONYMOUS)) == (1, 1)
    assert queue.serve_next() == [keyed(1), anonymous(1)]
    queue.lift(tickets[0], keyed(1))
    assert tickets[0].origin == keyed(1), "a retry of what no longer waits has the better rank"


async def test_clients_that_come_and_leave_without_end_leave_nothing_behind(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair_queue, "MAX_CALLERS", 50)
    loop = asyncio.get_running_loop()
    await queue.enter(*[anonymous(0)] * 3)
    root = queue.share(anonymous(0)).above.above.above  # type: ignore[union-attr]
    assert root is not None
    for number in range(1, 3000):
        queue.use(anonymous(number % 3000, number), 0.1)
        queue.remove(queue.add(Ticket(anonymous(number, number), 1), False, loop.create_future()))
        assert len(root.heap) <= 2 * (1 + fair_queue.MAX_EMPTY) + 2
    assert queue.remembered() == 50
    assert len(root.below) <= 51
    assert queue.serve_next() == [anonymous(0)] * 3


@pytest.mark.parametrize("seed", range(20))
async def test_the_next_statement_is_always_the_one_a_full_search_finds(queue: Queue, seed: int) -> None:
    """Compare the queue with a plain list of all waiters, which is searched completely each time."""
    chance = random.Random(seed)
    loop = asyncio.get_running_loop()
    waiters = []
    now = NOW
    for _ in range(600):
        now += chance.random()
        origin = anonymous(chance.randrange(4), chance.randrange(4))
        match chance.randrange(4):
            case 0 | 1:
                queue.use(anonymous(chance.randrange(4), chance.randrange(4)), chance.random() + 0.01, now)
                waiters.append(queue.add(Ticket(origin, 1), False, loop.create_future()))
            case 2 if waiters:
                queue.remove(waiters.pop(chance.randrange(len(waiters))))
            case _:
                waiter_ = queue.next(Rank.ANONYMOUS)
                if not waiters:
                    assert waiter_ is None
                    continue
                assert waiter_ is not None

                def key(waiter: fair_queue.Waiter[None]) -> tuple[float, float]:
                    above = waiter.share.above
                    assert above is not None and above.above is not None
                    return above.above.used, waiter.share.used

                assert key(waiter_) == min(map(key, waiters))
                waiters.remove(waiter_)
    assert len(queue) == len(waiters) == queue.waiting(Rank.ANONYMOUS)


async def test_the_queue_counts_the_callers_that_wait(queue: Queue) -> None:
    first, _, _, last_ticket = await queue.enter(anonymous(1), anonymous(1), keyed(1), anonymous(2))
    assert queue.callers_waiting == 3
    queue.lift(first, keyed(1))
    assert queue.callers_waiting == 3, "the first caller has another statement"
    queue.remove(queue._waiters[last_ticket])
    assert queue.callers_waiting == 2
    queue.serve_next()
    assert queue.callers_waiting == 0


async def test_a_ticket_waits_once() -> None:
    """Two statements with one ticket would be one entry, and the second would wait for ever."""
    queue: FairQueue[None] = FairQueue()
    loop = asyncio.get_running_loop()
    ticket = Ticket(anonymous(1), 1)
    waiter = queue.add(ticket, False, loop.create_future())
    with pytest.raises(AssertionError, match="waits already"):
        queue.add(ticket, False, loop.create_future())
    assert queue.next(Rank.ANONYMOUS) is waiter and len(queue) == 0
    queue.add(ticket, False, loop.create_future())
