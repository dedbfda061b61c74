"""Compile documents without a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.catalog import V1, VERSIONS, Version
from api.compiler import Statement, compile_query
from api.graphql.document import DocumentCache
from api.graphql.schema import core
from api.graphql.selection import read_operation

Compiled = Callable[..., Statement]


@pytest.fixture(scope="session")
def compile_text() -> Compiled:
    """`compile_text("{ events { nodes { id } } }")` returns the statement that answers the document, in version 1
    unless `version` is another."""
    documents = {version: DocumentCache(core(version)) for version in VERSIONS.values()}

    def statement(text: str, version: Version = V1, **variables: Any) -> Statement:
        document = documents[version].read(text)
        query = read_operation(version, core(version), document, document.operation(None), variables).query
        assert query is not None
        return compile_query(query)

    return statement
