"""The URLs that an answer names: of its next page, and its own without some parameters.

None is named if the request may contain a key, because the answer would repeat it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from urllib.parse import quote, unquote, unquote_to_bytes

from api.access.key import holds_key

# The characters of a query (RFC 3986, 3.4) beside letters and digits, and the percent sign of what is encoded already.
IN_QUERY = "!$&'()*+,;=:@/?-._~%"


def url_up_to(path: str, query_string: bytes, public_url: str, without: Collection[bytes], last: bytes) -> str:
    """Return the URL of a request without some parameters, up to the `last` part; empty if the query may contain a
    key."""
    if may_hold_key(query_string):
        return ""
    pairs = [pair for pair in query_string.split(b"&") if pair and _parameter_name(pair) not in without]
    return f"{public_url}{quote(path)}?{quote_query([*pairs, last])}"


def quote_query(pairs: Sequence[bytes]) -> str:
    """Return the parameters as a query."""
    # As it was sent, except for what no URL contains: a `>` would end the link, and what follows would be another one.
    return quote(b"&".join(pairs), safe=IN_QUERY)


def may_hold_key(query_string: bytes) -> bool:
    """Return True if the query may contain a key."""
    return holds_key(unquote(query_string.decode("latin-1")))


def _parameter_name(pair: bytes) -> bytes:
    return unquote_to_bytes(pair.partition(b"=")[0])
