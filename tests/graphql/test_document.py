"""The memory of cached documents is bounded in bytes: a document takes no more than its weight."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from api.catalog import V1
from api.graphql.document import MAX_DOCUMENTS, DocumentCache, weight
from api.graphql.schema import core

TEXTS = [
    "{node(id:1){id}}",
    "{events{nodes{id}}}",
    "{events{nodes{figures{nodes{event{figures{nodes{event{id}}}}}}}}}",
    "{events{nodes{" + " ".join(["id"] * 250) + "}}}",
    "query($s:DateTime!){events(first:20,filter:{startsAt:{gte:$s}}){nodes{id title quotes{nodes{text}}}}}",
]
COPIES = 50


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:30])
def test_a_document_takes_no_more_than_its_weight(text: str) -> None:
    documents = DocumentCache(core(V1))
    documents._read(text, False)
    gc.collect()
    tracemalloc.start()
    parsed_documents = [documents._read(text, False) for _ in range(COPIES)]
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(parsed_documents) <= weight(text)


def test_many_small_documents_stay_within_the_bound() -> None:
    documents = DocumentCache(core(V1))
    for number in range(MAX_DOCUMENTS // weight("") + 100):
        documents.read(f"{{node(id:{number}){{id}}}}")
        if documents._known.weight > MAX_DOCUMENTS:
            raise AssertionError(number)
    assert len(documents._known) < MAX_DOCUMENTS // weight("")
