"""Every test ends: each has a time limit, and each walk along cursors a maximum of pages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.walking import bounded_walk

ROOT = Path(__file__).parents[1]


HANGING = """
import asyncio, threading, time

def test_sleeps():
    time.sleep(60)

def test_waits_for_a_thread():
    threading.Event().wait()

async def test_awaits():
    await asyncio.sleep(60)

def test_comes_after_them():
    pass
"""


def test_a_test_that_hangs_fails_and_the_next_one_runs(tmp_path: Path) -> None:
    file = tmp_path / "test_hanging.py"
    file.write_text(HANGING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]
    command += ["-o", "timeout=1", "-p", "no:cacheprovider", str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "3 failed, 1 passed" in result.stdout, result.stdout
    assert result.stdout.count("Timeout (>1.0s)") >= 3, result.stdout


def test_every_test_has_a_time(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> None:
    assert pytestconfig.pluginmanager.hasplugin("timeout")
    assert 60 <= float(pytestconfig.getini("timeout")) <= 1200
    assert pytestconfig.getoption("timeout") is None or pytestconfig.getoption("timeout") > 0, (
        "--timeout=0 has no bound"
    )


def test_a_walk_that_goes_in_a_circle_fails_with_a_sentence() -> None:
    after = {"": "a", "a": "b", "b": "a"}
    cursor = ""
    with pytest.raises(AssertionError, match="did not end within 10 pages: a cursor may lead back"):
        for _ in bounded_walk(10):
            cursor = after[cursor]


def test_a_walk_that_ends_is_left_alone() -> None:
    cursor: str | None = ""
    for number in bounded_walk(2):
        cursor = "a" if number == 0 else None
        if cursor is None:
            break
    assert cursor is None
