"""The reserve for records that the store may have to look at, by the formula of api/query/work.py."""

from __future__ import annotations

from math import ceil
from typing import Any

import pytest

from api.catalog import V1, V2
from api.graphql.document import DocumentCache
from api.graphql.schema import core
from api.graphql.selection import read_operation
from api.query import Query
from api.query.cost import least_price, price
from api.query.filter_weight import LOOK_UP
from api.query.statement_size import relations
from api.query.work import (
    COUNT_ALL,
    LIST_RECORDS,
    LOOKED_AT_PER_POINT,
    MAX_WEIGHT,
    MOST,
    ONE_PARENT,
    WHOLE_LIST,
    records_a_point,
    reserve,
)
from api.rest.formats import FORMATS
from api.rest.request import export_query, list_query, record_query

ID = "evt_00000000000000000000000000"
SOURCE = "src_00000000000000000000000000"


def rest(url: str, resource: str = "event") -> Query:
    return list_query(V2, V2[resource], url.encode())


def graphql(text: str, **variables: Any) -> Query:
    document = DocumentCache(core(V2)).read(text, hide_suggestions=False)
    operation = read_operation(V2, core(V2), document, document.operation(None), variables, False)
    assert operation.query is not None
    return operation.query


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        ("event", ""),
        ("event", "limit=200&sort=ends_at"),
        ("event", "kind=attack"),
        ("event", "kind=attack&starts_at_gte=2022-01-01&starts_at_lt=2022-02-01"),
        ("event", "starts_at_gte=2022-01-01"),
        ("event", "sort=-updated_at&updated_at_gte=2022-01-01"),
        ("event", f"ids={ID}"),
        ("event", f"ids={ID}&kind=attack,clash&status=failed"),
        ("event", "include=figures,quotes.speaker,citations.source"),
        ("document", f"publisher_id={SOURCE}"),
    ],
)
def test_nothing_is_reserved_where_an_index_serves_the_list_or_ids_are_named(resource: str, url: str) -> None:
    assert reserve(rest(url, resource)) == 0


@pytest.mark.parametrize(
    ("url", "weight"),
    [
        ("kind=attack,clash", 1.1),
        ("kind=attack&status=failed", 1.2),
        ("sort=ends_at&kind=attack", 1.1),
        ("starts_at_null=true", 1.1),
        ("tag=a,b", 1 + 0.2 + 2 * 0.035),
        ("identifier=ucdp:1", 1 + 0.5 + 0.18),
        ("q=three%20plain%20words", 1 + 1 + 3 * 0.25),
        ("q=one&sort=relevance", 1 + 1 + 0.25 + 0.3 + 0.45),
        ("country=UA", 1 + 7 + 1 * (1 + 0.1 + 0.05)),
        (f"source_id={SOURCE}", 1 + 7 + 3 * (1 + 0.1 + 0.05)),
    ],
)
def test_a_filter_that_no_index_serves_reserves_a_look_at_the_whole_list(url: str, weight: float) -> None:
    assert reserve(rest(url)) == pytest.approx(WHOLE_LIST * weight, abs=1)


def test_records_that_are_named_reserve_for_what_they_link_to_and_for_heavy_tests() -> None:
    """An event may have 20,000 figures, and 20 lists of identifiers take half a millisecond for each record."""
    ids = [f"evt_{n:026}" for n in range(200)]
    text = "query($ids: [ID!]!) {{ events(filter: {{id: {{in: $ids}}, {}}}) {{ nodes {{ id }} }} }}"
    link_text = text.format('quotes: {some: {not: {language: {in: ["en"]}}}}')
    weight = 1 + 0.1 + LOOK_UP + 3 * 1.15
    assert reserve(graphql(link_text, ids=ids[:1])) == pytest.approx(ONE_PARENT * weight, abs=1)
    assert reserve(graphql(link_text, ids=ids)) == pytest.approx(WHOLE_LIST * weight, abs=1)
    identified = [{"scheme": "wikidata", "value": f"x{n}"} for n in range(200)]
    tests = ", ".join(f'{{not: {{or: [{{identifiers: {{has: $j}}}}, {{tags: {{has: ["{n}"]}}}}]}}}}' for n in range(20))
    heavy = text.format(f"and: [{tests}]").replace("$ids: [ID!]!", "$ids: [ID!]!, $j: [IdentifierInput!]!")
    query = graphql(heavy, ids=ids, j=identified)
    assert reserve(query) == pytest.approx(WHOLE_LIST * 200 / LIST_RECORDS * 20 * 36.735, abs=1)
    assert records_a_point(query) == LOOKED_AT_PER_POINT * MAX_WEIGHT // (20 * 36.735 + 1.1)
    assert records_a_point(graphql(link_text, ids=ids)) == LOOKED_AT_PER_POINT


