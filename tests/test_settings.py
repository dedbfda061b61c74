"""Settings: what is wrong with them is told before anything starts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.errors import SettingsError
from api.settings import Settings, read_settings, unknown


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
