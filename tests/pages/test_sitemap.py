"""The files that crawlers and finders of vulnerabilities look for: the sitemap, and security.txt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import httpx2
import pytest
from defusedxml.ElementTree import fromstring

from api.catalog import VERSIONS
from api.pages.robots import write_robots
from api.pages.security_txt import PATH, write_security_txt
from api.pages.sitemap import MOST, NAMESPACE, write_urls
from api.settings import Settings
from tests.serving import serving

NEWEST = list(VERSIONS.values())[-1]


def addresses(answer: httpx2.Response) -> list[str]:
    """Return the addresses in a file of a sitemap."""
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml; charset=utf-8")
    return [element.text or "" for element in fromstring(answer.content).iter(f"{{{NAMESPACE}}}loc")]


def test_the_sitemap_leads_to_every_page_and_record(client: httpx2.Client) -> None:
    files = addresses(client.get("/sitemap.xml"))
    assert len(files) == len(NEWEST.resources) + 1
    urls = {address for file in files for address in addresses(client.get(urlsplit(file).path))}
    paths = {urlsplit(address).path for address in urls}
    assert all(urlsplit(address).scheme == "http" for address in urls)
    for resource in NEWEST.resources.values():
        records = client.get(f"/v2/{resource.plural}?limit=200").json()["data"]
        assert {f"/explore/{resource.plural}/{record['id']}" for record in records} <= paths
    rules = RobotFileParser()
    rules.parse(client.get("/robots.txt").text.splitlines())
    assert {"/", "/explore/events", "/guide/filters"} <= paths
    for path in [path for path in paths if "_" not in path]:
        assert client.get(path).status_code == 200, path
        assert rules.can_fetch("any", path)


def test_the_newest_changes_come_first_with_their_day(client: httpx2.Client) -> None:
    answer = client.get("/sitemaps/events.xml")
    (day,) = {element.text for element in fromstring(answer.content).iter(f"{{{NAMESPACE}}}lastmod")}
    records = client.get("/v2/events?sort=-updated_at&limit=200").json()["data"]
    assert {record["updated_at"][:10] for record in records} == {day}
    assert [address.rpartition("/")[2] for address in addresses(answer)] == [record["id"] for record in records]
    assert int(answer.headers["ratelimit-cost"]) > 0
    again = client.get("/sitemaps/events.xml", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def test_a_file_is_bounded_and_escaped() -> None:
    assert MOST <= 50_000
    text = write_urls([("http://x/?a=1&b=<2>", "2022-03-06")])
    assert [element.text for element in fromstring(text).iter(f"{{{NAMESPACE}}}loc")] == ["http://x/?a=1&b=<2>"]


def test_robots_name_the_sitemap_below_the_public_url() -> None:
    versions = list(VERSIONS.values())
    assert "Sitemap: https://example.org/below/sitemap.xml" in write_robots(versions, "https://example.org/below")
    assert "Sitemap" not in write_robots(versions, "")


def test_without_a_contact_there_is_no_security_txt(client: httpx2.Client) -> None:
    assert client.get(PATH).status_code == 404


def test_the_contact_of_the_operator_stands_in_security_txt() -> None:
    away, contact = "postgresql://briefing@127.0.0.1:1/none", "mailto:security@example.org"
    with serving(away, security_contact=contact, public_url="https://example.org") as server:
        answer = httpx2.get(f"http://127.0.0.1:{server.port}{PATH}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == contact
    assert fields["Canonical"] == f"https://example.org{PATH}"
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=100) < left < timedelta(days=365)


@pytest.mark.parametrize("month", range(1, 13))
def test_security_txt_expires_within_a_year(month: int) -> None:
    for day in (1, 28):
        now = datetime(2026, month, day, tzinfo=UTC)
        text = write_security_txt("https://example.org/report", "", now)
        expires = datetime.fromisoformat(text.split("Expires: ")[1].splitlines()[0])
        assert timedelta(days=100) < expires - now < timedelta(days=365)


@pytest.mark.parametrize(
    "contact", ["security@example.org", "javascript:alert(1)", "https://x y", "mailto:a\nExpires: x"]
)
def test_a_contact_that_is_no_address_is_refused(contact: str) -> None:
    for name in ("security_contact", "key_contact"):
        with pytest.raises(ValueError, match="expected the address of a page"):
            Settings.model_validate({name: contact})
