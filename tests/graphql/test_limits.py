"""Documents that are too large are refused before they are validated, in time linear in their text."""

from __future__ import annotations

import time

import pytest
from graphql import get_introspection_query, parse

from api.catalog import V1
from api.errors import BriefingError, TooExpensive
from api.graphql.document import DocumentCache, DocumentRefused
from api.graphql.limits import (
    MAX_ALIASES,
    MAX_DEPTH,
    MAX_DIRECTIVES,
    MAX_FIELDS,
    MAX_INTROSPECTION_DEPTH,
    MAX_INTROSPECTION_DIRECTIVES,
    MAX_INTROSPECTION_FIELDS,
    MAX_ROOTS,
    MAX_TOKENS,
    check_size,
)
from api.graphql.schema import core
from api.graphql.selection import read_operation

# In processor time. It once was 25 s. A busy machine takes twice as long.
SECONDS = 0.15


def prepare(text: str) -> None:
    """Do what happens to a request before it is priced."""
    document = DocumentCache(core(V1)).read(text)
    for name in document.operations:
        read_operation(V1, core(V1), document, document.operation(name or None), {})


def code(text: str) -> str:
    try:
        prepare(text)
    except BriefingError as error:
        return error.code
    return ""


def deep(levels: int) -> str:
    """Return a document of this depth: events, nodes, then place, events, nodes repeatedly, and `__typename`."""
    names = ["events", "nodes", *(["place", "events", "nodes"] * levels)][: levels - 1]
    names += ["__typename"]
    return "{" + "{".join(names) + "}" * levels


def aliases(count: int) -> str:
    return f"{{ events {{ nodes {{ {' '.join(f'a{number}: id' for number in range(count))} }} }} }}"


def fields(count: int) -> str:
    return f"{{ events {{ nodes {{ {'id ' * (count - 2)} }} }} }}"


def directives(count: int) -> str:
    return f"{{ events {{ nodes {{ {'id @include(if: true) ' * count} }} }} }}"


def roots(count: int) -> str:
    fields = [f'r{number}: place(id: "x") {{ id }}' for number in range(count)]
    return f"{{ {' '.join(fields)} }}"


def tokens(count: int) -> str:
    return f"{{ places {{ nodes {{ {'id ' * 10} }} }} }} fragment F on Place {{ {'id ' * (count - 25)} }}"


def schema_depth(levels: int) -> str:
    """Return `__schema`, `types`, and `ofType` repeatedly up to this number of levels."""
    return (
        "{ __schema { types { fields { type "
        + "{ ofType " * (levels - 5)
        + "{ name }"
        + " }" * (levels - 5)
        + "} } } }"
    )


def schema_fields(count: int) -> str:
    return f"{{ __schema {{ queryType {{ {'name ' * (count - 1)} }} }} }}"


def schema_directives(count: int) -> str:
    """Return a document whose directives stand on a field of introspection, below it, and in its fragment."""
    below = "name @include(if: true) " * (count - 4)
    return (
        f"{{ __schema @include(if: true) {{ queryType @include(if: true) {{ {below} ...T @include(if: true) }} }} }} "
        "fragment T on __Type { kind @include(if: true) }"
    )


@pytest.mark.parametrize(
    ("document", "most", "unit"),
    [
        (deep, MAX_DEPTH, "levels of depth"),
        (aliases, MAX_ALIASES, "aliases"),
        (fields, MAX_FIELDS, "fields"),
        (directives, MAX_DIRECTIVES, "directives"),
        (roots, MAX_ROOTS, "root fields"),
        (schema_depth, MAX_INTROSPECTION_DEPTH, "levels of introspection"),
        (schema_fields, MAX_INTROSPECTION_FIELDS, "fields of introspection"),
        (schema_directives, MAX_INTROSPECTION_DIRECTIVES, "directives of introspection"),
    ],
)
def test_a_document_may_be_so_large_and_no_larger(document: object, most: int, unit: str) -> None:
    assert callable(document)
    assert code(document(most)) == ""
    with pytest.raises(TooExpensive, match=f"has {most + 1} {unit}; it may have {most}"):
        prepare(document(most + 1))


