"""`briefing doctor`: check what the service depends on, and say what to do."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from api.commands.frame import Json, set_up_command, show
from api.errors import BriefingError
from api.exit_codes import ExitCode
from api.finding import Finding, wrong
from api.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

NO_STORE = "`briefing serve` or `briefing load` creates it; or set BRIEFING_DATABASE_URL."


def doctor(as_json: Json = False) -> None:
    """Check settings, store, roles, grants, clocks, disk and Redis. Exits with 1 if something is wrong."""
    findings = asyncio.run(_collect(_diagnose()))
    if as_json:
        show([asdict(finding) for finding in findings], (), as_json=True)
    else:
        _print(findings)
    failed = any(finding.status == "wrong" for finding in findings)
    sys.exit(ExitCode.FOUND if failed else ExitCode.OK)


async def _collect(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


async def _diagnose() -> AsyncIterator[Finding]:
    from api.access.limits.diagnosis import diagnose_limits

    try:
        settings = set_up_command()
    except BriefingError as error:
        yield wrong("settings", error)
        return
    yield Finding("settings", "ok", f"{settings.processes} worker(s), {settings.host}:{settings.port}")
    async for finding in _diagnose_store(settings):
        yield finding
    async for finding in diagnose_limits(settings):
        yield finding


async def _diagnose_store(settings: Settings) -> AsyncIterator[Finding]:
    from api.store.address import address
    from api.store.diagnosis import diagnose_store

    if not settings.database_url and not (settings.data_dir / "postgres").exists():
        text = f"there is no embedded store in {settings.data_dir.resolve()}"
        yield Finding("store", "wrong", text, NO_STORE)
        return
    try:
        # This starts the embedded server if it does not run.
        with address(settings) as url:
            async for finding in diagnose_store(url, settings):
                yield finding
    except BriefingError as error:
        yield wrong("store", error)


def _print(findings: Iterable[Finding]) -> None:
    for finding in findings:
        print(f"{finding.status:<8} {finding.check:<18} {finding.text}")
        if finding.remedy:
            print(f"{'':<8} {'':<18} → {finding.remedy}")
