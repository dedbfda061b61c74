"""The hostile list: endless requests that these tests send, with no two equal documents or searches."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

from graphql import get_introspection_query

from api.access.key import DIGITS, RANDOM, checksum
from tests.hostile.test_documents import BODIES, DOUBLED, FILTERED, FILTERS, NUMBERS, WIDE
from tests.hostile.test_framing import NO_HTTP
from tests.hostile.test_input import MALFORMED, ODD

INTROSPECTION = get_introspection_query()
DOCUMENTS = [*DOUBLED.values(), *WIDE.values(), *NUMBERS.values()]
BODIED = [*(json.dumps({"query": FILTERED, "variables": {"f": filter_}}).encode() for filter_ in FILTERS), *BODIES]
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"
LISTS = ("events", "figures", "quotes", "sources", "documents", "places", "briefings")
# About the highest price that a request may have, and the store has to answer it: 4,000 records and more.
DEAR = """{ events(first: 60, filter: {updatedAt: {gte: "#"}}) { totalCount nodes { title citations(first: 20) { nodes {
  source { name affiliation { name } } via { name } } } quotes(first: 10) { nodes { text speaker { name } } } } } }"""
PAGES = (
    "/",
    "/docs",
    "/v1/openapi.json",
    "/v1/graphql",
    "/nowhere",
    "/admin/plans",
    "/metrics",
    "/v9/events",
)


# Requests that cost Postgres or the event loop more than they pay: filters that few records pass, long lists, sets
# below heavy parents, phrases, names that are compared.
NEGATED = """query($j: [IdentifierInput!]!) { events(first: 1, filter: {not: {or: [{status: {in: [OCCURRED]}},
  {and: [{not: {identifiers: {has: $j}}}, {language: {in: ["aa"]}}]}]}}) { nodes { id } } }"""
NEGATED_LINK = """query($j: [IdentifierInput!]!) { events(filter: {not: {or: [{identifiers: {has: $j}},
  {briefing: {language: {in: ["aa"]}}}]}}) { nodes { id } } }"""
BELOW = 'a%d: quotes(first: %d, filter: {not: {language: {in: ["#"]}}}) { nodes { id } }'
HEAVY = f"{{ sources(first: 1) {{ nodes {{ {' '.join(BELOW % (n, n + 1) for n in range(28))} }} }} }}"


def get(path: str, *fields: str) -> bytes:
    """Return a GET of an odd path, which is sent as it is."""
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: a", *fields, "", ""]).encode("latin-1")


def post(body: bytes, *fields: str, version: str = "v1") -> bytes:
    """Return a POST of this body to the GraphQL API."""
    about = ["Host: a", "Content-Type: application/json", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([f"POST /{version}/graphql HTTP/1.1", *about, "", ""]).encode() + body


def graphql_request(query: str, version: str = "v1", **more: Any) -> bytes:
    """Return a POST of this document to the GraphQL API."""
    return post(json.dumps({"query": query, **more}).encode(), version=version)


def moment(number: int) -> str:
    """Return a time before the data, different for each number."""
    return f"2000-01-01T00:00:{number // 10**6 % 60:02d}.{number % 10**6:06d}Z"


def attacks(seed: int) -> Iterator[bytes]:
    """Yield requests without end, equally many of each kind."""
    chance = random.Random(seed)
    kinds: list[Callable[[int], bytes]] = [
        lambda n: graphql_request(f"#{seed}.{n}\n{chance.choice(DOCUMENTS)}"),
        lambda n: post(chance.choice(BODIED) + b" " * (n % 50)),
        lambda n: graphql_request(f"#{seed}.{n}\n{INTROSPECTION}"),
        lambda n: graphql_request(DEAR.replace("#", moment(seed * 10**4 + n))),
        lambda n: graphql_request("", extensions={"persistedQuery": {"version": 1, "sha256Hash": _hash(seed, n)}}),
        lambda n: get(f"/v1/events?{chance.choice(MALFORMED)}"),
        lambda n: get(f"/v1/events?{chance.choice(ODD)}&updated_at_gte={moment(seed * 10**4 + n)}"),
        lambda n: get(f"/v1/quotes?q={_word(chance)}+or+{_word(chance)}&sort=relevance&count=exact&limit=200"),
        lambda n: get(f"/v1/{chance.choice(LISTS)}.ndjson?updated_at_gte={moment(seed * 10**4 + n)}"),
        lambda n: get("/v1/events?limit=1", f"Authorization: Bearer {_key(chance)}"),
        lambda n: get("/v1/events?limit=1", f"X-API-Key: {_key(chance)[:-1]}"),
        lambda n: get(chance.choice(PAGES), "Accept: text/html"),
        lambda n: graphql_request(NEGATED, "v2", variables={"j": _identifiers(chance, 190)}),
        lambda n: graphql_request(NEGATED_LINK, "v2", variables={"j": _identifiers(chance, 190)}),
        lambda n: graphql_request(HEAVY.replace("#", chance.choice(("aa", "bb", "cc"))), "v2"),
        lambda n: get(f"/v2/events?tag={','.join(_words(chance, 190))}&citations.source_id={_ids(chance, 150)}"),
        lambda n: get(f"/v2/quotes?q={'+or+'.join(f'%22{_word(chance)}+{_word(chance)}%22' for _ in range(14))}"),
        lambda n: get(f"/v2/events?{'&'.join(f'{word}=1' for word in _words(chance, 380))}"),
        lambda n: chance.choice(NO_HTTP),
        lambda n: get("/v1/events?limit=1", "X-A: " + "a" * 20_000),
    ]
    number = 0
    while True:
        for kind in kinds:
            number += 1
            yield kind(number)


def _word(chance: random.Random) -> str:
    return "".join(chance.choice("aeioubdfgklmnprst") for _ in range(chance.randint(2, 5)))


def _words(chance: random.Random, many: int) -> list[str]:
    return list({_word(chance) + _word(chance) for _ in range(many)})


def _ids(chance: random.Random, many: int) -> str:
    return ",".join("src_0" + "".join(chance.choice(CROCKFORD) for _ in range(25)) for _ in range(many))


def _identifiers(chance: random.Random, many: int) -> list[dict[str, str]]:
    return [{"scheme": "acled", "value": word} for word in _words(chance, many)]


def _key(chance: random.Random) -> str:
    unchecked_key = f"bak_live_{''.join(chance.choice(DIGITS) for _ in range(RANDOM))}"
    return f"{unchecked_key}_{checksum(unchecked_key)}"


def _hash(seed: int, number: int) -> str:
    return sha256(f"{seed}.{number}".encode()).hexdigest()
