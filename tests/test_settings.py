"""Wrong settings are reported before anything starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.errors import SettingsError
from api.settings import Settings, read_settings, unknown
from api.store.access import CONNECTIONS
from api.store.address import connections


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("BRIEFING_POOLSIZE", "BRIEFING_POOLSIZE is no setting; BRIEFING_POOL_SIZE is."),
        ("BRIEFING_MAX_PRICES", "BRIEFING_MAX_PRICES is no setting; BRIEFING_MAX_PRICE is."),
        ("BRIEFING_ZZZ", "BRIEFING_ZZZ is no setting."),
    ],
)
def test_a_variable_that_no_setting_reads_is_refused_with_the_one_meant(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(given, "secret-value")
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert refused.value.message == said


def test_variables_of_others_are_left_to_them() -> None:
    others = ["BRIEFING_SERVICE_HOST", "BRIEFING_SERVICE_PORT_HTTP", "BRIEFING_PORT_8000_TCP_ADDR", "PATH", "BRIEF"]
    assert unknown([*others, "BRIEFING_TEST_DATABASE_URL", "briefing_port"]) == []


def test_the_suite_may_be_run_with_variables_of_its_own() -> None:
    tests = Path(__file__).parent
    read = {
        one for file in tests.rglob("*.py") for one in re.findall(r'environ[^"\n]*"(BRIEFING_\w+)"', file.read_text())
    }
    assert "BRIEFING_REAL_DATA" in read
    assert unknown(read) == []


def test_each_setting_is_known_by_its_name() -> None:
    assert unknown(f"BRIEFING_{name.upper()}" for name in Settings.model_fields) == []


def test_none_is_one_worker_a_processor() -> None:
    assert Settings(workers=0).processes >= 1
    assert Settings(workers=3).processes == 3


@pytest.mark.parametrize(
    ("processes", "workers", "machines"), [(1, 1, 1), (1, 4, 1), (3, 4, 1), (4, 4, 1), (8, 4, 2), (9, 4, 3), (4, 1, 4)]
)
def test_the_machines_that_share_a_plan_follow_the_workers(processes: int, workers: int, machines: int) -> None:
    settings = Settings(limit_processes=processes, workers=workers)
    assert settings.machines == machines
    assert machines * workers >= processes, "together they grant no more than the plan"


@pytest.mark.parametrize("workers", [1, 4, 64])
@pytest.mark.parametrize(("pool", "exports"), [(1, 1), (8, 2), (500, 100)])
def test_the_embedded_postgres_lets_in_what_all_processes_may_hold(workers: int, pool: int, exports: int) -> None:
    settings = Settings(workers=workers, pool_size=pool, export_connections=exports)
    watches, spare = 2, 1
    each = pool + exports + CONNECTIONS + watches + spare
    assert connections(settings) >= workers * each + 10, "and some for loading and looking"
