"""A Query becomes SQL: some texts as they are, and rules that hold for all of them.

BRIEFING_WRITE_GOLDEN=1 writes the texts anew, to be reviewed in the diff.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from api.catalog import V1, V2, VERSIONS
from api.compiler import compile_query
from api.compiler.json_text import from_sql, literal, object_of
from api.compiler.statement import ROOTS
from api.compiler.writer import StatementWriter
from api.query import AsOf, ColumnField, Item, ListQuery, Nodes, Object, Page, Query, Root, read_sort
from api.rest.request import list_query
from tests.as_of import as_of
from tests.compiler.conftest import Compiled

GOLDEN = sorted(Path(__file__).with_name("golden").glob("*.sql"))
ID = "evt_00000000000000000000000000"
BY_TIME = read_sort(V2["event"], "-starts_at")
assert BY_TIME is not None
EVENTS = ListQuery("event", Page(3), BY_TIME, (Item("nodes", Nodes((Item("id", ColumnField("id")),))),))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_document_becomes_the_statement_that_is_written_down(compile_text: Compiled, path: Path) -> None:
    comment, document, arguments, sql = path.read_text().split("\n", 3)
    # A name that begins with a version is a document of that version.
    version = VERSIONS.get(path.stem.partition("-")[0], V1)
    statement = compile_text(document.removeprefix("-- "), version)
    if os.environ.get("BRIEFING_WRITE_GOLDEN"):
        path.write_text(f"{comment}\n{document}\n-- {orjson.dumps(statement.arguments).decode()}\n{statement.sql}\n")
        return
    assert statement.sql == sql.rstrip("\n")
    assert orjson.dumps(statement.arguments).decode() == arguments.removeprefix("-- ")


DOCUMENTS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "query ($of: [EventKind!]) { events(filter: {kind: {in: $of}}) { nodes { id } } }",
        {"of": ["OTHER", "CLASH"]},
        {"of": ["SHELLING", "ATTACK", "CLASH"]},
    ),
    (
        "query ($from: DateTime) { events(filter: {startsAt: {gte: $from}}) { nodes { id } pageInfo { endCursor } } }",
        {"from": "2022-03-01"},
        {"from": "2022-03-06T12:00:00Z"},
    ),
    ("query ($id: ID!) { event(id: $id) { title } }", {"id": ID}, {"id": f"{ID[:-1]}1"}),
    (
        "query ($box: Box) { events(filter: {bbox: $box}) { nodes { id } } }",
        {"box": {"west": 1, "south": 2, "east": 3, "north": 4}},
        {"box": {"west": -10, "south": -20, "east": 30, "north": 40}},
    ),
    (
        "query ($near: Near) { places(filter: {near: $near}) { nodes { id } } }",
        {"near": {"latitude": 50, "longitude": 30, "kilometres": 100}},
        {"near": {"latitude": -20, "longitude": 10, "kilometres": 7.5}},
    ),
    (
        "query ($words: String!) { quotes(filter: {search: {text: $words}}, orderBy: {field: RELEVANCE})"
        " { nodes { id } } }",
        {"words": "corridor"},
        {"words": "it's; drop table"},
    ),
    (
        "query ($least: Float) { events(filter: {figures: {some: {measure: {in: KILLED}, value: {gte: $least}}}})"
        " { nodes { figures(filter: {measure: {in: KILLED}, value: {gte: $least}}) { hasMore } } } }",
        {"least": 1},
        {"least": 250.5},
    ),
]


@pytest.mark.parametrize(("text", "variables", "other_variables"), DOCUMENTS)
def test_equal_shapes_are_equal_texts_whatever_the_values(
    compile_text: Compiled, text: str, variables: dict[str, Any], other_variables: dict[str, Any]
) -> None:
    first, second = compile_text(text, **variables), compile_text(text, **other_variables)
    assert first.sql == second.sql
    assert len(first.arguments) == len(second.arguments)
    assert first.arguments != second.arguments


@pytest.mark.parametrize(("text", "variables", "_"), DOCUMENTS)
def test_every_argument_is_used_and_numbered_from_the_first(
    compile_text: Compiled, text: str, variables: dict[str, Any], _: Any
) -> None:
    statement = compile_text(text, **variables)
    numbers = {int(number) for number in re.findall(r"\$(\d+)::", statement.sql)}
    assert numbers == set(range(1, len(statement.arguments) + 1))
    assert "$" not in re.sub(r"\$\d+::", "", statement.sql)


@pytest.mark.parametrize(
    ("first_url", "second_url"),
    [
        ("kind=other&country=UA&starts_at_gte=2022-03-01", "starts_at_gte=2022-03-01&country=UA&kind=other"),
        ("kind=other,clash", "kind=clash,other,clash"),
        ("figures.measure=killed&figures.value_gte=1", "figures.value_gte=1.0&figures.measure=killed"),
        ("bbox=1,2,3,4&country=UA&q=x", "q=x&country=UA&bbox=1.0,2.0,3,4"),
    ],
)
def test_the_order_in_which_filters_are_given_does_not_matter(first_url: str, second_url: str) -> None:
    first, second = (compile_query(list_query(V1, V1["event"], url.encode())) for url in (first_url, second_url))
    assert (first.sql, first.arguments) == (second.sql, second.arguments)


def test_filters_of_a_place_look_at_it_once(compile_text: Compiled) -> None:
    statement = compile_query(list_query(V1, V1["event"], b"country=UA&bbox=1,2,3,4&place.name=Mariupol"))
    assert statement.sql.count("exists (select from v1.place") == 1


@pytest.mark.parametrize(
    ("text", "custom"),
    [
        ("{ events { nodes { id } } }", False),
        (f'{{ event(id: "{ID}") {{ citations {{ nodes {{ stance }} }} }} }}', False),
        (f'{{ events(filter: {{id: {{in: "{ID}"}}}}) {{ nodes {{ id }} }} }}', False),
        ("{ events(filter: {kind: {in: OTHER}}) { nodes { id } } }", False),
        ('{ events(filter: {kind: {in: OTHER}, startsAt: {lt: "2022-03-06"}}) { nodes { id } } }', False),
        ('{ events(filter: {startsAt: {lt: "2022-03-06"}}, orderBy: {field: STARTS_AT}) { nodes { id } } }', False),
        ("{ events(filter: {kind: {in: OTHER}}, orderBy: {field: ENDS_AT}) { nodes { id } } }", True),
        ('{ events(filter: {startsAt: {lt: "2022-03-06"}}, orderBy: {field: ENDS_AT}) { nodes { id } } }', True),
        ("{ events(filter: {kind: {in: [OTHER, CLASH]}}) { nodes { id } } }", True),
        ("{ events(filter: {kind: {in: OTHER}, status: {in: FAILED}}) { nodes { id } } }", True),
        ('{ events(filter: {country: {in: "UA"}}) { nodes { id } } }', True),
        ("{ events(filter: {not: {kind: {in: OTHER}}}) { nodes { id } } }", True),
        ('{ events(filter: {search: {text: "x"}}) { nodes { id } } }', True),
        ("{ events { nodes { citations(filter: {stance: {in: DENIES}}) { hasMore } } } }", True),
        ('{ events(filter: {not: {figures: {some: {unit: {in: "kg"}}}}}) { totalCount } }', True),
    ],
)
def test_a_statement_whose_plan_depends_on_values_asks_for_one_of_its_own(
    compile_text: Compiled, text: str, custom: bool
) -> None:
    assert compile_text(text).custom is custom


def test_statements_as_of_two_editions_have_one_text() -> None:
    query = list_query(V2, V2["event"], b"country=UA&count=exact&include=figures")
    first, second = compile_query(as_of(query, 5)), compile_query(as_of(query, 7))
    assert first.sql == second.sql
    assert (first.edition, second.edition) == (5, 7)
    assert set(first.arguments) - set(second.arguments) == {5}
    assert first.custom, "how many rows are shown depends on the edition"
    assert "v2." not in first.sql


def test_a_document_that_reads_the_present_in_any_part_shows_the_present(compile_text: Compiled) -> None:
    then = AsOf(5, "k3x9ma", lambda reads: 3 if "event" in reads else 5)
    query = Query("v2", Object((Item("now", EVENTS), Item("then", replace(EVENTS, as_of=then)))))
    statement = compile_query(query)
    assert statement.edition is None
    assert statement.editions == (("now", None), ("then", 3))
    assert statement.sql.count("from v2.event") == statement.sql.count("from v2_at.event") == 1
    alone = compile_query(Query("v2", Object((Item("then", replace(EVENTS, as_of=then)),))))
    assert (alone.edition, alone.editions) == (3, (("then", 3),))
    assert 5 not in alone.arguments, "equal answers of two editions are one statement"


def test_equal_values_of_one_type_share_an_argument() -> None:
    writer = StatementWriter(V1)
    assert [writer.argument(*pair) for pair in ((1, "int"), (2, "int"), (1, "int"), (1, "text"))] == [
        "$1::int",
        "$2::int",
        "$1::int",
        "$3::text",
    ]
    assert writer.arguments == [1, 2, 1]


def test_text_in_a_statement_is_quoted() -> None:
    assert literal("it's \\ $1") == "'it''s \\ $1'"
    assert object_of([("a'b", from_sql("t1.x"))]).sql() == """concat('{"a''b":', t1.x, '}')"""
    assert object_of([]).sql() == "'{}'"


def test_a_long_object_takes_several_calls() -> None:
    expression = object_of([(f"k{n}", from_sql(f"t1.c{n}")) for n in range(100)]).sql()
    assert expression.startswith("concat(concat('{\"k0\":', t1.c0, ',\"k1\":'")
    assert expression.count("concat(") == 4


def test_each_root_of_a_query_has_its_statement() -> None:
    assert set(ROOTS) == set(get_args(Root))
