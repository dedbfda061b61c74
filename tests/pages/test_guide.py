"""The guide: every page of `docs/` as HTML, whose links and anchors lead somewhere, and nothing of which can run."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from api.pages.guide import FOLDER, INDEX, page_names, read_page, rewrite_link
from tests.conftest import TESTS
from tests.pages.conftest import check_markup

NAMES = page_names()
LINKS = re.compile(r'<a href="([^"]*)"')
each_page = pytest.mark.parametrize("name", NAMES)


def address_of(name: str) -> str:
    return "/guide" if name == INDEX else f"/guide/{name}"


def test_every_page_of_the_folder_is_served_and_listed_once(browser: httpx2.Client) -> None:
    assert set(NAMES) == {file.stem for file in FOLDER.glob("*.md")} and len(NAMES) == len(set(NAMES))
    assert TESTS.parent / "docs" == FOLDER
    contents = browser.get("/guide").text.partition('aria-label="Guide"')[2].partition("</nav>")[0]
    listed = [urlsplit(urljoin("/guide", link)).path for link in LINKS.findall(contents) if link[0] != "#"]
    assert listed == [address_of(name) for name in NAMES]


@each_page
def test_a_link_to_a_page_shows_its_title_and_not_the_name_of_a_file(browser: httpx2.Client, name: str) -> None:
    body = browser.get(address_of(name)).text.partition('<article class="prose">')[2]
    for address, text in re.findall(r'<a href="([^"]*)">(.*?)</a>', body):
        # Files of the repository that are no pages of the guide keep their names.
        assert text.removesuffix(".md") == text or text.removesuffix(".md") not in NAMES, address
    if name == INDEX:
        listed = dict(re.findall(r'<td><a href="guide/([\w-]+)">(.*?)</a></td>', body))
        assert {page: unescape(title) for page, title in listed.items()} == {
            page: read_page(page).title for page in NAMES if page != INDEX
        }


@each_page
def test_the_title_of_a_document_names_the_guide_once(browser: httpx2.Client, name: str) -> None:
    title = re.search("<title>(.*?)</title>", browser.get(address_of(name)).text)
    own = "" if name == INDEX else f"{read_page(name).title} – "
    assert title and unescape(title[1]) == f"{own}Guide – Briefing API"


@each_page
def test_a_page_is_whole_and_nothing_of_it_can_run(browser: httpx2.Client, name: str) -> None:
    page = browser.get(address_of(name))
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1 id=" in page.text and page.text.count("<h1") == 1
    assert "&lt;!--" not in page.text and "text-align" not in page.text
    # A template that runs 7 * 7 would write 49. One table has a cell with this number.
    check_markup(page.text.replace("<td>49</td>", ""))
    again = browser.get(address_of(name), headers={"if-none-match": page.headers["etag"]})
    assert again.status_code == 304


def test_every_link_between_pages_leads_to_a_page_and_its_anchor(browser: httpx2.Client) -> None:
    pages = {address_of(name): browser.get(address_of(name)).text for name in NAMES}
    checked = 0
    for address, text in pages.items():
        for link in LINKS.findall(text):
            target = urlsplit(urljoin(f"http://x{address}", unescape(link)))
            if target.netloc == "x" and target.path.startswith("/guide"):
                assert target.path in pages, link
                assert not target.fragment or f'id="{target.fragment}"' in pages[target.path], (address, link)
                checked += 1
    assert checked > 10 * len(NAMES)


@pytest.mark.parametrize(
    ("address", "page", "expected"),
    [
        ("filters.md#dates", "pages", "filters#dates"),
        ("filters.md", INDEX, "guide/filters"),
        ("README.md", "pages", "../guide"),
        ("../SECURITY.md#behind-a-proxy", "operating", "../guide"),
        ("https://example.org/", "pages", "https://example.org/"),
        ("#count", "pages", "#count"),
    ],
)
def test_links_are_rewritten_for_the_site(address: str, page: str, expected: str) -> None:
    assert rewrite_link(address, page) == expected


def test_markup_in_a_page_stays_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "# A <b>title</b>\n\n<script>x()</script>\n\n[a](javascript:x) ![](y)\n\n| a |\n|--:|\n| `<i>` |\n"
    (tmp_path / "attack.md").write_text(text, encoding="utf-8")
    monkeypatch.setattr("api.pages.guide.FOLDER", tmp_path)
    body = read_page.__wrapped__("attack").body
    assert "<script" not in body and "<b>" not in body and 'href="javascript' not in body and "<i>" not in body
    assert '<td class="align-right">' in body and "style=" not in body


def test_a_page_that_does_not_exist_names_the_nearest(browser: httpx2.Client) -> None:
    page = browser.get("/guide/filter")
    assert page.status_code == 404 and "Did you mean /guide/filters?" in unescape(page.text)


def test_the_wheel_has_the_guide() -> None:
    project = (TESTS.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert '"docs" = "api/docs"' in project
