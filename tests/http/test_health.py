"""The readiness of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from api.errors import Unavailable
from api.observability.health import Health


class Store:
    """A store that can always answer."""

    async def ready(self) -> None:
        return


class Two:
    """Two processes. The other one becomes ready on its own."""

    def __init__(self) -> None:
        self.ready = {"self": False, "other": False}

    def note_ready(self) -> None:
        self.ready["self"] = True

    def all_ready(self) -> bool:
        return all(self.ready.values())


def reason(health: Health) -> str:
    """Return why the process is not ready; empty if it is."""
    try:
        asyncio.run(health.check())
    except Unavailable as error:
        return error.message
    return ""


def test_one_process_is_ready_when_its_store_is_prepared_until_it_drains() -> None:
    health = Health(Store())
    assert reason(health) == "The store is being prepared."
    health.note_prepared()
    assert reason(health) == ""
    health.draining = True
    assert reason(health) == "The service is going down."


@pytest.mark.parametrize("first", ["self", "other"])
def test_of_two_processes_neither_is_ready_before_the_other(first: str) -> None:
    peers = Two()
    health = Health(Store(), peers)
    steps: dict[str, Callable[[], None]] = {
        "self": health.note_prepared,
        "other": lambda: peers.ready.update(other=True),
    }
    steps.pop(first)()
    assert reason(health) != ""
    steps.popitem()[1]()
    assert reason(health) == ""
