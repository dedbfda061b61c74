"""Documents compiled, without a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api.catalog import V1
from api.compiler import Statement, compile
from api.graphql.document import Documents
from api.graphql.schema import core
from api.graphql.selection import read_operation

Compiled = Callable[..., Statement]


@pytest.fixture(scope="session")
def compiled() -> Compiled:
    """`compiled("{ events { nodes { id } } }")` is the statement that answers the document."""
    schema = core(V1)
    documents = Documents(schema)

    def statement(text: str, **variables: Any) -> Statement:
        document = documents.read(text)
        query = read_operation(V1, schema, document, document.operation(None), variables).query
        assert query is not None
        return compile(query)

    return statement
