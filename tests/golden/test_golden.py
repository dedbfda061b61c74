"""Version 1 answers byte for byte what it answered before there was a version beside it.

The answers were taken from the service as it was then. With WRITE_GOLDEN=1 they are taken anew, which is right
only where version 1 itself was meant to change, by addition.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import urlencode

import httpx2
import pytest

from tests.golden.requests import DOCUMENTS, PATHS

KEPT = Path(__file__).parent / "v1.json"
# What the sample tells is of 2022; a later time is that of its loading.
LOADED = re.compile(r"20(?:2[3-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00")
REQUESTS = [*PATHS, *(f"/v1/graphql?{urlencode({'query': one})}" for one in DOCUMENTS)]
TOLD = ("content-type", "link", "cache-control", "vary", "deprecation", "sunset", "deprecated-use")


def asked(served: str, request: str) -> dict[str, object]:
    """What a request is answered with, but for what depends on when the sample was loaded."""
    answer = httpx2.get(f"{served}{request}", headers={"X-Request-Id": "golden"})
    headers = {name: answer.headers[name] for name in TOLD if name in answer.headers}
    return {
        "status": answer.status_code,
        "headers": headers,
        "body": LOADED.sub("2022-03-07T06:00:00+00:00", answer.text),
    }


@pytest.fixture(scope="session")
def kept(served: str) -> dict[str, object]:
    if os.environ.get("WRITE_GOLDEN"):
        text = json.dumps({one: asked(served, one) for one in REQUESTS}, indent=1, ensure_ascii=False)
        KEPT.write_text(text + "\n", encoding="utf-8")
    made: dict[str, object] = json.loads(KEPT.read_text(encoding="utf-8"))
    return made


@pytest.mark.parametrize("request_", REQUESTS, ids=[one[:70] for one in REQUESTS])
def test_version_1_answers_what_it_answered_before(served: str, kept: dict[str, object], request_: str) -> None:
    assert asked(served, request_) == kept[request_]
