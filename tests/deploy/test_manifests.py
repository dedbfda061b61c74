"""compose.yaml and the manifests of Kubernetes are valid, and agree with the service, the image and one another."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.observability.health import Health
from api.server.http_server import DRAIN_SECONDS
from api.settings import NOT_OURS, Settings
from tests.clients import ROOT
from tests.deploy.conftest import DEPLOY, check

KUBERNETES = DEPLOY / "kubernetes"
MANIFESTS = sorted(path for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml")
# The oldest release that has the action `sleep`, and the newest that the schemas have.
RELEASES = ("1.30.0", "1.37.0")
# Seconds in which the service ends after SIGTERM, as docs/operating.md says.
EXIT_SECONDS = 30
EVERY = sorted(path for path in DEPLOY.rglob("*") if path.is_file())


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


COMPOSE = read(DEPLOY / "compose.yaml")
DEPLOYMENT = read(KUBERNETES / "deployment.yaml")
JOB = read(KUBERNETES / "migrate.yaml")
DATA = read(KUBERNETES / "settings.yaml")["data"]
POD = DEPLOYMENT["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]


def seconds(text: str) -> float:
    assert text.endswith("s")
    return float(text[:-1])


def test_compose_is_valid(validators: Path) -> None:
    code, output = check(validators / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml")
    assert code == 0, output


def test_a_fault_in_compose_is_seen(validators: Path, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text((DEPLOY / "compose.yaml").read_text().replace("read_only:", "readonly:"))
    wrong = check(validators / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", tmp_path / "compose.yaml")
    assert wrong[0] != 0 and "readonly" in wrong[1]


@pytest.mark.parametrize("release", RELEASES)
def test_the_manifests_are_valid(validators: Path, release: str) -> None:
    code, output = check(validators / "kubernetes-validate", "--strict", "-k", release, *MANIFESTS)
    assert (code, output.count(" passed for resource ")) == (0, len(MANIFESTS)), output


def test_a_fault_in_a_manifest_is_seen(validators: Path, tmp_path: Path) -> None:
    wrong = (KUBERNETES / "deployment.yaml").read_text().replace("periodSeconds", "period")
    (tmp_path / "deployment.yaml").write_text(wrong)
    code, output = check(validators / "kubernetes-validate", "--strict", tmp_path / "deployment.yaml")
    assert code != 0 and "period" in output


def test_kustomize_lists_every_manifest_but_the_migration() -> None:
    listed = read(KUBERNETES / "kustomization.yaml")["resources"]
    assert sorted([*listed, "migrate.yaml"]) == [path.name for path in MANIFESTS]


@pytest.mark.parametrize("path", EVERY, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_that_a_file_names_exists(path: Path) -> None:
    for name in re.findall(r"\bBRIEFING_([A-Z_]*[A-Z])\b", path.read_text(encoding="utf-8")):
        # A setting may be in a file: its variable then ends in _FILE.
        assert name.removesuffix("_FILE").lower() in Settings.model_fields, name


def test_a_setting_is_named_somewhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in EVERY)
    assert len(set(re.findall(r"\bBRIEFING_[A-Z_]*[A-Z]\b", text))) > 8
    assert not NOT_OURS.search("BRIEFING_DATABASE_URL_FILE")


@pytest.mark.parametrize("environment", [COMPOSE["x-service"]["environment"], DATA], ids=["compose", "kubernetes"])
def test_the_values_of_settings_are_valid(environment: dict[str, str]) -> None:
    values = {
        name.removeprefix("BRIEFING_").lower(): value
        for name, value in environment.items()
        if not name.endswith("_FILE") and not value.startswith("${")
    }
    assert set(map(type, values.values())) == {str}, "a number in YAML has to be quoted"
    settings = Settings.model_validate(values)
    assert settings.workers and settings.redis_url and settings.trusted_proxies


def test_the_processes_of_all_instances_are_counted() -> None:
    compose = COMPOSE["x-service"]["environment"]
    instances = [name for name in COMPOSE["services"] if name.startswith("briefing-")]
    assert int(compose["BRIEFING_LIMIT_PROCESSES"]) == len(instances) * int(compose["BRIEFING_WORKERS"])
    replicas = DEPLOYMENT["spec"]["replicas"]
    assert int(DATA["BRIEFING_LIMIT_PROCESSES"]) == replicas * int(DATA["BRIEFING_WORKERS"])


def test_postgres_of_compose_has_room_for_all_connections() -> None:
    settings = Settings()
    workers = int(COMPOSE["x-service"]["environment"]["BRIEFING_LIMIT_PROCESSES"])
    needed = workers * (settings.pool_size + settings.export_connections + 7)
    (option,) = (part for part in COMPOSE["services"]["postgres"]["command"] if part.startswith("max_connections="))
    assert int(option.partition("=")[2]) >= needed + 20


def test_instances_have_time_to_end() -> None:
    assert seconds(COMPOSE["x-instance"]["stop_grace_period"]) > EXIT_SECONDS
    stop = CONTAINER["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert POD["terminationGracePeriodSeconds"] > stop + EXIT_SECONDS
    readiness = CONTAINER["readinessProbe"]
    assert stop + DRAIN_SECONDS >= readiness["periodSeconds"] * readiness["failureThreshold"]


def test_probes_ask_for_paths_of_health() -> None:
    class Store:
        async def ready(self) -> None: ...

    paths = {getattr(route, "path", "") for route in Health(Store()).routes().routes}
    probes = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {probe["path"] for probe in probes.values()} == paths
    assert probes["readiness"]["path"] == "/readyz" != probes["liveness"]["path"]
    ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    assert {probe["port"] for probe in probes.values()} <= set(ports)
    assert ports == {"http": Settings().port, "metrics": int(DATA["BRIEFING_METRICS_PORT"])}


def test_the_pods_run_as_the_account_of_the_image() -> None:
    (uid,) = re.findall(r"^USER (\d+)$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.M)
    for pod in (POD, JOB["spec"]["template"]["spec"]):
        assert pod["securityContext"]["runAsUser"] == int(uid)
        assert all(container["securityContext"]["readOnlyRootFilesystem"] for container in pod["containers"])


def test_migration_and_service_are_of_one_image_with_the_same_settings() -> None:
    (job,) = JOB["spec"]["template"]["spec"]["containers"]
    for same in ("image", "envFrom", "volumeMounts"):
        assert job[same] == CONTAINER[same]
    assert (job["args"], CONTAINER["args"]) == (["migrate"], ["serve"])


def test_selectors_find_the_pods_of_the_service_and_not_those_of_the_migration() -> None:
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"].items()
    migration = JOB["spec"]["template"]["metadata"]["labels"].items()
    selectors = [
        DEPLOYMENT["spec"]["selector"]["matchLabels"],
        read(KUBERNETES / "service.yaml")["spec"]["selector"],
        read(KUBERNETES / "disruption-budget.yaml")["spec"]["selector"]["matchLabels"],
        read(KUBERNETES / "network-policy.yaml")["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= labels and not selector.items() <= migration


def test_one_pod_may_always_be_drained() -> None:
    least = read(KUBERNETES / "disruption-budget.yaml")["spec"]["minAvailable"]
    assert 0 < least < DEPLOYMENT["spec"]["replicas"]


def test_every_file_that_compose_mounts_exists_or_is_made_by_the_operator() -> None:
    by_operator = {"./tls", "./backups", "./secrets/database_url", "./secrets/postgres_password"}
    mounted = {
        volume.partition(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    }
    mounted |= {secret["file"] for secret in COMPOSE["secrets"].values()}
    assert by_operator <= mounted
    assert all((DEPLOY / path).is_file() for path in mounted - by_operator)
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert all(path.removeprefix("./").partition("/")[0] in page for path in by_operator)


def test_nginx_of_compose_knows_the_addresses_of_the_instances() -> None:
    services = COMPOSE["services"]
    addresses = {
        name: services[name]["networks"]["back"]["ipv4_address"] for name in ("briefing-1", "briefing-2", "nginx")
    }
    upstream = (DEPLOY / "nginx" / "upstream-compose.conf").read_text(encoding="utf-8")
    assert re.findall(r"server ([\d.]+):8000 ", upstream) == [addresses["briefing-1"], addresses["briefing-2"]]
    assert COMPOSE["x-service"]["environment"]["BRIEFING_TRUSTED_PROXIES"] == addresses["nginx"]
    assert {service.get("ports") and name for name, service in services.items()} == {None, "nginx"}
