"""docs/capacity.md shows the table that its command prints, and its sums are right."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from api.settings import Settings
from tests.clients import ROOT

PAGE = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
# Lists differ by their number.
NUMBER = re.compile(r"[\d,]+ (?=different|records)")


def rows(text: str) -> dict[str, str]:
    table = re.findall(r"^\| (.+?) \| (.*?) ?\|$", text, re.M)
    return {NUMBER.sub("", name): value for name, value in table}


@pytest.mark.full
def test_the_table_has_the_rows_that_the_command_prints() -> None:
    command = [sys.executable, "-m", "tests.bench.capacity", "--events", "40", "--lists", "40"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    computed, documented = rows(done.stdout), rows(PAGE)
    assert computed.keys() == documented.keys() and len(documented) > 10
    most = "most connections of a worker (pool, exports, and 7)"
    assert computed[most] == documented[most]
    units = {name: value.split()[1:] for name, value in documented.items()}
    assert {name: value.split()[1:] for name, value in computed.items()} == units


def test_the_sum_of_connections_is_right() -> None:
    settings = Settings()
    each = settings.pool_size + settings.export_connections + 7
    assert f"needs 4 × {each} + 20 = {4 * each + 20}" in PAGE.replace("need 4", "needs 4")
    assert f"({settings.answer_memory >> 20} MiB)" in PAGE and f"({settings.unread_memory >> 20} MiB)" in PAGE
