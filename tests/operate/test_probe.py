"""The container's health check asks `/healthz` at the port that is set."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from http.client import HTTPConnection
from unittest.mock import Mock

import pytest

from api.observability.probe import check
from api.settings import Settings
from tests.ports import free_port
from tests.serving import ROOT, serving

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def probe(**environment: str) -> tuple[int, str]:
    """Run the health check of the Dockerfile."""
    found = re.search(r'^HEALTHCHECK .*CMD \["python", (.*)\]$', DOCKERFILE, re.MULTILINE)
    assert found
    command = [sys.executable, *re.findall(r'"([^"]+)"', found[1])]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_a_service_without_its_store_is_alive_at_the_port_that_is_set(host: str) -> None:
    port = str(free_port())
    with serving("postgresql://briefing@127.0.0.1:1/none", port=port, host="127.0.0.1"):
        healthy = (0, "alive\n")
        assert probe(BRIEFING_PORT=port, BRIEFING_HOST=host, http_proxy="http://127.0.0.1:1") == healthy
    code, said = probe(BRIEFING_PORT=port, BRIEFING_HOST=host)
    assert code == 1 and f"{host}:{port} does not answer" in said


@pytest.mark.parametrize("name", ["BRIEFING_PORT", "briefing_port"])
@pytest.mark.parametrize("port", ["", "8123"])
def test_the_probe_asks_at_the_address_of_the_settings(monkeypatch: pytest.MonkeyPatch, name: str, port: str) -> None:
    for variable in ("BRIEFING_PORT", "BRIEFING_HOST"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, port)
    monkeypatch.setattr(HTTPConnection, "request", Mock(side_effect=ConnectionRefusedError("refused")))
    settings = Settings()
    assert settings.port == int(port or Settings.model_fields["port"].default)
    assert check(os.environ) == f"{settings.host}:{settings.port} does not answer: refused"


def test_the_probe_imports_no_packages() -> None:
    program = "import sys; import api.observability.probe; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    third = {"pydantic", "asyncpg", "fastapi", "orjson", "structlog", "typer"}
    assert not third & set(done.stdout.split())


def test_the_image_demands_its_store() -> None:
    assert "ENV BRIEFING_DATABASE_REQUIRED=true\n" in DOCKERFILE
    assert "BRIEFING_DATABASE_URL=" not in DOCKERFILE
