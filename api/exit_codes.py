"""The exit codes of all commands, in one table. They are those of sysexits.h, so that a script can distinguish a wrong
file from a store that is unavailable. docs/operating.md repeats the table."""

from __future__ import annotations

from enum import IntEnum

from api.errors import (
    BriefingError,
    Busy,
    ContractError,
    InputError,
    LoadError,
    OutputError,
    RateLimited,
    RequestError,
    SettingsError,
    Unavailable,
)


class ExitCode(IntEnum):
    """An exit code, with its name in sysexits.h and its meaning."""

    sysexit: str
    meaning: str

    def __new__(cls, number: int, sysexit: str, meaning: str) -> ExitCode:
        code = int.__new__(cls, number)
        code._value_ = number
        code.sysexit = sysexit
        code.meaning = meaning
        return code

    OK = (0, "EX_OK", "The command did what it was asked to do. `serve` was stopped by a signal.")
    FOUND = (1, "", "A check found something: `doctor`, `contract --check`, or a contract that would break clients.")
    USAGE = (
        64,
        "EX_USAGE",
        "An option or argument is wrong, or names something that does not exist or cannot be changed.",
    )
    DATA = (65, "EX_DATAERR", "A file was refused because of its content. Nothing of it was written.")
    NO_INPUT = (66, "EX_NOINPUT", "A file does not exist or cannot be read.")
    UNAVAILABLE = (69, "EX_UNAVAILABLE", "Postgres does not answer, went away, or has no room. Try again later.")
    SOFTWARE = (70, "EX_SOFTWARE", "A fault of the program. Please report it with what was printed.")
    NO_OUTPUT = (73, "EX_CANTCREAT", "A file or folder cannot be written, or would be overwritten.")
    BUSY = (75, "EX_TEMPFAIL", "Another load or erasure is running. Try again when it has ended.")
    CONFIG = (
        78,
        "EX_CONFIG",
        "A setting is wrong, Postgres refuses the account, or the store does not fit this release.",
    )
    INTERRUPTED = (
        130,
        "",
        "Ended by Ctrl-C, or a question was answered with no. `serve` ends with it only after a second Ctrl-C.",
    )


# The first row that matches counts, so a class stands before the class that it inherits from.
CODES: dict[type[Exception], ExitCode] = {
    Busy: ExitCode.BUSY,
    LoadError: ExitCode.DATA,
    ContractError: ExitCode.DATA,
    InputError: ExitCode.NO_INPUT,
    OutputError: ExitCode.NO_OUTPUT,
    SettingsError: ExitCode.CONFIG,
    Unavailable: ExitCode.UNAVAILABLE,
    RateLimited: ExitCode.UNAVAILABLE,
    RequestError: ExitCode.USAGE,
    BriefingError: ExitCode.SOFTWARE,
}


def exit_code(error: BriefingError) -> ExitCode:
    """Return the exit code for an error that ends a command."""
    for kind, code in CODES.items():
        if isinstance(error, kind):
            return code
    return ExitCode.SOFTWARE
