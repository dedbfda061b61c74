"""The link to the next page contains the request as it was sent, and nothing that would end the link."""

from __future__ import annotations

import httpx2
import pytest

from tests.http.conftest import Client


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"kind=shelling&limit=1", b"kind=shelling&limit=1"),
        (b"q=a+or+the&limit=1", b"q=a+or+the&limit=1"),
        # Another spelling of the cursor, which is not sent twice.
        (b"limit=1&%63ursor=CURSOR", b"limit=1"),
        (b"q=a%20or%20the&limit=1", b"q=a%20or%20the&limit=1"),
        (
            b'limit=1&q=a+or+the+or+of+or+bombardment>;rel="x",<https://evil.example/>',
            b"limit=1&q=a+or+the+or+of+or+bombardment%3E;rel=%22x%22,%3Chttps://evil.example/%3E",
        ),
    ],
)
def test_the_next_page_is_one_link(service_url: str, query: bytes, expected: bytes) -> None:
    client = Client(int(service_url.rpartition(":")[2]))
    first = httpx2.get(f"{service_url}/v1/events?limit=1").json()["page"]["next_cursor"]
    query = query.replace(b"CURSOR", first.encode())
    client.send(b"GET /v1/events?" + query + b" HTTP/1.1\r\nhost: x\r\n\r\n")
    link = client.answer().fields["link"].encode()
    client.close()
    assert link.startswith(b"</v1/events?" + expected + b"&cursor=") and link.endswith(b'>; rel="next"')
    assert link.count(b"<") == link.count(b">") == 1
