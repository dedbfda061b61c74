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
def trusted(networks: str) -> tuple[Network, ...]:
    """Return the networks of proxies from addresses and networks, separated by commas. SettingsError names a wrong
    one."""
    found = []
    for one in filter(None, map(str.strip, networks.split(","))):
        try:
            found.append(ip_network(one))
        except ValueError as error:
            raise SettingsError(f"BRIEFING_TRUSTED_PROXIES: {error}", "Such as 10.0.0.0/8,2001:db8::1.") from None
    return tuple(found)


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
    kind, bits = (IPv4Network, 8) if isinstance(address, IPv4Address) else (IPv6Network, 80)
    return AddressBlocks(_shown(address), str(kind((int(address) >> bits << bits, address.max_prefixlen - bits))))


def is_trusted(text: str, proxies: Sequence[Network]) -> bool:
    """Return True if a client's address is that of a trusted proxy."""
    address = _read(text) if proxies else None
    return address is not None and _is_in(address, proxies)


def is_secure(request: HttpRequest, proxies: Sequence[Network]) -> bool:
    """Return True if the client used TLS: to this service, or to a trusted proxy that says so in X-Forwarded-Proto."""
    if request.scheme == "https":
        return True
    said = [value for name, value in request.header_lines if name == b"x-forwarded-proto"]
    return said == [b"https"] and request.client is not None and is_trusted(request.client, proxies)


def client_blocks(request: HttpRequest, proxies: Sequence[Network]) -> AddressBlocks:
    """Return the blocks of addresses that the request comes from."""
    if not request.client:
        return AddressBlocks(LOCAL, LOCAL)
    if not proxies:
        return blocks(request.client)
    address = _read(request.client)
    if address is not None and _is_in(address, proxies):
        address = _forwarded(request, address, proxies)
    return blocks(str(address or ""))


def _forwarded(request: HttpRequest, address: Address, proxies: Sequence[Network]) -> Address:
    said = b",".join(value for name, value in request.header_lines if name == b"x-forwarded-for")
    for hop in said.decode("latin-1").rsplit(",", HOPS)[: -HOPS - 1 : -1]:
        found = _read(hop.strip())
        if found is None:
            return address  # No proxy has written this. All that is known is the proxy that passed it on.
        address = found
        if not _is_in(address, proxies):
            return address
    return address


@lru_cache(REMEMBERED)
def _read(text: str) -> Address | None:
    # Some proxies add the port: 192.0.2.1:4711, [2001:db8::1]:4711.
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _shown(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == one.version and address in one for one in networks)
