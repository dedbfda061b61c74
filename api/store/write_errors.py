"""Turn errors of Postgres during a load or an erasure into errors that tell the operator what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from api.errors import BriefingError, LoadError, SettingsError, Unavailable
from api.store.connection import DRIVER_ERRORS

# Errors of Postgres, each with the error of the program, and the problem and the remedy in its text.
Translations = tuple[tuple[tuple[type[BaseException], ...], type[BriefingError], str, str], ...]
MISSING = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError)
LOAD: Translations = (
    (MISSING, SettingsError, "The database has not the tables of this release", "Run `briefing migrate` first."),
    (
        (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError),
        SettingsError,
        "The database does not let this account write",
        "Load as the account that ran `briefing migrate`.",
    ),
    (
        (asyncpg.InsufficientResourcesError,),
        Unavailable,
        "The database has no room left",
        "Nothing was loaded. Free some, and load again.",
    ),
    (
        (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError),
        LoadError,
        "The store refuses what the format allows, which is a fault of ours",
        "Nothing was loaded. Please report it with this message.",
    ),
    (
        (ConnectionError, *DRIVER_ERRORS),
        Unavailable,
        "The store went away or gave up during the load",
        "Nothing was loaded. Load again.",
    ),
)
ERASURE: Translations = (
    (
        (*MISSING, asyncpg.UndefinedFunctionError),
        SettingsError,
        "The database has not the tables of this release",
        "Run `briefing migrate` first.",
    ),
    (
        (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError),
        SettingsError,
        "The database does not let this account erase",
        "Nothing was erased. Erase as the account that owns the store: the one that ran `briefing migrate`.",
    ),
    (
        (ConnectionError, *DRIVER_ERRORS),
        Unavailable,
        "The store went away or gave up during the erasure",
        "Nothing was erased. Erase again.",
    ),
)


@contextmanager
def translate_errors(translations: Translations = LOAD) -> Iterator[None]:
    """Raise errors of Postgres as errors of the program."""
    try:
        yield
    except (ConnectionError, *DRIVER_ERRORS) as error:
        for error_types, program_error, text, hint in translations:
            if isinstance(error, error_types):
                raise program_error(f"{text}: {error}", hint=hint) from error
        raise
