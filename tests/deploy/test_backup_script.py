"""briefing-backup keeps what it says, and a backup that failed leaves nothing. Its programs of Postgres are stand-ins
here; tests/deploy/test_operator_pages.py runs it with a real one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY

SCRIPT = DEPLOY / "backup" / "briefing-backup"
OLD = [f"2026-01-0{day}T02-30-00Z" for day in range(1, 6)]


def back_up(folder: Path, failing: str = "", code: int = 1, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script with programs that write a line to the file that they are given. One of them may fail."""
    programs = folder.parent / "programs"
    programs.mkdir(exist_ok=True)
    for name in ("pg_dump", "pg_dumpall", "pg_restore"):
        text = '#!/bin/sh\nfor a; do case $a in --file=*) echo "$PGPASSWORD" > "${a#--file=}" ;; esac; done\n'
        (programs / name).write_text(text + (f"exit {code}\n" if name == failing else ""))
        (programs / name).chmod(0o755)
    path = f"{programs}:{os.environ['PATH']}"
    return subprocess.run(
        [SCRIPT, folder], env={"PATH": path, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of older backups, and of something that is none."""
    folder = tmp_path / "backups"
    for name in (*OLD, "notes"):
        (folder / name).mkdir(parents=True)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_the_newest_backups_are_kept(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("secret\n")
    done = back_up(folder, KEEP="3", PGPASSWORD_FILE=str(tmp_path / "password"))
    assert done.returncode == 0, done.stderr
    new = Path(done.stdout.strip())
    assert names(folder) == sorted([*OLD[-2:], new.name, "notes"])
    assert {path.name for path in new.iterdir()} == {"store.dump", "roles.sql", "SHA256SUMS"}
    assert (new / "store.dump").read_text() == "secret\n"
    assert (new.stat().st_mode & 0o777, (new / "store.dump").stat().st_mode & 0o777) == (0o700, 0o600)
    assert subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=new).returncode == 0


@pytest.mark.parametrize("failing", ["pg_dump", "pg_dumpall", "pg_restore"])
def test_a_backup_that_fails_leaves_nothing_and_removes_nothing(folder: Path, failing: str) -> None:
    done = back_up(folder, failing, KEEP="1")
    assert done.returncode == 1
    assert names(folder) == sorted([*OLD, "notes"])
    assert not (folder / ".partial").exists()


@pytest.mark.parametrize("keep", ["0", "-1", "many", "2x"])
def test_a_wrong_number_of_backups_is_refused(folder: Path, keep: str) -> None:
    done = back_up(folder, KEEP=keep)
    assert done.returncode == 2 and "KEEP" in done.stderr
    assert names(folder) == sorted([*OLD, "notes"])