def test_tokens_are_counted_while_the_text_is_read() -> None:
    with pytest.raises(DocumentRefused, match=f"more than {MAX_TOKENS} tokens"):
        prepare(f"{{ {'id ' * MAX_TOKENS} }}")
    with pytest.raises(DocumentRefused, match="tokens"):
        prepare(tokens(MAX_TOKENS + 100))


def test_introspection_reads_the_schema_whole_within_its_limits() -> None:
    assert code(get_introspection_query(descriptions=True, input_value_deprecation=True, specified_by_url=True)) == ""


def test_directives_of_introspection_are_counted_apart_from_those_of_data() -> None:
    schema = schema_directives(MAX_INTROSPECTION_DIRECTIVES)
    for data in (directives, lambda count: "{ __typename " + "@skip(if: false) " * count + "}"):
        with pytest.raises(TooExpensive, match=f"has {MAX_DIRECTIVES + 1} directives; it may have {MAX_DIRECTIVES}"):
            check_size(parse(schema.replace("{", data(MAX_DIRECTIVES + 1)[:-1], 1)))
        check_size(parse(schema.replace("{", data(MAX_DIRECTIVES)[:-1], 1)))
    more = schema_directives(MAX_INTROSPECTION_DIRECTIVES + 1)
    with pytest.raises(TooExpensive, match="directives of introspection"):
        check_size(parse(more.replace("{", "{ events { nodes { id } } ", 1)))


def test_the_directives_around_introspection_count_as_those_of_data() -> None:
    around = " ".join(["... @include(if: true) { __schema { queryType { name } } }"] * (MAX_DIRECTIVES + 1))
    with pytest.raises(TooExpensive, match=f"has {MAX_DIRECTIVES + 1} directives"):
        prepare(f"{{ {around} }}")


@pytest.mark.parametrize("name", ["__schema", "__type"])
def test_introspection_inside_introspection_is_counted(name: str) -> None:
    """It is not valid, but validating it takes time, too."""
    inside = " ".join([f"{name} {{ {'name ' * 100} }}"] * 3)
    with pytest.raises(TooExpensive, match="has 303 fields of introspection"):
        prepare(f"{{ __schema {{ {inside} }} }}")
    inside = f"{name} {{ {'name @skip(if: false) ' * (MAX_INTROSPECTION_DIRECTIVES + 1)} }}"
    with pytest.raises(TooExpensive, match="directives of introspection"):
        prepare(f"{{ __schema {{ {inside} }} }}")


def test_aliases_are_counted_where_fragments_are_spread() -> None:
    fragment = "fragment F on Event { a: id b: id c: id d: id }"
    spread = " ".join(f"r{number}: events {{ nodes {{ ...F }} }}" for number in range(7))
    with pytest.raises(TooExpensive, match="has 35 aliases"):
        prepare(f"{{ {spread} }} {fragment}")


def test_each_operation_and_each_fragment_is_measured() -> None:
    small = "query A { events { nodes { id } } }"
    with pytest.raises(TooExpensive, match="aliases"):
        prepare(f"{small} query B {aliases(MAX_ALIASES + 1)}")
    with pytest.raises(TooExpensive, match="directives"):
        prepare("query " + "@include(if: true) " * (MAX_DIRECTIVES + 1) + "{ events { nodes { id } } }")


def doubling(levels: int, inside: str = "id") -> str:
    """Return fragments that each spread the next one twice: 2^levels fields if they are written out."""
    spread = "".join(f" fragment F{level} on Event {{ ...F{level + 1} ...F{level + 1} }}" for level in range(levels))
    return f"{{ events {{ nodes {{ ...F0 }} }} }}{spread} fragment F{levels} on Event {{ {inside} }}"


def nested(levels: int) -> str:
    """Return the same with each fragment three levels deeper, so that the depth grows with the number of fields."""
    spread = "".join(
        f" fragment F{level} on Event {{ place {{ events {{ nodes {{ ...F{level + 1} ...F{level + 1} }} }} }} }}"
        for level in range(levels)
    )
    return f"{{ events {{ nodes {{ ...F0 }} }} }}{spread} fragment F{levels} on Event {{ id }}"


