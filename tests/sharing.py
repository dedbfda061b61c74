"""Share between the processes of one run what the tests need once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first process to ask for it fills by `make`. The others wait until it is filled.

    The folder is for reading. If `make` fails, the next process tries again, in another folder.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    marker = base / f"{name}.made"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists():
            folder = factory.mktemp(name)
            make(folder)
            marker.write_text(str(folder), encoding="utf-8")
    return Path(marker.read_text(encoding="utf-8"))
