"""A process remembers queries of clients within a bound in bytes, whatever they send."""

from __future__ import annotations

from api.graphql.persisted import MAX_REMEMBERED, PersistedDocuments, hash_of
from api.graphql.request import GraphQLRequest


def test_remembered_queries_take_no_more_than_their_bound() -> None:
    persisted = PersistedDocuments(None, "v1")  # type: ignore[arg-type]
    for n in range(3000):
        text = f"{{ places(first: {n}) {{ nodes {{ id }} }} }} # {'x' * 1000}"
        persisted.remember(GraphQLRequest(text, {}, None, hash_of(text)))
    assert persisted._sent.weight <= MAX_REMEMBERED
    assert 100 < len(persisted._sent) < 3000


def test_what_came_by_its_hash_alone_is_not_remembered_for_others() -> None:
    persisted = PersistedDocuments(None, "v1")  # type: ignore[arg-type]
    persisted.remember(GraphQLRequest("", {}, None, hash_of("{ __typename }")))
    assert len(persisted._sent) == 0
