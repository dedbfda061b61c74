"""The alerts and the dashboard are valid, and name only metrics, labels and pages that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from api import serve
from api.app import create_app
from api.server import supervisor
from api.settings import Settings
from tests.clients import ROOT
from tests.debian import Program
from tests.deploy.conftest import DEPLOY, check

PROMETHEUS = DEPLOY / "prometheus"
ALERTS = yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text(encoding="utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
CASES = yaml.safe_load((PROMETHEUS / "alerts_test.yaml").read_text(encoding="utf-8"))["tests"]
DASHBOARD = json.loads((DEPLOY / "grafana" / "briefing.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
RUNBOOK = (ROOT / "docs" / "alerts.md").read_text(encoding="utf-8")
# Labels that Prometheus adds to each sample, and the bounds of a histogram.
ADDED = {"job", "instance", "le"}
# What Prometheus itself adds.
SYNTHETIC = {"up": set[str]()}
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
METRIC = re.compile(r"\b(briefing_\w+|process_\w+|up)\b(?:\{([^}]*)\})?")
LABEL = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
GROUPED = re.compile(r"\b(?:by|without|on|ignoring) \(([^)]*)\)")
INTERVAL = {"$__rate_interval": "5m", "$instance": ".*"}


@dataclass(frozen=True)
class Expression:
    """An expression of PromQL, and the alert or panel that it belongs to."""

    owner: str
    text: str


def expressions() -> Iterator[Expression]:
    for rule in RULES:
        yield Expression(rule["alert"], rule["expr"])
    for panel in PANELS:
        for target in panel["targets"]:
            text = target["expr"]
            for variable, value in INTERVAL.items():
                text = text.replace(variable, value)
            yield Expression(panel["title"], text)


EXPRESSIONS = list(expressions())


@pytest.fixture(scope="session")
def metrics() -> dict[str, set[str]]:
    """The labels of each series of a service with workers, by its name."""
    application = create_app(Settings(metrics_port=0), "postgresql://nowhere")
    assert application.metrics is not None
    labels_of_metrics = dict(SYNTHETIC)
    for registry in (application.metrics.registry, serve._create_own_registry(supervisor.WorkerTeam([]))):
        for collector in registry._collector_to_names:
            # A counter without samples knows the names of its labels. Other collectors show them in their samples.
            declared = getattr(collector, "_labelnames", None) or getattr(collector, "labels", None) or ()
            for family in collector.collect():
                for suffix in SUFFIXES.get(family.type, ("",)):
                    labels_of_metrics[family.name + suffix] = set(declared)
                for sample in family.samples:
                    labels_of_metrics[sample.name] = set(sample.labels)
    return labels_of_metrics


@pytest.fixture(scope="session")
def promtool(debian: Callable[..., Program]) -> Program:
    return debian("promtool", "prometheus")


@pytest.mark.full
def test_the_alerts_and_the_configuration_are_valid(promtool: Program) -> None:
    code, output = check(promtool, "check", "config", "prometheus.yaml", at=PROMETHEUS)
    assert code == 0 and f"{len(RULES)} rules found" in output, output


@pytest.mark.full
def test_each_alert_fires_when_it_should_and_not_before(promtool: Program) -> None:
    code, output = check(promtool, "test", "rules", "alerts_test.yaml", at=PROMETHEUS)
    assert code == 0, output


@pytest.mark.full
def test_a_wrong_threshold_is_seen(promtool: Program, tmp_path: Path) -> None:
    for name in ("alerts.yaml", "alerts_test.yaml"):
        (tmp_path / name).write_text((PROMETHEUS / name).read_text().replace("> 0.05", "> 0.5"))
    assert check(promtool, "test", "rules", "alerts_test.yaml", at=tmp_path)[0] == 1


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    fires = {
        expected["alertname"]
        for case in CASES
        for expected in case.get("alert_rule_test", ())
        if expected["exp_alerts"]
    }
    assert fires == {rule["alert"] for rule in RULES}


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda expression: expression.owner)
def test_every_metric_and_label_of_an_expression_exists(expression: Expression, metrics: dict[str, set[str]]) -> None:
    named = METRIC.findall(expression.text)
    assert named
    known_labels: set[str] = set()
    for name, matchers in named:
        assert name in metrics, name
        known_labels |= metrics[name]
        used = dict(LABEL.findall(matchers))
        assert used.keys() <= metrics[name] | ADDED, (name, used)
        assert used.get("job") == "briefing", f"{name} of other services would count"
    grouped = {label.strip() for labels in GROUPED.findall(expression.text) for label in labels.split(",")}
    assert grouped <= known_labels | ADDED


def test_values_of_labels_are_documented() -> None:
    operating = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    documented = operating.partition("\n## Metrics\n")[2].partition("\n## ")[0]
    for expression in EXPRESSIONS:
        for name, matchers in METRIC.findall(expression.text):
            for label, value in LABEL.findall(matchers):
                if label in ("job", "instance", "status"):
                    continue
                for part in value.split("|"):
                    assert re.search(rf"[ `(]{part}\b", documented), (name, label, part)


@pytest.mark.full
def test_the_expressions_of_the_dashboard_are_valid(promtool: Program, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": expression.text} for number, expression in enumerate(EXPRESSIONS)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    code, output = check(promtool, "check", "rules", "rules.yaml", at=tmp_path)
    assert code == 0 and f"{len(rules)} rules found" in output, output


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    cells: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in own) < 24 and not cells & own, panel["title"]
        cells |= own


def test_every_panel_uses_the_data_source_that_the_reader_chooses() -> None:
    variables = {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    assert {"datasource", "instance"} <= variables
    sources: list[Any] = [panel["datasource"] for panel in PANELS]
    sources += [target["datasource"] for panel in PANELS for target in panel["targets"]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_urgent_it_is_and_has_a_section_of_the_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{rule['alert'].lower()}"
    section = RUNBOOK.partition(f"\n### {rule['alert']}\n")[2].partition("\n### ")[0]
    assert len(section.split()) > 20, "a section says what it means and what to do"
    assert section.strip().startswith(f"**{rule['labels']['severity']}.**")


def test_the_runbook_has_no_section_of_an_alert_that_is_gone() -> None:
    assert set(re.findall(r"^### (Briefing\w+)$", RUNBOOK, re.M)) == {rule["alert"] for rule in RULES}
