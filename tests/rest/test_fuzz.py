"""The contract holds for any request: cases are made from the document, and sent to the application."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
from schemathesis.core.result import Ok
from schemathesis.pytest.lazy import get_all_tests

from api.catalog import VERSIONS
from api.rest.contract import openapi
from api.rest.inputs import HEADER_PATTERNS

CASES = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
EDITION = re.compile(HEADER_PATTERNS["At-Least-Edition"])
Case = schemathesis.Case[Any]
Cases = dict[str, list[Callable[[], None]]]


def paths(version: str) -> list[str]:
    return list(openapi(VERSIONS[version])["paths"])


def config(coverage: bool) -> SchemathesisConfig:
    """Return a configuration that makes the same cases each time. `coverage` tries every parameter at and beyond its
    bounds."""
    phases = PhasesConfig(coverage=CoveragePhaseConfig(enabled=coverage))
    project = ProjectConfig(phases=phases, generation=GenerationConfig(deterministic=True, allow_x00=False))
    return SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))


def without_links(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without the filters through links: these are thousands of cases of the same conditions."""
    for path in document["paths"].values():
        path["get"]["parameters"] = [
            parameter for parameter in path["get"]["parameters"] if parameter.get("$ref", "").count(".") < 2
        ]
    return document


@pytest.fixture(scope="module")
def ask_case(client: httpx2.Client) -> Iterator[Callable[[Case], None]]:
    """`ask_case(case)` sends it and checks the answer."""
    with requests.Session() as session:
        yield lambda case: check(case, client, session)


@pytest.fixture(scope="module")
def cases_v1(ask_case: Callable[[Case], None]) -> Cases:
    return cases(openapi(VERSIONS["v1"]), ask_case, 20)


@pytest.fixture(scope="module")
def cases_v2(ask_case: Callable[[Case], None]) -> Cases:
    """The cases of version 2. Its filters are those of version 1, so they test its answers above all."""
    return cases(openapi(VERSIONS["v2"]), ask_case, 5)


@pytest.fixture(scope="module")
def bounds(ask_case: Callable[[Case], None]) -> Cases:
    return cases(without_links(openapi(VERSIONS["v1"])), ask_case, 1, coverage=True)


def cases(document: dict[str, Any], ask_case: Callable[[Case], None], examples: int, coverage: bool = False) -> Cases:
    """Return the tests of each path, with their cases made.

    Schemathesis's own parametrization makes the cases while tests are collected, and so in each test process. That
    took half a minute each.
    """

    @settings(CASES, max_examples=examples)
    def each(case: Case) -> None:
        ask_case(case)

    schema = schemathesis.openapi.from_dict(document, config=config(coverage))
    tests: Cases = {}
    for result in get_all_tests(schema=schema, test_func=each, settings=None, given_kwargs=None):
        assert isinstance(result, Ok)
        operation, test = result.ok()
        tests.setdefault(operation.path, []).append(test)
    assert tests.keys() == document["paths"].keys()
    return tests


@pytest.mark.parametrize("path", paths("v1"))
def test_the_server_answers_as_documented(path: str, cases_v1: Cases) -> None:
    for test in cases_v1[path]:
        test()


@pytest.mark.parametrize("path", paths("v2"))
def test_version_2_answers_as_documented(path: str, cases_v2: Cases) -> None:
    for test in cases_v2[path]:
        test()


@pytest.mark.parametrize("path", paths("v1"))
def test_each_parameter_is_taken_within_its_bounds_and_refused_beyond(path: str, bounds: Cases) -> None:
    for test in bounds[path]:
        test()


def is_within_bounds(value: object) -> bool:
    """Return True if the value of a moment or of a cursor is one that the contract allows."""
    return isinstance(value, str) and 1 <= len(value) <= 100


def check(case: Case, client: httpx2.Client, session: requests.Session) -> None:
    """Run every check of Schemathesis except one: JSON Schema cannot say that a filter needs another one."""
    # A random cursor or moment is refused before anything else is checked. Without it the case may be valid.
    query = case.query or {}
    replaced = [query[name] for name in ("cursor", "known_at", "to", "from") if name in query]
    for name in ("cursor", "known_at", "to"):
        query.pop(name, None)
    if "from" in query:
        query["from"] = f"e{client.get('/v2/editions?limit=1').json()['data'][0]['number']}"
    if case.headers:
        case.headers.pop("Accept-Datetime", None)
    if case.headers and EDITION.fullmatch(case.headers.get("At-Least-Edition", "")):
        # A random edition is not there yet.
        del case.headers["At-Least-Edition"]
    response = case.call(base_url=str(client.base_url), session=session)
    skipped = [positive_data_acceptance]
    if response.status_code == 414 or not all(map(is_within_bounds, replaced)):
        skipped.append(negative_data_rejection)
    case.validate_response(response, excluded_checks=skipped)
