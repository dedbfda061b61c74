"""The `type` of a problem is a path to its explanation."""

from __future__ import annotations

import httpx2
import pytest

from api.http.problems import PROBLEMS


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_is_explained_at_its_type(served: str, code: str) -> None:
    told = httpx2.get(f"{served}/problems/{code}")
    assert told.status_code == 200
    assert told.json()["code"] == code
    assert told.json()["meaning"].endswith(".")


def test_a_problem_names_an_address_that_is_there(served: str) -> None:
    problem = httpx2.get(f"{served}/v1/events?kind=nonsense").json()
    assert httpx2.get(served + problem["type"]).json()["title"] == problem["title"]


def test_an_unknown_problem_is_not_found(served: str) -> None:
    assert httpx2.get(f"{served}/problems/nonsense").status_code == 404