def cyclic(length: int) -> str:
    spread = "".join(f" fragment F{number} on Event {{ id ...F{(number + 1) % length} }}" for number in range(length))
    return f"{{ events {{ nodes {{ ...F0 }} }} }}{spread}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (doubling(22), "too_expensive"),
        (doubling(90), "too_expensive"),
        (doubling(22, "a: id"), "too_expensive"),
        (doubling(90, "id @skip(if: false)"), "too_expensive"),
        (nested(22), "too_expensive"),
        (nested(50), "too_expensive"),
        (cyclic(1), "invalid_request"),
        (cyclic(2), "invalid_request"),
        (cyclic(60), "invalid_request"),
        ("{ events { nodes { ...Missing } } }", "invalid_request"),
        (f"{{ {'events ' * 400} }}", "too_expensive"),
        ("{ " + " ".join(f"r{number}: events {{ nodes {{ id }} }}" for number in range(100)) + " }", "too_expensive"),
        ("query A " + "@a " * 400 + "{ id }", "too_expensive"),
        ("{ a" * 50 + " }" * 50, "too_expensive"),
        ("{ a" * 330 + " }" * 330, "invalid_request"),
        ("{ " * 990, "invalid_request"),
        ("{ a(b: " + "[" * 990, "invalid_request"),
        ("{ a(b: " + "{c: " * 240, "invalid_request"),
        ('{ a(b: "' + "x" * 60_000, "invalid_request"),
        ("#" * 60_000, "invalid_request"),
        ("{" + ",\n" * 30_000, "too_expensive"),
    ],
    ids=lambda text: text[:40],
)
def test_documents_above_the_limits_are_refused_quickly(text: str, expected: str) -> None:
    core(V1)
    durations = []
    for _ in range(3):
        start_time = time.process_time()
        assert code(text) == expected
        durations.append(time.process_time() - start_time)
    assert min(durations) < SECONDS


@pytest.mark.parametrize(
    ("text", "opening", "closing"),
    [
        ("{ places(first: <1>) { __typename } }", "[", "]"),
        ("{ places(filter: <{}>) { __typename } }", "{not: ", "}"),
        ("query ($a: <Int>) { places { __typename } }", "[", "]"),
        ("{ places { <__typename> } }", "... on PlaceConnection { ", "}"),
        ("{ places { nodes { <id> } } }", "events { nodes { place { ", "} } }"),
    ],
    ids=["lists", "objects", "types", "fragments", "fields"],
)
def test_nesting_is_refused_at_every_depth(text: str, opening: str, closing: str) -> None:
    """The parser's bound is Python's own on recursion. A document that passes it must not exceed the bound later."""
    for levels in (*range(1, 60), *range(60, 480, 7)):
        error_code = code(text.replace("<", opening * levels).replace(">", closing * levels))
        assert error_code in ("", "invalid_request", "too_expensive")


def test_documents_at_the_limits_are_prepared_quickly() -> None:
    """The rule on overlapping fields compares each field with each other. For 1,000 fields it took 0.9 s."""
    wide = [fields(MAX_FIELDS), aliases(MAX_ALIASES), roots(MAX_ROOTS), deep(MAX_DEPTH)]
    wide.append(schema_directives(MAX_INTROSPECTION_DIRECTIVES))
    spreads = " ".join(f"...F{number}" for number in range(9))
    shared = " ".join(
        f"fragment F{number} on Event {{ {' '.join(f'x{number}: id' for number in range(3))} id title kind }}"
        for number in range(9)
    )
    wide.append(f"{{ events {{ nodes {{ {spreads} }} }} }} {shared}")
    core(V1)
    for text in wide:
        start_time = time.process_time()
        assert code(text) in ("", "too_expensive")
        assert time.process_time() - start_time < 6 * SECONDS


@pytest.mark.parametrize(("levels", "width", "aliases"), [(5, 2, 31 + 32), (3, 3, 13 + 27), (1, 40, 1 + 40)])
def test_measuring_counts_the_same_as_expanding_the_document(levels: int, width: int, aliases: int) -> None:
    spread = "".join(
        f" fragment F{level} on Event {{ {f'...F{level + 1} ' * width} a: id }}" for level in range(levels)
    )
    text = f"{{ events {{ nodes {{ ...F0 }} }} }}{spread} fragment F{levels} on Event {{ b: id }}"
    with pytest.raises(TooExpensive, match=f"has {aliases} aliases"):
        check_size(parse(text))
