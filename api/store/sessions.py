"""Open the sessions of the pool: read-only, as the reader role, and with the settings that statements rely on."""

from __future__ import annotations

from enum import Enum

import asyncpg
import structlog
from asyncpg.connect_utils import SessionAttribute

from api.errors import Unavailable
from api.settings import Settings
from api.store.connection import DRIVER_ERRORS, Connection

# The time that Postgres has to confirm that a statement is cancelled or that a session has its settings, and that a
# connection has to close.
CONFIRM_SECONDS = 2.0
BROKEN_OFF = (
    asyncpg.ConnectionDoesNotExistError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionResetError,
)
log = structlog.get_logger("briefing")
# The settings of our sessions. Behind a pooler each transaction sets them (`Sessions.begin`).
SESSION = {
    "role": "briefing_reader",
    "default_transaction_read_only": "on",
    "idle_in_transaction_session_timeout": "5000",
    "timezone": "UTC",
    "datestyle": "ISO",
    "extra_float_digits": "1",
    "search_path": "pg_catalog",
    "jit": "off",
    # A request uses one processor, and Postgres counts only what its own process looks at.
    "max_parallel_workers_per_gather": "0",
    # Postgres does not count the rows that a join reads again from memory (store.rows_looked_at).
    "enable_material": "off",
    # A store's indexes are in memory or on a solid-state disk. With 4, the default, Postgres fetched and sorted all
    # 20,000 figures of an event (7.6 ms) instead of reading ten in order (0.4 ms).
    "random_page_cost": "1.1",
}
# The plan mode of a session, by whether it makes a custom plan for each statement.
MODES = {False: "force_generic_plan", True: "force_custom_plan"}
# On a replica only its replay locks tables. If that stalls meanwhile, the primary answers instead.
LOCK_TIMEOUT = "100ms"


class ServerRole(Enum):
    """The role of a server among those that are read from: the only one, the primary of replicas, or a replica."""

    ALONE = "alone"
    PRIMARY = "primary"
    REPLICA = "replica"


class Sessions:
    """The sessions of one database, which a pool opens."""

    def __init__(self, url: str, settings: Settings, role: ServerRole = ServerRole.ALONE) -> None:
        self._url = url
        self._settings = settings
        self._role = role
        # True if there is a pooler in between, which gives each transaction another session.
        self.behind_pooler = settings.statement_cache_size == 0

    async def open(self, custom_plan: bool, seconds: float) -> Connection:
        """Return a connection whose session is in the plan mode. Unavailable if Postgres does not answer.
        CannotConnectNowError of asyncpg if it is starting, and one of BROKEN_OFF if the backend was killed meanwhile:
        both are worth another try."""
        # After a failover the same address may lead to a replica, whose answers nothing confirms.
        session_attributes = SessionAttribute.primary if self._role is ServerRole.PRIMARY else None
        server_settings = {"application_name": "briefing"}
        if not self.behind_pooler:
            server_settings = self._settings_of(custom_plan)
        try:
            connection: Connection = await asyncpg.connect(
                self._url,
                timeout=min(self._settings.connect_timeout, max(seconds, 0.05)),
                command_timeout=self._settings.statement_timeout + 0.3,
                statement_cache_size=self._settings.statement_cache_size,
                max_cached_statement_lifetime=0,
                server_settings=server_settings,
                target_session_attrs=session_attributes,
            )
        except asyncpg.CannotConnectNowError as error:
            if "shutting down" in str(error):
                raise Unavailable("The store is shutting down.") from error
            raise
        except BROKEN_OFF:
            raise
        except (OSError, *DRIVER_ERRORS) as error:
            # The check of a replica logs why it is not used (`replicas.py`).
            if self._role is not ServerRole.REPLICA:
                log.warning("no connection to Postgres", reason=f"{type(error).__name__}: {error}")
            raise Unavailable("The store does not answer.") from error
        return connection

    async def begin(self, connection: Connection, custom_plan: bool, extra: dict[str, str] | None = None) -> None:
        """Begin a transaction with the settings of our sessions, and those in `extra`."""
        settings = self._settings_of(custom_plan)
        if extra is not None:
            settings |= extra
        del settings["application_name"], settings["default_transaction_read_only"]
        sets = "; ".join(f"set local {name} = '{value}'" for name, value in settings.items())
        await connection.execute(f"begin read only; {sets}", timeout=CONFIRM_SECONDS)

    def _settings_of(self, custom_plan: bool) -> dict[str, str]:
        """Return the settings of a session in the plan mode."""
        settings = SESSION | {
            "application_name": "briefing",
            "statement_timeout": f"{self._settings.statement_timeout * 1000:.0f}",
            "plan_cache_mode": MODES[custom_plan],
        }
        if self._role is ServerRole.REPLICA:
            settings["lock_timeout"] = LOCK_TIMEOUT
        return settings


async def close_session(connection: Connection) -> None:
    """Close a connection. If Postgres does not confirm that in time, drop it."""
    # close() waits until the cancellation of the running statement has been sent. terminate() would not.
    try:
        await connection.close(timeout=CONFIRM_SECONDS)
    except (TimeoutError, OSError, *DRIVER_ERRORS, AttributeError):
        # asyncpg raises AttributeError if a COPY was given up at the moment at which its connection broke off.
        connection.terminate()
