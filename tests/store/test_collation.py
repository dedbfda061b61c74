"""Sort keys order names as the Unicode Collation Algorithm does."""

from __future__ import annotations

from itertools import pairwise
from unicodedata import normalize

from hypothesis import example, given
from hypothesis import strategies as st
from pyuca.collator import Collator_10_0_0  # type: ignore[import-untyped]

from api.store.collation import MAX_KEY_BYTES, sort_key

# From the chart of the root collation (https://www.unicode.org/charts/collation/) and the examples of UTS 10.
ORDERED = [
    "(Kyiv)", "12", "2", "a", "A", "á", "Á", "à", "ab", "cote", "coté", "côte", "côté", "de Luca", "de luge", "deluca",
    "Österreich", "Ostrava", "Zagreb", "Zürich", "Αθήνα", "Киев", "Київ", "Харків", "القدس", "東京",
]  # fmt: skip
TEXTS = st.text(min_size=1, max_size=12)
LETTERS = st.text("aAáÁàbBßsS -'0東тТ\u0301\u0308\u200d", min_size=1, max_size=8)


def test_names_have_the_order_of_people() -> None:
    for first, second in pairwise(ORDERED):
        assert sort_key(first) < sort_key(second), (first, second)


@given(TEXTS | LETTERS, TEXTS | LETTERS)
@example("a", "\u00aa")
@example("\u0301", "a")
def test_keys_have_the_order_of_the_weights(first: str, second: str) -> None:
    key, other_key = COLLATOR.sort_key(first), COLLATOR.sort_key(second)
    assert (sort_key(first) < sort_key(second), sort_key(first) == sort_key(second)) == (
        key < other_key,
        key == other_key,
    )


@given(TEXTS | LETTERS)
def test_equal_letters_have_equal_keys(name: str) -> None:
    assert sort_key(normalize("NFC", name)) == sort_key(normalize("NFD", name))


def test_a_long_name_has_a_key_that_is_cut() -> None:
    names = ["a" * 1000, "á" * 1000, "東" * 1000, "Ⅷ" * 500]
    assert [len(sort_key(name)) for name in names] == [MAX_KEY_BYTES] * 4
    assert sort_key("ab" * 500) > sort_key("aa" * 500)


def test_most_keys_are_short() -> None:
    assert len(sort_key("Mariupol")) < 25


COLLATOR = Collator_10_0_0()
