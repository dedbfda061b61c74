"""A client of the served application."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="session")
def client(service_url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=service_url) as client:
        yield client


@pytest.fixture(scope="session")
def browser(service_url: str) -> Iterator[httpx2.Client]:
    """A client that sends the Accept field of a browser."""
    with httpx2.Client(base_url=service_url, headers={"accept": BROWSER}) as browser:
        yield browser
