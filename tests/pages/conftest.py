"""A client of the served application."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.fixture(scope="session")
def client(served: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=served) as made:
        yield made


@pytest.fixture(scope="session")
def browser(served: str) -> Iterator[httpx2.Client]:
    """A client that sends the Accept field of a browser."""
    with httpx2.Client(base_url=served, headers={"accept": BROWSER}) as made:
        yield made
