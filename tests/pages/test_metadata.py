"""Metadata that other sites read of a page: its title, a description, and its address (Open Graph)."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import pytest

from tests.pages.conftest import BROWSER, check_markup
from tests.serving import serving

PROPERTY = re.compile(r'<meta (?:property|name)="([^"]*)" content="([^"]*)">')


def metadata(page: str) -> dict[str, str]:
    """Return the metadata of a page by name."""
    names = [name for name, _ in PROPERTY.findall(page)]
    assert len(names) == len(set(names))
    return {name: unescape(content) for name, content in PROPERTY.findall(page)}


@pytest.mark.parametrize("path", ["/", "/explore", "/explore/events?kind=attack", "/guide", "/guide/filters"])
def test_a_page_says_what_it_is(browser: httpx2.Client, path: str) -> None:
    tags = metadata(browser.get(path).text)
    assert tags["og:site_name"] == "Briefing API" and tags["og:title"]
    assert tags["og:description"] == tags["description"] and 10 < len(tags["description"]) <= 210
    if "og:url" in tags:
        assert tags["og:url"] == f"{str(browser.base_url).rstrip('/')}{path}"


def test_a_record_says_what_it_is_about(browser: httpx2.Client) -> None:
    figure = browser.get("/v2/figures?measure=killed").json()["data"][0]["id"]
    tags = metadata(browser.get(f"/explore/figures/{figure}").text)
    assert tags["og:title"] == "At least 364 civilians killed" and tags["og:type"] == "article"
    assert tags["og:description"].startswith("Says Office of the United Nations")
    assert tags["og:url"].endswith(f"/explore/figures/{figure}")


def test_addresses_are_below_the_public_url() -> None:
    away, base = "postgresql://briefing@127.0.0.1:1/none", "https://example.org/below"
    with serving(away, public_url=base) as server:
        page = httpx2.get(f"http://127.0.0.1:{server.port}/", headers={"accept": BROWSER, "host": "evil.example"})
    assert metadata(page.text)["og:url"] == f"{base}/" and "evil" not in page.text


def test_texts_of_records_keep_their_direction_and_metadata_has_none(hostile: str) -> None:
    with httpx2.Client(base_url=hostile, headers={"accept": BROWSER}) as client:
        event = client.get("/v2/events?limit=1").json()["data"][0]["id"]
        pages = [client.get(f"/{folder}/events/{event}").text for folder in ("explore", "embed")]
    for page in pages:
        check_markup(page)
        assert '<h1 dir="auto"' in page and '<p class="lead" dir="auto"' in page
        assert not any("\u200f" in content for content in metadata(page).values())
