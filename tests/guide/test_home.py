"""The home page is the beginning of the guide for readers with only its address. Its first calls keep their promise."""

from __future__ import annotations

import re
from html import unescape

import httpx2
import pytest

from tests.guide.blocks import Step
from tests.guide.reader import NEWEST, Reader

# The language of each call, by its name.
CALLS = {"with curl": "sh", "over GraphQL": "graphql", "from Python": "python", "from TypeScript": "ts"}
SHOWN = re.compile(r'<pre [^>]*aria-label="The first call, ([^"]*)"[^>]*><code>([^<]*)</code></pre>')


def test_every_first_call_gives_the_newest_event(reader: Reader) -> None:
    page = httpx2.get(reader.served, headers={"accept": "text/html"}).text
    title = httpx2.get(f"{reader.served}/{NEWEST}/events?limit=1").json()["data"][0]["title"]
    calls = SHOWN.findall(page)
    assert {called for called, _ in calls} == set(CALLS)
    for call, text in calls:
        step = Step("/", 0, CALLS[call], unescape(text) + "\n")
        code, output = reader.run_step(step)
        if code or title not in output:
            pytest.fail(f"{step}\nprints:\n{output}", pytrace=False)
