"""Every local process needs a password to reach the embedded Postgres, also in a folder of an earlier release."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from api.store.cluster import Account, programs_for
from api.store.embedded import start
from api.store.password import FILE
from tests.store.test_embedded import ask

ROOT = Path(__file__).parents[2]
# A local process of another account: it knows the address and not the password.
INTRUDER = """
import asyncio, os, sys
import asyncpg
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
folder = sys.argv[1]
try:
    print("password", open(folder + "/pgpass").read())
except PermissionError:
    print("no password")
try:
    asyncio.run(asyncpg.connect(host=folder + "/postgres", user="briefing", database="briefing"))
    print("connected")
except asyncpg.InvalidPasswordError:
    print("refused")
"""


async def assert_refused(url: str, password: str | None = None) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url.partition("&passfile=")[0], password=password)


def rules(folder: Path) -> list[str]:
    lines = (folder / "postgres" / "pg_hba.conf").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def forget(folder: Path) -> None:
    """Bring the folder to the state that earlier releases made."""
    (folder / FILE).unlink()
    (folder / "postgres" / "pg_hba.conf").write_text("local all all trust\n")


async def test_nobody_connects_without_the_password(tmp_path: Path) -> None:
    with start(tmp_path) as server:
        assert rules(tmp_path) == ["local all all scram-sha-256"]
        await assert_refused(server.url)
        await assert_refused(server.url, "wrong")
        assert await ask(server.url, "select 1") == 1
        assert await ask(server.url, "select count(*) from pg_hba_file_rules where auth_method = 'trust'") == 0
        assert await ask(server.url, "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where oid = 10")
    file = tmp_path / FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.stat().st_uid == tmp_path.stat().st_uid
    password = file.read_text().strip().rpartition(":")[2]
    assert len(password) == 43
    assert password not in server.url and password not in (tmp_path / "postgres.log").read_text()


def test_psql_reads_the_password_as_the_documentation_says(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    (line,) = [line for line in page.splitlines() if line.startswith("PGPASSFILE=")]
    with start(tmp_path / ".briefing"):
        programs = f"{programs_for(Account())}{os.pathsep}{os.environ['PATH']}"
        command = ["bash", "-c", f"{line} -tAc 'select 7'"]
        result = subprocess.run(command, cwd=tmp_path, env={"PATH": programs}, capture_output=True, text=True)
    assert result.stdout == "7\n", result.stderr


async def test_the_password_stays_from_start_to_start(tmp_path: Path) -> None:
    start(tmp_path).stop()
    before = (tmp_path / FILE).read_bytes()
    with start(tmp_path) as server:
        assert await ask(server.url, "select 1") == 1
    assert (tmp_path / FILE).read_bytes() == before


async def test_a_folder_of_an_earlier_release_gets_a_password_and_keeps_its_data(tmp_path: Path) -> None:
    with start(tmp_path) as server:
        await ask(server.url, "create table kept as select 7 as value")
        await ask(server.url, "alter role briefing password null")
    forget(tmp_path)
    with start(tmp_path) as server:
        assert rules(tmp_path) == ["local all all scram-sha-256"]
        await assert_refused(server.url)
        assert await ask(server.url, "select value from kept") == 7


@pytest.mark.parametrize("how", ["lost", "readable", "damaged", "another"])
async def test_a_password_file_that_cannot_be_used_is_replaced(tmp_path: Path, how: str) -> None:
    start(tmp_path).stop()
    file = tmp_path / FILE
    before = file.read_text()
    if how == "lost":
        file.unlink()
    elif how == "readable":
        file.chmod(0o644)
    elif how == "damaged":
        file.write_text("")
    else:  # as if the data was restored from elsewhere
        file.write_text("*:*:*:briefing:another\n")
    with start(tmp_path) as server:
        assert await ask(server.url, "select 1") == 1
        await assert_refused(server.url, before.strip().rpartition(":")[2])
    assert file.stat().st_mode & 0o777 == 0o600


async def test_rules_that_were_opened_are_closed_at_the_next_start(tmp_path: Path) -> None:
    start(tmp_path).stop()
    file = tmp_path / "postgres" / "pg_hba.conf"
    file.write_text(f"{file.read_text()}local all all trust\n")
    with start(tmp_path) as server:
        await assert_refused(server.url)


async def test_the_rules_are_written_after_a_crash_before_them(tmp_path: Path) -> None:
    """After the crash the file has one password, the role has another one, and the rules are those of before."""
    with start(tmp_path) as server:
        await ask(server.url, "alter role briefing password 'another'")
    (tmp_path / "postgres" / "pg_hba.conf").write_text("local all all trust\n")
    with start(tmp_path) as server:
        assert await ask(server.url, "select 1") == 1


def test_a_link_in_place_of_the_password_is_not_followed(tmp_path: Path) -> None:
    folder, secret = tmp_path / "data", tmp_path / "secret"
    folder.mkdir()
    secret.write_text("*:*:*:briefing:chosen\n")
    secret.chmod(0o600)
    (folder / FILE).symlink_to(secret)
    start(folder).stop()
    assert not (folder / FILE).is_symlink()
    assert secret.read_text() == "*:*:*:briefing:chosen\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
@pytest.mark.parametrize("earlier", [False, True])
def test_another_user_cannot_connect_even_if_the_folder_is_open(earlier: bool) -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    with TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if earlier:
            start(folder).stop()
            forget(folder)
        with start(folder):
            assert (folder / "postgres").stat().st_uid == nobody
            command = [sys.executable, "-c", INTRUDER, name, str(nobody)]
            result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.split("\n")[:2] == ["no password", "refused"], result.stderr
