"""The TypeScript client in a browser, loaded as modules from another origin than the service's. CORS lets through
enough for pages, conditions, limits and typed errors."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import pytest

from api.access.keys import Keys, NewKey
from api.ingest.load import load
from api.settings import Settings
from api.store.access import AccessStore
from tests.pages.test_browser import CHROMIUM
from tests.sdk.conftest import SAMPLE
from tests.serving import serving

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")

PAGE = """<!doctype html><title>Client</title>
<script type="importmap">{"imports": {
  "briefing-sdk": "/node_modules/briefing-sdk/dist/index.js",
  "briefing-sdk/v1": "/node_modules/briefing-sdk/dist/v1/index.js"}}</script>
<script type="module" src="/browser.js"></script>
"""


@pytest.fixture(scope="module")
async def service(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[dict[str, str]]:
    """The URL of a service over the sample, and a key. Callers without a key get two lists of 200 at once."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    connection = await asyncpg.connect(url)
    await connection.execute("update access.plan set burst = 450, points_minute = 6000 where name = 'anonymous'")
    await connection.close()
    store = AccessStore(url)
    new_key = await Keys(store, Settings().key_environment, "test").create(NewKey("A page", "free"))
    await store.close()
    with serving(url, limits="true") as server:
        yield {"service": f"http://127.0.0.1:{server.port}", "key": new_key.secret.text}


@pytest.fixture(scope="module")
def page(typescript_home: Path) -> Iterator[str]:
    """The URL of a page that has the package as npm installed it, and nothing else."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Log nothing."""

    (typescript_home / "page.html").write_text(PAGE, encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(typescript_home)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/page.html"
    server.shutdown()
    server.server_close()


def test_a_page_of_another_origin_can_query_page_and_read_errors(
    node: Callable[..., str], page: str, service: dict[str, str]
) -> None:
    page_report = json.loads(node("load.mjs", CHROMIUM, f"{page}?{urlencode(service)}"))
    # The browser itself reports each answer that refuses.
    assert [
        message
        for message in page_report["messages"]
        if not message.startswith("Failed to load resource: the server responded")
    ] == []
    assert page_report["failed"] is None
    report = page_report["report"]
    assert len(report["titles"]) == 2 and report["walked"] == 42 and report["queried"] == 3 and report["exported"] > 100
    # The second answer has not changed: the client has read the ETag and sent it, after a preflight.
    fresh, second = report["conditional"]["responses"]
    assert (fresh["status"], second["status"], report["conditional"]["same"]) == (200, 304, True)
    assert fresh["etag"] and fresh["etag"] == second["etag"]
    assert fresh["ratelimit"] and fresh["x-request-id"]
    assert report["problem"] == {"typed": True, "code": "invalid_request", "faults": ["knd"]}
    refusal = report["refused"]
    assert refusal["typed"] and refusal["code"] == "rate_limited"
    # The client can read Retry-After, and waits for it.
    assert refusal["retry-after"] == str(refusal["after"]) and refusal["after"] >= 1
    assert report["patient"] == 42 and report["waited"] >= 400