def test_each_value_of_a_list_alternative_and_negation_adds_to_the_reserve() -> None:
    single = reserve(graphql('{ events(filter: {not: {tags: {has: ["a"]}}}) { nodes { id } } }'))
    many = reserve(
        graphql(
            "query($t: [String!]) { events(filter: {not: {tags: {has: $t}}}) { nodes { id } } }", t=list("abcdefgh")
        )
    )
    either = reserve(
        graphql('{ events(filter: {or: [{tags: {has: ["a"]}}, {not: {tags: {has: ["b"]}}}]}) { nodes { id } } }')
    )
    assert single < either and single < many


def test_each_root_reserves_for_itself() -> None:
    field = "events(first: 1, filter: {kind: {in: [ATTACK, CLASH]}}) { nodes { id } }"
    assert reserve(graphql(f"{{ {' '.join(f'a{n}: {field}' for n in range(10))} }}")) == 10 * reserve(
        graphql(f"{{ {field} }}")
    )


@pytest.mark.parametrize(
    ("parents", "points"),
    [
        ('source(id: "%s") { quotes(%s) { nodes { id } } }', ONE_PARENT),
        # Together the sets of different parents are one list at most.
        ("sources(first: 3) { nodes { quotes(%s) { nodes { id } } } }", 3 * ONE_PARENT),
        ("sources(first: 200) { nodes { quotes(%s) { nodes { id } } } }", WHOLE_LIST),
        ("briefings(first: 20) { nodes { events { nodes { quotes(%s) { nodes { id } } } } } }", WHOLE_LIST),
        # The place of each of twenty events may be the same one.
        ("events(first: 20) { nodes { place { events(%s) { nodes { id } } } } }", 20 * ONE_PARENT),
    ],
)
def test_a_filtered_set_reserves_by_its_parents(parents: str, points: int) -> None:
    narrowed = 'first: 1, filter: {not: {language: {in: ["en"]}}}'
    text = parents % ((SOURCE, narrowed) if parents.count("%s") == 2 else narrowed)
    assert reserve(graphql(f"{{ {text} }}")) == ceil(points * 1.1)


def test_a_link_back_through_a_link_to_one_weighs_more() -> None:
    """All events of a place would be looked at again for each of its events."""
    once = reserve(graphql('{ places(filter: {events: {some: {language: {in: ["uk"]}}}}) { nodes { id } } }'))
    again = reserve(graphql('{ events(filter: {place: {events: {some: {language: {in: ["uk"]}}}}}) { nodes { id } } }'))
    assert once < again == MOST


def test_a_request_reserves_no_more_than_its_time_costs() -> None:
    """Postgres works on a request for 2.5 s at most, whatever it is."""
    field = 'events(first: 1, filter: {place: {country: {in: ["UA"]}}}) { nodes { id } }'
    query = graphql(f"{{ {' '.join(f'a{n}: {field}' for n in range(10))} }}")
    assert (reserve(query), price(query)) == (MOST, MOST + 10 * (1 + 10))


def test_a_count_reserves_for_what_it_looks_at() -> None:
    assert reserve(rest("count=exact")) == reserve(rest("count=estimated")) == COUNT_ALL
    assert reserve(rest("count=exact&kind=attack")) == ceil(WHOLE_LIST * 1.1)
    assert reserve(rest("count=exact&kind=attack,clash")) == 2 * ceil(WHOLE_LIST * 1.1)
    assert reserve(rest(f"count=exact&ids={ID}")) == 0


def test_an_export_reserves_for_its_filter() -> None:
    query = export_query(V1, V1["event"], FORMATS["csv"], b"kind=attack,clash&limit=10")
    assert (reserve(query), price(query)) == (ceil(WHOLE_LIST * 1.1), 50 + ceil(WHOLE_LIST * 1.1))


def test_rest_and_graphql_reserve_the_same() -> None:
    other = graphql('{ events(filter: {kind: {in: [ATTACK]}, tags: {has: ["a"]}}) { nodes { id } } }')
    assert reserve(rest("kind=attack&tag=a")) == reserve(other)


def test_a_statement_of_many_relations_costs_points_even_where_it_finds_nothing() -> None:
    aliases = " ".join(f"a{n}: quotes(first: 1) {{ nodes {{ speaker {{ id }} }} }}" for n in range(10))
    query = graphql(f'{{ source(id: "{SOURCE}") {{ {aliases} }} }}')
    assert (relations(query), least_price(query)) == (21, 4)
    assert least_price(record_query(V1, V1["event"], ID, b"")) == 1


def test_thousands_of_values_cost_points_even_where_nothing_is_found() -> None:
    """To plan 20 lists of 190 identifiers takes Postgres up to 10 ms."""
    lists = [
        {"identifiers": {"has": [{"scheme": "wikidata", "value": f"{n}.{value}"} for value in range(190)]}}
        for n in range(20)
    ]
    text = "query($f: EventFilter) { events(first: 1, filter: $f) { nodes { id } } }"
    assert least_price(graphql(text, f=lists[0])) == 1
    assert least_price(graphql(text, f={"or": lists})) == 20 * 190 // 400
