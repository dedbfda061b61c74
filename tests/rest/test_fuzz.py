"""What the contract says holds for whatever clients send: cases made from the document, against the application."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.config import (
    CoveragePhaseConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

from api.catalog import V1, VERSIONS
from api.rest.contract import openapi

CASES = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


def config(coverage: bool) -> SchemathesisConfig:
    """The same cases each time. `coverage` tries every parameter at and beyond its bounds."""
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=coverage))
    project = ProjectConfig(phases=phases, generation=GenerationConfig(deterministic=True, allow_x00=False))
    return SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))


def without_links(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the filters through links: thousands of cases, of the same conditions once more."""
    for path in document["paths"].values():
        path["get"]["parameters"] = [one for one in path["get"]["parameters"] if one.get("$ref", "").count(".") < 2]
    return document


whole = {
    one.name: schemathesis.openapi.from_dict(openapi(one), config=config(coverage=False)) for one in VERSIONS.values()
}
bounds = schemathesis.openapi.from_dict(without_links(openapi(V1)), config=config(coverage=True))


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


@whole["v1"].parametrize()
@settings(CASES, max_examples=20)
def test_the_server_answers_as_documented(
    case: schemathesis.Case, client: httpx2.Client, session: requests.Session
) -> None:
    check(case, client, session)


# Filters are those of version 1, which were tried above: here it is the answers that count.
@whole["v2"].parametrize()
@settings(CASES, max_examples=5)
def test_version_2_answers_as_documented(
    case: schemathesis.Case, client: httpx2.Client, session: requests.Session
) -> None:
    check(case, client, session)


@bounds.parametrize()
@settings(CASES, max_examples=1)
def test_each_parameter_is_taken_within_its_bounds_and_refused_beyond(
    case: schemathesis.Case, client: httpx2.Client, session: requests.Session
) -> None:
    check(case, client, session)


def check(case: schemathesis.Case, client: httpx2.Client, session: requests.Session) -> None:
    """Every check of Schemathesis but one: JSON Schema cannot say that a filter needs another beside it."""
    if case.query:
        # A cursor of chance is refused before anything else is looked at.
        case.query.pop("cursor", None)
    response = case.call(base_url=str(client.base_url), session=session)
    skipped = [positive_data_acceptance]
    if response.status_code == 414:
        skipped.append(negative_data_rejection)
    case.validate_response(response, excluded_checks=skipped)
