"""One table of exit codes for all commands: it is complete, documented, and each command keeps to it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import typer

from api import cli, errors
from api.cli import app
from api.errors import BriefingError
from api.exit_codes import CODES, ExitCode, exit_code
from tests.command import Done, briefing
from tests.serving import launch

DOC = (Path(__file__).parents[1] / "docs" / "operating.md").read_text(encoding="utf-8")


def every_error(base: type[BriefingError] = BriefingError) -> Iterator[type[BriefingError]]:
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from every_error(kind)


def test_the_documented_table_is_the_programs() -> None:
    table = [f"| {code.value} | {f'`{code.sysexit}`' if code.sysexit else ''} | {code.meaning} |" for code in ExitCode]
    assert "\n".join(table) in DOC


def test_the_numbers_are_those_of_sysexits() -> None:
    known = {"EX_OK": 0, "EX_USAGE": 64, "EX_DATAERR": 65, "EX_NOINPUT": 66, "EX_UNAVAILABLE": 69, "EX_SOFTWARE": 70}
    known |= {"EX_CANTCREAT": 73, "EX_TEMPFAIL": 75, "EX_CONFIG": 78}
    assert {code.sysexit: code.value for code in ExitCode if code.sysexit} == known


def test_each_error_has_a_code_and_none_is_hidden_by_a_wider_row() -> None:
    kinds = list(every_error())
    assert len(kinds) > 20
    for kind in kinds:
        error = kind.__new__(kind)
        nearest = next(base for base in kind.__mro__ if base in CODES)
        assert exit_code(error) is CODES[nearest], kind
        # Only an error that says nothing of its kind is a fault of the program.
        assert nearest is not BriefingError, f"{kind.__name__} needs a row in CODES"


def test_no_other_module_has_exit_codes_of_its_own() -> None:
    api = Path(__file__).parents[1] / "api"
    wrong = []
    for file in api.rglob("*.py"):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            if re.search(r"sys\.exit\(\d|\bEX_[A-Z]+\b|\bEXIT_[A-Z]+ = \d", line) and file.name != "exit_codes.py":
                wrong.append(f"{file.name}:{number}: {line.strip()}")
    assert [line for line in wrong if "EXIT_SECONDS" not in line] == []


NOWHERE = "postgresql://briefing:s3cret@127.0.0.1:1/none"
SAMPLE = str(Path(__file__).parents[1] / "api" / "sample")
# Each command that works on a store, with arguments with which it would succeed.
COMMANDS = {
    "serve": ("serve",),
    "load": ("load", "--quiet", SAMPLE),
    "export": ("export", "--quiet", "--out", "OUT"),
    "erase": ("erase", "plc_00000000000000000000000000", "--reason", "asked", "--yes"),
    "migrate": ("migrate",),
    "keys create": ("keys", "create", "--name", "a", "--plan", "free"),
    "keys list": ("keys", "list"),
    "keys rotate": ("keys", "rotate", "key_000000000000"),
    "keys revoke": ("keys", "revoke", "key_000000000000"),
    "plans list": ("plans", "list"),
    "plans set": ("plans", "set", "free", "--burst", "10000"),
    "plans create": ("plans", "create", "big"),
    "plans remove": ("plans", "remove", "big"),
    "documents add": ("documents", "add", "DOCUMENT"),
    "documents list": ("documents", "list"),
    "documents remove": ("documents", "remove", "nothing"),
    "audit": ("audit",),
    "outdated": ("outdated",),
    "doctor": ("doctor",),
}
OF_FILES = ("contract", "contract release", "mapping new", "mapping fields", "settings")


def names(group: Any, prefix: str = "") -> Iterator[str]:
    """Yield the names of all commands below a group. A group that is a command itself is named, too."""
    if getattr(group, "invoke_without_command", False) and prefix:
        yield prefix.strip()
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from names(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


def test_every_command_is_tried() -> None:
    assert set(names(typer.main.get_command(app))) == COMMANDS.keys() | set(OF_FILES)


def run(command: str, tmp_path: Path, url: str, **settings: str) -> Done:
    """Run a command with the arguments of the table."""
    document = tmp_path / "latest.graphql"
    document.write_text("{ events { nodes { id } } }", encoding="utf-8")
    places = {"OUT": str(tmp_path / "out"), "DOCUMENT": str(document)}
    arguments = [places.get(argument, argument) for argument in COMMANDS[command]]
    if command != "serve":
        return briefing(url, *arguments, **settings)
    # It handles signals, so it needs a process of its own.
    chosen: dict[str, Any] = {name.removeprefix("BRIEFING_").lower(): value for name, value in settings.items()}
    with launch(url, **chosen) as process:
        out, err = process.communicate(timeout=60)
        return Done(process.wait(), out, err)


def assert_refused(done: Done, command: str, code: ExitCode, expected: str) -> None:
    """Check the code, and that the reason is a sentence. The doctor prints it as the result of a check."""
    assert "Traceback" not in done.stderr and "s3cret" not in done.stdout + done.stderr
    if command == "doctor":
        assert (done.returncode, expected in done.stdout) == (ExitCode.FOUND, True), done.stdout
    else:
        assert (done.returncode, expected in done.stderr) == (code, True), done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_setting_is_78_in_every_command(command: str, tmp_path: Path) -> None:
    done = run(command, tmp_path, NOWHERE, BRIEFING_WORKERS="many")
    assert_refused(done, command, ExitCode.CONFIG, "BRIEFING_WORKERS")


# A service waits for a store that is away.
@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "serve"])
def test_a_store_that_is_away_is_69_in_every_command(command: str, tmp_path: Path) -> None:
    assert_refused(run(command, tmp_path, NOWHERE), command, ExitCode.UNAVAILABLE, "not answer")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_store_of_a_newer_release_is_78_in_every_command(command: str, tmp_path: Path, newer: str) -> None:
    assert_refused(run(command, tmp_path, newer), command, ExitCode.CONFIG, "migrated to 0999_next by release 9.9.9")


@pytest.mark.parametrize("command", [*COMMANDS, *OF_FILES])
def test_a_wrong_option_is_64_in_every_command(command: str) -> None:
    done = briefing(NOWHERE, *command.split(), "--no-such-option")
    assert done.returncode == ExitCode.USAGE and "no-such-option" in done.stderr.lower(), done.stderr


@pytest.fixture(scope="module")
async def newer(new_store: Callable[[], Awaitable[str]]) -> str:
    """A store that a newer release has migrated."""
    url = await new_store()
    connection = await asyncpg.connect(url)
    await connection.execute(
        "insert into migration.applied (name, checksum, release) values ('0999_next', 'x', '9.9.9')"
    )
    await connection.close()
    return url


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("mapping", "new", "absent.csv"), ExitCode.NO_INPUT),
        (("documents", "add", "absent.graphql"), ExitCode.NO_INPUT),
        (("load", "absent.json"), ExitCode.NO_INPUT),
        (("export", "--out", "/proc/none/out"), ExitCode.NO_OUTPUT),
        (("keys", "rotate", "key_000000000000"), ExitCode.USAGE),
        (("contract", "--check", "--folder", "absent"), ExitCode.FOUND),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else "",
)
def test_what_cannot_be_read_written_or_found_has_a_code_of_its_own(
    empty_store: str, arguments: tuple[str, ...], code: ExitCode
) -> None:
    done = briefing(empty_store, *arguments)
    assert done.returncode == code and "Traceback" not in done.stderr, done.stderr


@pytest.fixture(scope="module")
async def empty_store(new_store: Callable[[], Awaitable[str]]) -> str:
    """An empty store of the module's own."""
    return await new_store()


def test_a_fault_of_the_program_is_70(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(cli, "set_up_command", fail)
    done = briefing(NOWHERE, "migrate")
    assert done.returncode == ExitCode.SOFTWARE and "RuntimeError: a fault" in done.stderr
