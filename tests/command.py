"""Run `briefing` as a command, with its exit code and its output."""

from __future__ import annotations

import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest

from api.cli import main

PROGRAM = "import sys; sys.argv[0] = 'briefing'; from api.cli import main; main()"


@dataclass(frozen=True)
class Done:
    """The exit code and the output of a command."""

    returncode: int
    stdout: str
    stderr: str


def briefing(url: str, *arguments: str, **settings: str) -> Done:
    """Run the command in this process, because a process of its own takes a second to start.

    The log stays as it is, because services of other tests run in threads of this process."""
    chosen = {"BRIEFING_DATABASE_URL": url, "COLUMNS": "80", **settings}
    out, err = StringIO(), StringIO()
    code: Any = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        for name, value in chosen.items():
            patch.setenv(name, value)
        patch.setattr(sys, "argv", ["briefing", *arguments])
        patch.setattr("api.logs.configure", lambda settings: None)
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    return Done(code or 0, out.getvalue(), err.getvalue())
