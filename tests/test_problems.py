"""The `type` of a problem is a path to its explanation."""

from __future__ import annotations

import httpx2
import pytest

from api.http.problems import PROBLEMS


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_is_explained_at_its_type(service_url: str, code: str) -> None:
    response = httpx2.get(f"{service_url}/problems/{code}")
    assert response.status_code == 200
    assert response.json()["code"] == code
    assert response.json()["meaning"].endswith(".")


def test_a_problem_names_an_address_that_is_there(service_url: str) -> None:
    problem = httpx2.get(f"{service_url}/v1/events?kind=nonsense").json()
    assert httpx2.get(service_url + problem["type"]).json()["title"] == problem["title"]


def test_an_unknown_problem_is_not_found(service_url: str) -> None:
    assert httpx2.get(f"{service_url}/problems/nonsense").status_code == 404
