"""docs/operating.md documents every setting, metric and field of the log."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from api import serve
from api.app import create_app
from api.catalog import DeprecatedPart
from api.observability.access_log import line
from api.server import supervisor
from api.settings import Settings
from tests.http.requests import make_caller, make_request
from tests.serving import COMMAND, ROOT

DOC = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return DOC.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_table_of_settings_is_the_commands() -> None:
    result = subprocess.run(
        [sys.executable, "-c", COMMAND, "settings", "--table"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0
    assert result.stdout.count("\n") == len(Settings.model_fields)
    assert result.stdout in section("Settings")


def names(registry: CollectorRegistry) -> set[str]:
    return {
        f"{metric.name}_total" if metric.type == "counter" else metric.name
        for metric in registry.collect()
        if metric.name.startswith("briefing_")
    }


async def test_exactly_the_metrics_are_documented() -> None:
    settings = Settings(metrics_port=0, read_urls="postgresql://replica")
    application = create_app(settings, "postgresql://nowhere")
    assert application.metrics is not None
    declared = names(application.metrics.registry) | names(serve._create_own_registry(supervisor.WorkerTeam([])))
    rows = [row.split("|")[1] for row in section("Metrics").splitlines() if row.startswith("| `")]
    assert set(re.findall(r"`(briefing_\w+)`", " ".join(rows))) == declared


def test_exactly_the_fields_of_the_log_are_documented() -> None:
    request = make_request((b"user-agent", b"x"))
    context = request.context
    context.caller, context.charge = make_caller(points=12)
    context.cut, context.price, context.cache, context.store_seconds = True, 1, "hit", 0.1
    context.version, context.version_outdated = "v1", True
    context.outdated = (DeprecatedPart("event.disputed", "use dispute"),)
    fields = line(request)
    rows = [row.split("|")[1] for row in section("Log").splitlines() if row.startswith("| `")]
    assert re.findall(r"`(\w+)`", " ".join(sorted(rows))) and set(re.findall(r"`(\w+)`", " ".join(rows))) == set(fields)


def test_the_dockerfile_names_only_settings_that_there_are() -> None:
    names = re.findall(r"BRIEFING_(\w+)=", (Path(__file__).parents[2] / "Dockerfile").read_text(encoding="utf-8"))
    assert names and {name.lower() for name in names} <= set(Settings.model_fields)


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = str(Path(sys.executable).with_name("hadolint"))
    result = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")
