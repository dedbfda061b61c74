"""The input types of filters: each set of operators has a name of its own."""

from __future__ import annotations

from api.catalog import V2
from api.graphql.declare import _test_type
from api.graphql.shape import FilterShape
from api.graphql.types import Types


def shape(*operators: str) -> FilterShape:
    """Return the shape of a filter on the title of events with these operators."""
    condition = next(candidate for candidate in V2.conditions["event"].values() if candidate.name == "language")
    return FilterShape("title", "", dict.fromkeys(operators, condition))


def test_a_filter_by_null_alone_does_not_take_the_name_of_another() -> None:
    types = Types(V2)
    names = [_test_type(types, shape(*operators)) for operators in (("null",), ("in", "null"), ("in",))]
    assert len(set(names)) == 3, names
