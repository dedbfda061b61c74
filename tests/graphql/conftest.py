"""A client of the served application, and a shorthand for a request over POST."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

PATH = "/v1/graphql"


@pytest.fixture(scope="session")
def client(service_url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=service_url) as client:
        yield client


@pytest.fixture(scope="session")
def post(client: httpx2.Client) -> Callable[..., httpx2.Response]:
    """`post(body, header="value")`: the body as JSON; headers by name, with _ for -."""

    def send(body: Any, **headers: str) -> httpx2.Response:
        return client.post(PATH, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return send
