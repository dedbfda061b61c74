"""The readiness of a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from api.errors import SettingsError, Unavailable
from api.observability import health as module
from api.observability.health import Health, persist


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


class Failing:
    """A store that cannot answer for a reason, with what its driver said."""

    def __init__(self) -> None:
        self.reason: Unavailable | None = None
        self.cause: Exception | None = None

    async def ready(self) -> None:
        if self.reason is not None:
            raise self.reason from self.cause


def test_each_change_of_the_reason_is_logged_once_with_what_to_do() -> None:
    store = Failing()
    health = Health(store)
    with capture_logs() as lines:
        for _ in range(3):
            assert reason(health)
        health.note_prepared()
        for _ in range(3):
            assert reason(health) == ""
        store.reason = Unavailable("No tables.", operator_hint="Run `briefing migrate`.")
        store.cause = PermissionError("permission denied for view")
        for _ in range(3):
            assert reason(health) == "No tables."
        store.reason, store.cause = Unavailable("No answer."), None
        assert reason(health) == "No answer."
        store.reason = None
        assert reason(health) == ""
    assert [line["event"] for line in lines] == ["not ready", "ready", "not ready", "not ready", "ready"]
    assert lines[0] == {"event": "not ready", "log_level": "warning", "reason": "The store is being prepared."}
    assert lines[2] == {
        "event": "not ready",
        "log_level": "warning",
        "reason": "No tables.",
        "cause": "PermissionError: permission denied for view",
        "remedy": "Run `briefing migrate`.",
    }
    assert lines[3]["remedy"] == "Run `briefing doctor`."


async def test_a_store_that_is_away_is_waited_for_and_one_that_cannot_be_prepared_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.0)
    errors = [*[Unavailable("Away.")] * 3, SettingsError("Not complete.", "Restore it again.")]

    async def prepare() -> None:
        raise errors.pop(0)

    with capture_logs() as lines, pytest.raises(SettingsError, match="Not complete"):
        await persist(prepare, asyncio.Event())
    assert [(line["reason"], line["remedy"]) for line in lines] == [("Away.", "Run `briefing doctor`.")]
