"""Operations that hypothesis generates from the contract, most of them absurd. The service answers as the reference
does, or refuses with a reason. It never fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema, print_ast, print_schema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from hypothesis_graphql import nodes, queries

from api.catalog import V1, V2, Version
from api.graphql.contract import text
from tests.agreement.conftest import Apis
from tests.agreement.reference import Reference
from tests.agreement.test_graphql import PARTIAL, codes, differences

EXAMPLES = int(os.environ.get("BRIEFING_EXAMPLES", "60"))
SCALARS: dict[str, some.SearchStrategy[Any]] = {
    "DateTime": some.sampled_from(["2022-02-25", "2022-03-05T12:00:00Z", "0001-01-01", "x"]).map(nodes.String),
    "Date": some.sampled_from(["2022-03-05", "2022-02-30"]).map(nodes.String),
}
# Sizes that lists have: nearly every other one would be refused.
COMPARABLE_SCALARS = SCALARS | {"Int": some.integers(0, 20).map(nodes.Int)}
# Arguments whose value is no free text, or that exclude one another: nearly every query with one would be refused.
# test_replay.py and test_pages.py have them.
REFUSED_ARGUMENTS = {"knownAt", "after", "before", "last"}
# Fields that the reference lacks. test_counts.py, test_facets.py and test_series.py have other references.
UNCOMPARED_FIELDS = re.compile("[a-z]+(Counts|Series)|facets|revisions|editions")


def comparable_schema(version: Version) -> str:
    """Return the part of the contract that the reference answers."""
    schema = build_schema(text(version))
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType):
            type_.fields = {
                name: field for name, field in type_.fields.items() if not UNCOMPARED_FIELDS.fullmatch(name)
            }
            for field in type_.fields.values():
                field.args = {name: value for name, value in field.args.items() if name not in REFUSED_ARGUMENTS}
    return print_schema(schema)


# hypothesis generates from one schema, so each version has a test of its own, with the same body.
def made_of(version: Version, *, whole: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator for tests of operations that are generated from the version's contract: from the part that the
    reference answers, or from the whole of it."""
    if whole:
        schema, scalars = text(version), SCALARS
    else:
        schema, scalars = comparable_schema(version), COMPARABLE_SCALARS
    generate = given(query=queries(schema, custom_scalars=scalars, print_ast=print_ast, allow_null=whole))
    bounds = settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    quiet = pytest.mark.filterwarnings("ignore::DeprecationWarning")
    of_version = pytest.mark.parametrize("version", [version], indirect=True, ids=[version.name])

    def decorate(test: Callable[..., Any]) -> Callable[..., Any]:
        decorated_test: Callable[..., Any] = of_version(quiet(bounds(generate(test))))
        return decorated_test

    return decorate


@pytest.fixture
def answered_queries() -> Iterator[list[str]]:
    """The queries of a test that were answered. If nearly all were refused, the test compared nothing."""
    queries: list[str] = []
    yield queries
    assert len(queries) > EXAMPLES / 4


@made_of(V1)
async def test_generated_queries_of_version_1_are_answered_or_refused(
    priced_apis: Apis, reference: Reference, answered_queries: list[str], query: str
) -> None:
    await check(priced_apis, reference, answered_queries, query)


@made_of(V2)
async def test_generated_queries_of_version_2_are_answered_or_refused(
    priced_apis: Apis, reference: Reference, answered_queries: list[str], query: str
) -> None:
    await check(priced_apis, reference, answered_queries, query)


@made_of(V1, whole=True)
async def test_no_query_of_the_whole_of_version_1_is_a_fault(priced_apis: Apis, query: str) -> None:
    await ask(priced_apis, query)


@made_of(V2, whole=True)
async def test_no_query_of_the_whole_of_version_2_is_a_fault(priced_apis: Apis, query: str) -> None:
    await ask(priced_apis, query)


async def ask(priced_apis: Apis, query: str) -> dict[str, Any]:
    """Return the answer to a query. One without data has to be a refusal with a reason."""
    status, answer = await priced_apis.graphql(query)
    message = f"\n{query}\n{answer}"
    if "data" in answer:
        assert {error["extensions"]["code"] for error in answer.get("errors", ())} <= PARTIAL, message
    else:
        assert status == 400, message
        assert answer["errors"][0]["extensions"]["code"] in ("invalid_request", "invalid_cursor", "too_expensive"), (
            message
        )
    return answer


async def check(priced_apis: Apis, reference: Reference, answered_queries: list[str], query: str) -> None:
    """Send the query, and compare the answer with the reference."""
    answer = await ask(priced_apis, query)
    if "data" not in answer:
        return
    message = f"\n{query}\n{answer}"
    answered_queries.append(query)
    expected = reference.execute(query)
    assert {code for _, code in codes(expected)} <= PARTIAL, (message, expected.errors)
    assert not differences(expected.data, answer["data"], "data", []), message
