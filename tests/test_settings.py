"""Wrong settings are reported before anything starts."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import __version__
from api.errors import SettingsError
from api.middleware.cors import Origins
from api.settings import Settings, describe, read_settings, secrets, unknown, without_secrets
from api.store.access import CONNECTIONS
from api.store.address import connections
from tests.command import briefing


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("BRIEFING_POOLSIZE", "BRIEFING_POOLSIZE is no setting; BRIEFING_POOL_SIZE is."),
        ("BRIEFING_MAX_PRICES", "BRIEFING_MAX_PRICES is no setting; BRIEFING_MAX_PRICE is."),
        ("BRIEFING_ZZZ", "BRIEFING_ZZZ is no setting."),
    ],
)
def test_a_variable_that_no_setting_reads_is_refused_with_the_one_meant(
    variable: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "secret-value")
    with pytest.raises(SettingsError) as exc_info:
        read_settings()
    assert exc_info.value.message == expected


def test_variables_of_others_are_left_to_them() -> None:
    others = ["BRIEFING_SERVICE_HOST", "BRIEFING_SERVICE_PORT_HTTP", "BRIEFING_PORT_8000_TCP_ADDR", "PATH", "BRIEF"]
    assert unknown([*others, "BRIEFING_TEST_DATABASE_URL", "briefing_port"]) == []


def test_the_suite_may_be_run_with_variables_of_its_own() -> None:
    tests = Path(__file__).parent
    variables = {
        name for file in tests.rglob("*.py") for name in re.findall(r'environ[^"\n]*"(BRIEFING_\w+)"', file.read_text())
    }
    assert "BRIEFING_REAL_DATA" in variables
    assert unknown(variables) == []


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


VARIABLES = [f"BRIEFING_{name.upper()}" for name in Settings.model_fields]
SECRET_VARIABLES = ["BRIEFING_DATABASE_URL", "BRIEFING_DIRECT_URL", "BRIEFING_READ_URLS", "BRIEFING_REDIS_URL"]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without settings."""
    for variable in list(os.environ):
        if variable.upper().startswith(("BRIEFING_", "OTEL_")):
            monkeypatch.delenv(variable)
    return monkeypatch


@pytest.mark.parametrize("variable", [*VARIABLES, *(f"{name}_FILE" for name in SECRET_VARIABLES)])
def test_an_empty_value_is_unset(variable: str, bare: pytest.MonkeyPatch) -> None:
    unset = read_settings()
    for name in (variable, variable.lower()):
        bare.setenv(name, "")
        assert read_settings() == unset
        bare.delenv(name)


def test_an_empty_address_of_the_collector_leaves_the_one_of_opentelemetry(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("BRIEFING_TRACES_ENDPOINT", "")
    bare.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    assert read_settings().traces_endpoint == "http://collector:4318"


def test_the_secrets_are_those_that_contain_passwords() -> None:
    assert [f"BRIEFING_{name.upper()}" for name in secrets()] == SECRET_VARIABLES
    # A setting that is a URL with an account in it has to be marked as a secret.
    for name, field in Settings.model_fields.items():
        if name not in secrets():
            assert not re.search(r"(postgresql|redis)://|password|secret", (field.description or "").lower()), name


@pytest.mark.parametrize("variable", SECRET_VARIABLES)
def test_a_secret_is_read_from_a_file(variable: str, bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("postgresql://user:päss@host/0\n", encoding="utf-8")
    bare.setenv(f"{variable}_FILE", str(file))
    bare.setenv(variable, "")
    name = variable.removeprefix("BRIEFING_").lower()
    assert getattr(read_settings(), name) == "postgresql://user:päss@host/0"
    assert f"{variable}_FILE" in describe(name)


@pytest.mark.parametrize("variable", SECRET_VARIABLES)
def test_a_secret_that_is_given_twice_is_refused(variable: str, bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one")
    bare.setenv(f"{variable}_FILE", str(tmp_path / "secret"))
    bare.setenv(variable, "one")
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert refused.value.message == f"{variable} and {variable}_FILE are both set."
    assert refused.value.hint == "Unset one of them."


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, "No such file or directory"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff", "not text in UTF-8")],
)
def test_a_file_without_a_secret_is_refused(
    content: bytes | None, expected: str, bare: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    bare.setenv("BRIEFING_DATABASE_URL_FILE", str(file))
    with pytest.raises(SettingsError) as refused:
        read_settings()
    assert expected in refused.value.message and "BRIEFING_DATABASE_URL_FILE" in refused.value.message


def test_only_secrets_have_files(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("BRIEFING_PORT_FILE", "port")
    with pytest.raises(SettingsError, match="BRIEFING_PORT_FILE is no setting"):
        read_settings()


def test_the_embedded_store_can_be_asked_for_by_name(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("BRIEFING_DATABASE_REQUIRED", "true")
    with pytest.raises(SettingsError, match=r"BRIEFING_DATABASE_URL: unset\. .*'embedded'"):
        read_settings()
    bare.setenv("BRIEFING_DATABASE_URL", "")
    with pytest.raises(SettingsError, match="unset"):
        read_settings()
    bare.setenv("BRIEFING_DATABASE_URL", "embedded")
    assert read_settings().database_url == ""
    bare.setenv("BRIEFING_DATABASE_URL", "postgresql://host/briefing")
    assert read_settings().database_url == "postgresql://host/briefing"
    bare.delenv("BRIEFING_DATABASE_URL")
    (tmp_path / "url").write_text("embedded")
    bare.setenv("BRIEFING_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert read_settings().database_url == ""


def test_no_origin_may_be_allowed(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("BRIEFING_CORS_ORIGINS", "none")
    origins = Origins(read_settings().cors_origins)
    assert not any(origins.allows(origin) for origin in (b"https://example.org", b"null", b"http://none"))


def test_the_version_is_printed() -> None:
    done = briefing("", "--version")
    assert (done.returncode, done.stdout) == (0, f"briefing {__version__}\n")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://briefing:s3cret@db:5432/briefing?sslmode=require", "postgresql://briefing@db:5432/briefing"),
        ("postgresql://db/briefing?user=me&password=s3cret", "postgresql://db/briefing"),
        ("postgresql://me:s3cret@a:1,b:2/briefing", "postgresql://me@a:1,b:2/briefing"),
        ("postgresql://me@/briefing?host=/run/postgresql&password=s3cret", "postgresql://me@/run/postgresql/briefing"),
        ("postgresql://me:s3cr@et@db/briefing", "postgresql://me@db/briefing"),
        ("postgresql://me:1?s3cret@db/briefing", "an address that cannot be read"),
        ("redis://:s3cret@redis:6379/0", "redis://redis:6379/0"),
        ("s3cret", "an address that cannot be read"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, expected: str) -> None:
    assert without_secrets(url) == expected


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=6), st.booleans())
def test_no_password_is_shown(password: str, is_parameter: bool) -> None:
    quoted = quote(f"S3{password}", safe="")
    url = f"postgresql://me:{quoted}@db/briefing"
    if is_parameter:
        url = f"postgresql://me@db/briefing?password={quoted}"
    assert without_secrets(url) == "postgresql://me@db/briefing"
