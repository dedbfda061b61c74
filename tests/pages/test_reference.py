"""The reference of each contract: Scalar from this host alone, with its licences beside it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from api.catalog import VERSIONS
from api.pages.files import ASSETS

REFERENCES = re.compile(r'(?:src|href|data-contract)="([^"]*)"')
FOREVER = "public, max-age=31536000, immutable"
NAMES = [*VERSIONS, "admin"]
PAGES = ["/docs", *(f"/docs/{name}" for name in NAMES)]
pages = pytest.mark.parametrize("path", PAGES)


@pages
def test_a_contract_has_a_page_whose_links_lead_somewhere(browser: httpx2.Client, path: str) -> None:
    page = browser.get(path)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    name = path.removeprefix("/docs").strip("/") or [*VERSIONS][-1]
    assert f"<title>Reference of {name} " in page.text
    assert f'{name}/openapi.json"' in page.text
    assert page.text.count('aria-current="page"') == 1
    for link in REFERENCES.findall(page.text):
        assert urljoin(f"/behind/a/prefix{path}", link).startswith("/behind/a/prefix/")
        assert browser.get(urlsplit(urljoin(path, link)).path).status_code == 200, link


@pages
def test_a_page_may_load_what_is_here_and_stands_in_no_frame(browser: httpx2.Client, path: str) -> None:
    page = browser.get(path)
    policy = dict(directive.split(" ", 1) for directive in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert not any("http" in sources or "*" in sources or "unsafe-eval" in sources for sources in policy.values())
    assert page.headers["x-frame-options"] == "DENY"
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page.text) == []
    assert not re.search(r"\son\w+=|style=|<style|//", page.text)
    again = browser.get(path, headers={"if-none-match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ASSETS.names)
def test_a_file_is_served_as_it_is_compressed_and_as_304(client: httpx2.Client, name: str) -> None:
    path = f"/{ASSETS.path}/{name}"
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert plain.content == (ASSETS.folder / name).read_bytes()
    assert plain.headers["cache-control"] == FOREVER
    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as compressed:
        assert gzip.decompress(b"".join(compressed.iter_raw())) == plain.content
        assert compressed.headers["etag"] != plain.headers["etag"]
    headers = {"accept-encoding": "identity", "if-none-match": plain.headers["etag"]}
    again = client.get(path, headers=headers)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["home.html", "", "nothing.js", "../home.py", "..%2Fhome.py", "scalar.js%00"])
def test_nothing_else_is_served(client: httpx2.Client, name: str) -> None:
    answer = client.get(httpx2.URL(str(client.base_url), raw_path=f"/{ASSETS.path}/{name}".encode()))
    assert answer.status_code in (400, 404)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_unknown_version_has_no_page(browser: httpx2.Client) -> None:
    assert browser.get("/docs/v99").status_code == 404


def test_the_licences_are_beside_what_they_are_for() -> None:
    notice = (ASSETS.folder / "NOTICE.txt").read_text(encoding="utf-8")
    names = [file.name for file in ASSETS.folder.iterdir() if file.name != "NOTICE.txt"]
    assert [name for name in names if name not in notice] == []
    assert "Scalar API Reference 1.72.1" in notice
    for name in re.findall(r"[a-z]+\.LICENSES?\.txt", notice):
        assert "Copyright" in (ASSETS.folder / name).read_text(encoding="utf-8")


OWN_FILES = [
    *(
        ASSETS.folder / name
        for name in ("copy.js", "reference.css", "reference.html", "reference.js", "sdk.html", "site.css")
    ),
    *sorted((ASSETS.folder.parent / "templates").rglob("*.html")),
]


@pytest.mark.parametrize("file", OWN_FILES, ids=lambda file: file.name)
def test_our_own_files_name_no_other_host(file: Path) -> None:
    assert not re.search(r"https?:|@import|url\(", file.read_text(encoding="utf-8"))


def test_requests_of_scalar_to_its_own_hosts_are_switched_off() -> None:
    text = (ASSETS.folder / "reference.js").read_text(encoding="utf-8")
    for line in ('proxyUrl: ""', "withDefaultFonts: false", "agent: { disabled: true }", "telemetry: false"):
        assert line in text
    assert "sourceMappingURL" not in (ASSETS.folder / "scalar.js").read_text(encoding="utf-8")
