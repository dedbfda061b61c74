"""Callers without a key, and callers who try keys, are counted by their network. No caller can choose it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from api.access import key
from tests.limits.conftest import Access, Client, limited_client
from tests.limits.fields import read_list

FORGED = ["203.0.113.7", "203.0.113.7, 198.51.100.1", "::1", "127.0.0.1", "x" * 500, ", ,", "10.0.0.1:80"]


def identity(client: Client, forwarded: str) -> str:
    name: str = client.get("/v1/me", x_forwarded_for=forwarded).json()["data"]["identity"]
    return name


@pytest.fixture(scope="module")
def proxied_client(store: str) -> Iterator[Client]:
    with limited_client(store, trusted_proxies="127.0.0.1,10.0.0.0/8,2001:db8:ffff::/48") as client:
        yield client


@pytest.mark.parametrize("forwarded", FORGED)
def test_without_trusted_proxies_the_forwarded_address_is_ignored(client: Client, forwarded: str) -> None:
    assert identity(client, forwarded) == "ip:127.0.0.1"
    for name in ("forwarded", "x_real_ip", "cf_connecting_ip", "true_client_ip", "x_client_ip"):
        answer = client.get("/v1/me", **{name: f"for={forwarded}"})
        assert answer.json()["data"]["identity"] == "ip:127.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("203.0.113.99, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("203.0.113.99, 198.51.100.7, 10.1.2.3, 10.9.9.9", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("2001:db8:1:2::9, 2001:db8:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
        ("somebody, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, nonsense", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_behind_trusted_proxies_the_last_that_is_none_counts(
    proxied_client: Client, forwarded: str, expected: str
) -> None:
    assert identity(proxied_client, forwarded) == f"ip:{expected}"


def test_one_network_has_one_allowance_and_another_its_own(proxied_client: Client) -> None:
    addresses = ("2001:db8:7:7::1", "2001:db8:7:7:8::2", "2001:db8:7:8::1", "192.0.2.200")
    answers = [proxied_client.get("/v1/sources?limit=50", x_forwarded_for=address) for address in addresses]
    remaining = [read_list(answer.headers["ratelimit"])["minute"]["r"] for answer in answers]
    assert remaining[1] < remaining[0] == remaining[2] == remaining[3]


def test_guessing_keys_is_refused_and_delays_nobody(proxied_client: Client) -> None:
    def tried(_: int = 0) -> httpx2.Response:
        return proxied_client.get("/v1/me", {"x-api-key": key.new("live").text}, x_forwarded_for="198.51.100.66")

    assert {tried().status_code for _ in range(300)} == {401}
    # A caller who tries one key after the other waits for each answer. One who tries many at once is refused.
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(tried, range(20)))
    refusals = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {401, 429} and len(refusals) > 10
    assert {(answer.json()["limit"], answer.headers["retry-after"]) for answer in refusals} <= {
        ("tries", "1"),
        ("tries", "2"),
    }
    assert (
        proxied_client.get("/v1/me", {"x-api-key": key.new("live").text}, x_forwarded_for="198.51.100.67").status_code
        == 401
    )
    assert proxied_client.get("/v1/me", x_forwarded_for="198.51.100.66").status_code == 200


async def test_a_key_that_is_right_is_not_counted_among_those_tried(access: Access, proxied_client: Client) -> None:
    plan = await access.plan()
    for _ in range(25):
        right = await access.key(plan)
        assert [proxied_client.get("/v1/me", right, x_forwarded_for="192.0.2.77").status_code for _ in range(20)] == [
            200
        ] * 20


@pytest.mark.parametrize("two", [("authorization", "x-api-key"), ("authorization", "authorization")])
async def test_two_keys_are_refused(access: Access, client: Client, two: tuple[str, str]) -> None:
    fields = [(name, (await access.key())["authorization"]) for name in two]
    fields = [(name, value if name == "authorization" else value[7:]) for name, value in fields]
    assert client.http.get("/v1/me", headers=fields).status_code == 400
