"""Find the network that a request comes from, by which callers without a key are counted.

An IPv4 address counts by itself, an IPv6 address by its /64, which is the least that one subscriber has (RFC 6177).
`X-Forwarded-For` counts only as far as trusted proxies have written it. Each proxy appends the address that it sees, so
the field is read from its end. The first address that is not a trusted proxy is the client.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from api.errors import SettingsError
from api.http.request import HttpRequest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
HOPS = 20
LOCAL = "local"
REMEMBERED = 8192


@lru_cache(8)
def read_trusted_networks(networks: str) -> tuple[Network, ...]:
    """Return the networks of proxies from addresses and networks, separated by commas. SettingsError names a wrong
    one."""
    proxies = []
    for part in networks.split(","):
        text = part.strip()
        if not text:
            continue
        try:
            proxies.append(ip_network(text))
        except ValueError as error:
            raise SettingsError(f"BRIEFING_TRUSTED_PROXIES: {error}", "Such as 10.0.0.0/8,2001:db8::1.") from None
    return tuple(proxies)


class AddressBlocks(NamedTuple):
    """The two blocks of addresses that a client belongs to: `subnetwork` is its IPv6 /64 or its IPv4 address, `network`
    the /48 or /24 around it."""

    subnetwork: str
    network: str


@lru_cache(REMEMBERED)
def blocks(text: str) -> AddressBlocks:
    """Return the blocks of a client's address; both are "local" if the text is not an address."""
    address = _read(text)
    if address is None:
        return AddressBlocks(LOCAL, LOCAL)
    number = int(address)
    if isinstance(address, IPv4Address):
        return AddressBlocks(str(address), str(IPv4Network((number >> 8 << 8, 24))))
    subnetwork = IPv6Network((number >> 64 << 64, 64))
    network = IPv6Network((number >> 80 << 80, 48))
    return AddressBlocks(str(subnetwork), str(network))


def is_trusted(text: str, proxies: Sequence[Network]) -> bool:
    """Return True if a client's address is that of a trusted proxy."""
    if not proxies:
        return False
    address = _read(text)
    return address is not None and _is_in(address, proxies)


def is_secure(request: HttpRequest, proxies: Sequence[Network]) -> bool:
    """Return True if the client used TLS: to this service, or to a trusted proxy that says so in X-Forwarded-Proto."""
    if request.scheme == "https":
        return True
    forwarded_protocols = [value for name, value in request.header_lines if name == b"x-forwarded-proto"]
    if forwarded_protocols != [b"https"] or request.client is None:
        return False
    return is_trusted(request.client, proxies)


def client_blocks(request: HttpRequest, proxies: Sequence[Network]) -> AddressBlocks:
    """Return the blocks of addresses that the request comes from."""
    if not request.client:
        return AddressBlocks(LOCAL, LOCAL)
    if not proxies:
        return blocks(request.client)
    address = _read(request.client)
    if address is None:
        return AddressBlocks(LOCAL, LOCAL)
    if _is_in(address, proxies):
        address = _find_client(request, address, proxies)
    return blocks(str(address))


def _find_client(request: HttpRequest, proxy: Address, proxies: Sequence[Network]) -> Address:
    """Return the client's address by X-Forwarded-For: the last one in it that is not a trusted proxy."""
    field = b",".join(value for name, value in request.header_lines if name == b"x-forwarded-for").decode("latin-1")
    last_hops = field.rsplit(",", HOPS)[-HOPS:]
    address = proxy
    for hop in reversed(last_hops):
        previous_address = _read(hop.strip())
        if previous_address is None:
            return address  # No proxy has written this. All that is known is the proxy that passed it on.
        address = previous_address
        if not _is_in(address, proxies):
            return address
    return address


@lru_cache(REMEMBERED)
def _read(text: str) -> Address | None:
    # Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
