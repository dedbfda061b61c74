"""The files for programs that visit sites: their rules keep crawlers off the data, and their links lead somewhere."""

from __future__ import annotations

import re
from urllib.robotparser import RobotFileParser

import httpx2
import pytest

from api.catalog import VERSIONS
from api.pages.files import ASSETS
from api.pages.robots import write_llms


def test_crawlers_may_read_pages_and_not_the_data(client: httpx2.Client) -> None:
    answer = client.get("/robots.txt")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    rules = RobotFileParser()
    rules.parse(answer.text.splitlines())
    for path in ("/", "/guide/filters", "/explore/events"):
        assert rules.can_fetch("any", path), path
    for name in VERSIONS:
        assert not rules.can_fetch("any", f"/{name}/events.csv")
    assert "Disallow: /explore/*?" in answer.text


def test_language_models_find_the_contracts_and_the_guide(client: httpx2.Client) -> None:
    answer = client.get("/llms.txt")
    assert answer.status_code == 200 and answer.text.startswith("# Briefing API\n")
    links = re.findall(r"\]\(([^)]*)\)", answer.text)
    assert len(links) > 15
    for link in links:
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("url", ["https://data.example.org", "https://example.org/below"])
def test_links_are_below_the_public_url(url: str) -> None:
    text = write_llms(list(VERSIONS.values()), url)
    assert all(link.startswith(f"{url}/") for link in re.findall(r"\]\(([^)]*)\)", text))


def test_browsers_find_an_icon_where_no_page_names_one(client: httpx2.Client) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
    assert answer.headers["cache-control"] == "public, max-age=604800"
    assert answer.content == (ASSETS.folder / "icon.svg").read_bytes()
    again = client.get("/favicon.ico", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
