"""The address or network that an anonymous request is counted for, behind proxies and without."""

from __future__ import annotations

import pytest

from api.errors import SettingsError
from api.http.request import HttpRequest
from api.middleware.client_address import client_blocks, read_trusted_networks
from tests.http.requests import make_request

PROXIES = read_trusted_networks("10.0.0.0/8, 2001:db8:ffff::/48")


def forwarded_request(client: str | None, *forwarded: str) -> HttpRequest:
    return make_request(*((b"x-forwarded-for", address.encode()) for address in forwarded), client=client)


@pytest.mark.parametrize(
    ("client", "forwarded", "expected"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", (), "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", (), "203.0.113.7"),
        # A client that is no trusted proxy may send any address.
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),
        ("10.1.1.1", ("198.51.100.1",), "198.51.100.1"),
        ("10.1.1.1", ("198.51.100.1:443",), "198.51.100.1"),
        ("10.1.1.1", ("[2001:db8:7::1]:443",), "2001:db8:7::/64"),
        # The client made up the first address, and the proxy appended the one that it saw.
        ("10.1.1.1", ("1.2.3.4, 198.51.100.1",), "198.51.100.1"),
        ("10.1.1.1", ("1.2.3.4", "198.51.100.1, 10.2.2.2"), "198.51.100.1"),
        ("2001:db8:ffff::1", ("198.51.100.1, 2001:db8:ffff:1::1",), "198.51.100.1"),
        ("10.1.1.1", ("198.51.100.1, unknown",), "10.1.1.1"),
        ("10.1.1.1", ("198.51.100.1, , 10.9.9.9",), "10.9.9.9"),
        ("10.1.1.1", (), "10.1.1.1"),
        ("10.1.1.1", ("10.3.3.3",), "10.3.3.3"),
        ("10.1.1.1", (",".join(["198.51.100.1"] + ["10.0.0.1"] * 50),), "10.0.0.1"),
        (None, (), "local"),
    ],
)
def test_the_nearest_that_is_no_trusted_proxy_is_counted(
    client: str | None, forwarded: tuple[str, ...], expected: str
) -> None:
    assert client_blocks(forwarded_request(client, *forwarded), PROXIES).subnetwork == expected


def test_without_trusted_proxies_forwarded_headers_are_ignored() -> None:
    assert (
        client_blocks(forwarded_request("10.1.1.1", "198.51.100.1"), read_trusted_networks("")).subnetwork == "10.1.1.1"
    )


def test_an_invalid_network_is_refused() -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        read_trusted_networks("10.0.0.0/8,localhost")
