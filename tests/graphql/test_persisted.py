"""A process remembers queries of clients within a bound in bytes, whatever they send."""

from __future__ import annotations

from api.graphql.persisted import MAX_REMEMBERED, PersistedDocuments, hash_of
from api.graphql.request import GraphQLRequest


def test_remembered_queries_take_no_more_than_their_bound() -> None:
    documents = PersistedDocuments(None, "v1")  # type: ignore[arg-type]
    for n in range(3000):
        text = f"{{ places(first: {n}) {{ nodes {{ id }} }} }} # {'x' * 1000}"
        documents.remember(GraphQLRequest(text, {}, None, hash_of(text)))
    assert documents._sent.weight <= MAX_REMEMBERED
    assert 100 < len(documents._sent) < 3000


def test_a_query_sent_by_hash_alone_is_not_remembered_for_others() -> None:
    documents = PersistedDocuments(None, "v1")  # type: ignore[arg-type]
    documents.remember(GraphQLRequest("", {}, None, hash_of("{ __typename }")))
    assert len(documents._sent) == 0
