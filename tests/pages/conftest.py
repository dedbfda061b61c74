"""Clients of the served application, and a service over records whose texts are markup."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.ingest.load import load
from api.ingest.sample import load_sample
from tests.conftest import SAMPLE
from tests.pages.charted import write_charted
from tests.serving import serving

DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)
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


MARKUP = "</title></script><script>window.executed=1</script><img src=x onerror=window.executed=1>"
ATTACK = f"\u200f\u05e9\u05dc\u05d5\u05dd {MARKUP}\"'{{{{7*7}}}} {'W' * 300}"
# The part of the attack that a page contains if it shows the attack as text.
ESCAPED_ATTACK = "&lt;script&gt;window.executed"
# Lists whose records have no texts of a source.
WITHOUT_TEXTS = ("editions",)
# A record that is loaded, and then withdrawn with the attack as the reason.
WITHDRAWN = {"dataset": "hostile", "resource": "place", "key": "withdrawn"}


def hostile_sample(folder: Path) -> Path:
    """Return the sample with markup, a template and words of another direction in each text that may be any. The loader
    itself refuses characters that override the direction."""
    texts = ("title", "summary", "name", "name_as_reported", "description", "statement", "text", "context", "caveat")
    more = ("population", "value_text", "attribution", "source_role", "speaker_role", "cue", "venue", "time_text")

    def poison(value: Any) -> Any:
        if isinstance(value, list):
            return [poison(member) for member in value]
        if not isinstance(value, dict):
            return value
        poisoned = {}
        for name, member in value.items():
            if name in (*texts, *more) and isinstance(member, str):
                poisoned[name] = f"{member[:200]} {ATTACK}"
            elif name in ("exact",) and isinstance(member, str):
                poisoned[name] = f"{member[:60]} {ATTACK[:200]}"
            else:
                poisoned[name] = poison(member)
        return poisoned

    records = poison(json.loads((SAMPLE / "rferl-2022-03-06.json").read_text(encoding="utf-8")))
    file = folder / "hostile.json"
    file.write_text(json.dumps(records), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
async def hostile(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The base URL of a service over records with markup in their texts."""
    url, folder = await new_store(), tmp_path_factory.mktemp("hostile")
    await load([str(hostile_sample(folder))], url)
    file = folder / "withdrawn.ndjson"
    for line in (WITHDRAWN | {"name": "Nowhere"}, WITHDRAWN | {"withdrawn": {"reason": ATTACK}}):
        file.write_text(json.dumps(line), encoding="utf-8")
        await load([str(file)], url)
    with serving(url) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="session")
async def charted(
    new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The base URL of a service over figures of sources that differ, and over both editions of the sample."""
    url = await new_store()
    await load_sample(url)
    await load([str(write_charted(tmp_path_factory.mktemp("charted")))], url)
    with serving(url) as server:
        yield f"http://127.0.0.1:{server.port}"


def check_words(page: str, record: dict[str, Any]) -> None:
    """Check that the page of a record contains its words: the amount and population of a figure, or the name or text of
    another record."""
    if "amount" in record:
        heading = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.S)
        amount = record["amount"]
        number = amount["text"] if amount["value"] is None else f"{amount['value']:,}"
        assert heading and re.search(rf"\b{number}\b.*{record['population']}", unescape(heading[1]), re.I)
    else:
        words = next(record[name] for name in ("title", "name", "description", "text") if record.get(name))
        assert words in unescape(page)


def check_escaped_attack(page: httpx2.Response) -> None:
    """Check that a page contains the attack of the hostile sample, as text."""
    assert page.status_code == 200 and ESCAPED_ATTACK in page.text
    check_markup(page.text)


def check_markup(page: str) -> None:
    """Check that a page has no scripts but its own, nothing inline, and no direction that leaks out of its title.
    Blocks of data are valid JSON, which no text in it ends early."""
    for block in DATA.findall(page):
        assert json.loads(block) and not re.search("[<>&]", block)
    page = DATA.sub("", page)
    # What is in quotation marks is no attribute.
    page = re.sub('content="[^"<>]*"', "", page)
    assert re.findall(r"<script[^>]*>", page) == re.findall(r'<script defer src="[./]*docs/\w+/\w+\.js">', page)
    assert not re.search(r"<(?!html|/)[^>]*?\s(?:on\w+|style)=", page)
    assert "<img" not in page and "<style" not in page and "javascript:" not in page and ">49<" not in page
    title = re.search(r"<title>(.*?)</title>", page, re.S)
    assert title and "\u200f" not in title[1]
