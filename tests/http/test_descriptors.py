"""The limit of file descriptors and the number of connections agree."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.serving import ROOT

ASK = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from api.server.file_descriptors import within_descriptors
from api.settings import Settings
most = within_descriptors(Settings(max_connections=1000)).max_connections
print(most, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(("soft", "hard"), [(256, 4096), (4096, 4096), (256, 700), (100, 100)])
def test_a_process_takes_no_more_connections_than_it_has_descriptors(soft: int, hard: int) -> None:
    output = subprocess.run(
        [sys.executable, "-c", ASK.format(soft=soft, hard=hard)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    most, limit = map(int, output[-1].split())
    assert max(soft, min(hard, 1000)) <= limit <= hard
    assert most == 1000 if hard == 4096 else 1 <= most < max(2, hard - 100)
