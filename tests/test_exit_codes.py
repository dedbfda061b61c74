"""One table of exit codes for all commands: it is complete, documented, and each command keeps to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from api import errors
from api.errors import BriefingError
from api.exit_codes import CODES, ExitCode, exit_code

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
