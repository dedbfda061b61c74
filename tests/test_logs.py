"""The log: its stream, and how many lines it takes of clients that send invalid requests."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from api.logs import Seldom

ROOT = Path(__file__).parents[1]
# A command, and something that logs while it runs.
NOISY = """
import sys
import structlog
from api.cli import main
from api.store.access import AccessStore

async def read(*_):
    structlog.get_logger("briefing").warning("a warning", reason="TimeoutError")
    return []

AccessStore.read = read
sys.argv = ["briefing", "audit", "--json"]
main()
"""


async def test_the_log_of_a_command_is_not_among_its_results(new_store: Callable[[], Awaitable[str]]) -> None:
    """`briefing keys create > file` keeps the key alone."""
    environment = {**os.environ, "BRIEFING_DATABASE_URL": await new_store(), "BRIEFING_LOG_FORMAT": "json"}
    command = [sys.executable, "-c", NOISY]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stdout) == (0, "")
    assert json.loads(result.stderr)["event"] == "a warning"


def test_ten_lines_a_second_are_logged_and_the_next_counts_the_dropped() -> None:
    now = 100.0
    seldom = Seldom(10, lambda: now)

    def line(level: int = logging.INFO) -> logging.LogRecord:
        return logging.LogRecord("api.http", level, "", 0, "refused a request", (), None)

    assert [seldom.filter(line()) for _ in range(35)] == [True] * 10 + [False] * 25
    assert seldom.filter(line(logging.ERROR)), "what is worse always passes"
    now = 101.0
    assert seldom.filter(first := line()) and first.__dict__["left_out"] == 25
    assert seldom.filter(second := line()) and "left_out" not in second.__dict__
    now = 102.0
    assert seldom.filter(third := line()) and "left_out" not in third.__dict__
