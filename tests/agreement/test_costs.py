"""A request costs what it returned: recounted from each answer by other means, and equal through REST and GraphQL."""

from __future__ import annotations

import os
from random import Random
from typing import Any

import httpx2
import pytest

from api.catalog import Version
from api.graphql.document import DocumentCache
from api.graphql.executor import INTROSPECTION
from api.graphql.schema import core
from api.graphql.selection import PlannedOperation, read_operation
from api.query import Query
from api.query.cost import least_price
from api.query.work import reserve
from tests.agreement.conftest import Apis, opened
from tests.agreement.generator import Generator
from tests.agreement.recount import Recount, Unseen
from tests.agreement.reference import Reference
from tests.agreement.rows import Rows
from tests.agreement.test_both_apis import Chooser, whole

OPERATIONS = int(os.environ.get("BRIEFING_OPERATIONS", "300"))
SEED = int(os.environ.get("BRIEFING_SEED", "1"))
INCLUDES: dict[str, list[dict[str, Any]]] = {
    "event": [{}, {"place": {}}, {"figures": {}, "citations": {"source": {}}}, {"quotes": {"speaker": {}}}],
    "figure": [{}, {"event": {"place": {}}}, {"citations": {"via": {}}}],
    "quote": [{}, {"speaker": {"affiliation": {}}, "citations": {"via": {}, "document": {}}}],
    "source": [{}, {"members": {}, "documents": {}}],
    "document": [{}, {"publisher": {}}],
    "place": [{}, {"events": {"figures": {}}}],
    "briefing": [{}, {"events": {"citations": {}}, "publisher": {}}],
}


def included(include: dict[str, Any], path: str = "") -> list[str]:
    """Return the paths of `include=`, the longest ones only."""
    return [
        one
        for name, below in include.items()
        for one in (included(below, f"{path}{name}.") if below else [f"{path}{name}"])
    ]


async def test_what_is_given_back_is_what_did_not_come(apis: Apis, reference: Reference, stored: Rows) -> None:
    counted = given_back = looked_at = 0
    recount = Recount(reference.schema)
    for seed in range(SEED, SEED + OPERATIONS):
        asked = Generator(reference.schema, stored, Random(seed)).operation()
        _, found = await apis.graphql(asked.text, asked.variables, asked.name)
        if "data" not in found:
            continue
        cost = found["extensions"]["cost"]
        assert 1 <= cost["actual"] <= cost["requested"], (seed, cost)
        try:
            unused = recount.unused(asked.text, asked.name, asked.variables, found["data"])
        except Unseen:
            continue
        operation = operation_of(apis.version, asked.text, asked.variables, asked.name)
        query, beside = operation.query, INTROSPECTION if operation.introspection else 0
        held_back, lowest = (reserve(query), least_price(query) + beside) if query else (0, 1)
        expected = max(cost["requested"] - held_back - unused, lowest)
        # If a filter made the store look at more records, these may have cost more than the records that were returned.
        used = min(max(cost["actual"], expected), cost["requested"]) if held_back else expected
        assert cost["actual"] == used, (seed, cost, unused, asked.text, asked.variables, found)
        counted += 1
        looked_at += used > expected
        given_back += unused > 0
    print(f"\n{counted} recounted, {given_back} gave something back, {looked_at} paid for records that were looked at")
    assert counted > OPERATIONS / 6 and given_back > OPERATIONS / 30 and looked_at < counted / 3


async def test_a_list_costs_the_same_through_both_doors(apis: Apis, reference: Reference, stored: Rows) -> None:
    recount = Recount(reference.schema)
    given_back = 0
    for seed in range(150):
        random = Random(seed)
        asked = Chooser(apis.version, stored, random).asked()
        include = random.choice(INCLUDES[asked.resource])
        count = random.choice(["", "exact", "estimated"])
        parameters = asked.url(**{"include": ",".join(included(include))} if include else {})
        if count:
            parameters["count"] = count
        rest = await apis.client.get(f"/{apis.version.name}/{asked.resource}s", params=parameters)
        assert rest.status_code == 200, (seed, rest.text)
        resource = apis.version.resources[asked.resource]
        text = asked.list(
            f"nodes {{ {whole(apis.version, resource, include)} }}{' totalCount' if count == 'exact' else ''}"
        )
        _, found = await apis.graphql(text)
        cost = found["extensions"]["cost"]
        if count != "estimated":
            assert int(rest.headers["ratelimit-cost"]) == cost["actual"], (seed, asked, include)
        unused = recount.unused(text, None, {}, found["data"])
        query = query_of(apis.version, text, {}, None)
        assert query is not None
        expected = max(cost["requested"] - reserve(query) - unused, least_price(query))
        assert cost["actual"] == expected or (reserve(query) and expected < cost["actual"]), (seed, asked)
        given_back += unused > 0
    assert given_back > 50


def query_of(version: Version, text: str, variables: dict[str, Any], name: str | None) -> Query | None:
    """Return the Query of a document; None if it asks nothing of the store."""
    return operation_of(version, text, variables, name).query


def operation_of(version: Version, text: str, variables: dict[str, Any], name: str | None) -> PlannedOperation:
    """Read what a document asks of the store and of the schema."""
    document = DocumentCache(core(version)).read(text, hide_suggestions=False)
    return read_operation(version, core(version), document, document.operation(name), variables, False)


def used(response: httpx2.Response) -> int:
    """Return the cost that a response states."""
    return int(response.headers["ratelimit-cost"])


@pytest.mark.parametrize("path", ["/v1/events?limit=7&include=figures", "/v1/quotes?limit=200&count=exact"])
async def test_the_state_of_the_cache_changes_no_price(store_url: str, apis: Apis, path: str) -> None:
    async with opened(store_url, answer_memory=0) as forgetful:
        costs = {used(await one.client.get(path)) for one in (apis, apis, forgetful, forgetful)}
    assert len(costs) == 1
