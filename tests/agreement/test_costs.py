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
from tests.agreement.conftest import Apis, open_apis
from tests.agreement.generator import Generator
from tests.agreement.recount import Recount, Unseen
from tests.agreement.reference import Reference
from tests.agreement.rows import Rows
from tests.agreement.test_both_apis import Chooser, select_record

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


def include_paths(include: dict[str, Any], path: str = "") -> list[str]:
    """Return the paths of `include=`, the longest ones only."""
    return [
        include
        for name, below in include.items()
        for include in (include_paths(below, f"{path}{name}.") if below else [f"{path}{name}"])
    ]


async def test_the_refund_is_the_price_of_missing_records(apis: Apis, reference: Reference, stored_rows: Rows) -> None:
    recounts = refunds = paid_lookups = 0
    recount = Recount(reference.schema)
    for seed in range(SEED, SEED + OPERATIONS):
        generated = Generator(reference.schema, stored_rows, Random(seed)).operation()
        _, answer = await apis.graphql(generated.text, generated.variables, generated.name)
        if "data" not in answer:
            continue
        cost = answer["extensions"]["cost"]
        assert 1 <= cost["actual"] <= cost["requested"], (seed, cost)
        try:
            unused = recount.unused(generated.text, generated.name, generated.variables, answer["data"])
        except Unseen:
            continue
        operation = operation_of(apis.version, generated.text, generated.variables, generated.name)
        query, beside = operation.query, INTROSPECTION if operation.introspection else 0
        held_back, lowest = (reserve(query), least_price(query) + beside) if query else (0, 1)
        expected = max(cost["requested"] - held_back - unused, lowest)
        # If a filter made the store look at more records, these may have cost more than the records that were returned.
        expected_cost = min(max(cost["actual"], expected), cost["requested"]) if held_back else expected
        assert cost["actual"] == expected_cost, (seed, cost, unused, generated.text, generated.variables, answer)
        recounts += 1
        paid_lookups += expected_cost > expected
        refunds += unused > 0
    print(f"\n{recounts} recounted, {refunds} gave something back, {paid_lookups} paid for records that were looked at")
    assert recounts > OPERATIONS / 6 and refunds > OPERATIONS / 30 and paid_lookups < recounts / 3


async def test_a_list_costs_the_same_in_both_apis(apis: Apis, reference: Reference, stored_rows: Rows) -> None:
    recount = Recount(reference.schema)
    refunds = paid_lookups = 0
    for seed in range(150):
        random = Random(seed)
        list_request = Chooser(apis.version, stored_rows, random).choose()
        include = random.choice(INCLUDES[list_request.resource])
        count = random.choice(["", "exact", "estimated"])
        parameters = list_request.url(**{"include": ",".join(include_paths(include))} if include else {})
        if count:
            parameters["count"] = count
        rest = await apis.client.get(f"/{apis.version.name}/{list_request.resource}s", params=parameters)
        assert rest.status_code == 200, (seed, rest.text)
        resource = apis.version.resources[list_request.resource]
        text = list_request.list_field(
            f"nodes {{ {select_record(apis.version, resource, include)} }}{' totalCount' if count == 'exact' else ''}"
        )
        _, answer = await apis.graphql(text)
        cost = answer["extensions"]["cost"]
        if count != "estimated":
            assert int(rest.headers["ratelimit-cost"]) == cost["actual"], (seed, list_request, include)
        unused = recount.unused(text, None, {}, answer["data"])
        query = query_of(apis.version, text, {}, None)
        assert query is not None
        expected = max(cost["requested"] - reserve(query) - unused, least_price(query))
        # If a filter made the store look at more records, these may have cost more than the records that were returned.
        most = cost["requested"] if reserve(query) else expected
        assert expected <= cost["actual"] <= most, (seed, list_request, cost, expected)
        paid_lookups += cost["actual"] > expected
        refunds += unused > 0
    print(f"\n{refunds} gave something back, {paid_lookups} paid for records that were looked at")
    assert refunds > 50 and paid_lookups < 15


def query_of(version: Version, text: str, variables: dict[str, Any], name: str | None) -> Query | None:
    """Return the Query of a document; None if it asks nothing of the store."""
    return operation_of(version, text, variables, name).query


def operation_of(version: Version, text: str, variables: dict[str, Any], name: str | None) -> PlannedOperation:
    """Read what a document asks of the store and of the schema."""
    document = DocumentCache(core(version)).read(text, hide_suggestions=False)
    return read_operation(version, core(version), document, document.operation(name), variables, False)


def stated_cost(response: httpx2.Response) -> int:
    """Return the cost that a response states."""
    return int(response.headers["ratelimit-cost"])


@pytest.mark.parametrize("path", ["/v1/events?limit=7&include=figures", "/v1/quotes?limit=200&count=exact"])
async def test_the_state_of_the_cache_changes_no_price(store_url: str, apis: Apis, path: str) -> None:
    async with open_apis(store_url, answer_memory=0) as forgetful:
        costs = {stated_cost(await service.client.get(path)) for service in (apis, apis, forgetful, forgetful)}
    assert len(costs) == 1
