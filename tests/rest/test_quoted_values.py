"""Values of lists are quoted as they are split."""

from __future__ import annotations

import pytest

from api.rest.parameters import quote_value, split


@pytest.mark.parametrize("value", ["a", "a, b", 'a "b"', '"a"', 'a "b", c', '"b" c', "'", " a "])
def test_a_quoted_value_is_split_into_itself(value: str) -> None:
    assert split(quote_value(value)) == [value]
    assert split(f"x,{quote_value(value)},y") == ["x", value, "y"]
