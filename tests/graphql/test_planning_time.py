"""A known document is planned at once, unless planning takes long. Then its caller waits for a turn."""

from __future__ import annotations

from typing import Any

import pytest

from api.access.caller import Caller
from api.graphql import executor
from api.graphql.document import PLANNING_FORGOTTEN, PlanningTime
from api.graphql.scheduler import DocumentScheduler
from api.store.migrate import migrate
from tests.agreement.conftest import open_apis

DOCUMENT = "query ($first: Int) { events(first: $first) { nodes { id } } }"


def test_a_long_planning_is_forgotten_slowly() -> None:
    time = PlanningTime()
    time.note(0.02)
    time.note(0.001)
    assert time.longest_seconds == 0.02 * PLANNING_FORGOTTEN
    for _ in range(50):
        time.note(0.001)
    assert time.longest_seconds == 0.001


@pytest.mark.parametrize(("at_once", "turns"), [(60.0, 1), (0.0, 4)])
async def test_a_known_document_takes_turns_if_planning_it_takes_long(
    database: str, monkeypatch: pytest.MonkeyPatch, at_once: float, turns: int
) -> None:
    await migrate(database)
    turns_taken: list[Caller] = []
    turn = DocumentScheduler.turn

    def count_turn(self: DocumentScheduler, caller: Caller) -> Any:
        turns_taken.append(caller)
        return turn(self, caller)

    monkeypatch.setattr(DocumentScheduler, "turn", count_turn)
    monkeypatch.setattr(executor, "QUICKLY_PLANNED", at_once)
    async with open_apis(database) as apis:
        for first in (1, 2, 3, 4):
            status, answer = await apis.graphql(DOCUMENT, {"first": first})
            assert (status, "errors" in answer) == (200, False), answer
        # The same bytes need no turn, because their plan is cached.
        await apis.graphql(DOCUMENT, {"first": 4})
    assert len(turns_taken) == turns
