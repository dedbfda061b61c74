"""Filters are values in a canonical order: what means the same is the same, through either API."""

from __future__ import annotations

from typing import Any

import pytest

from api.catalog import V1
from api.graphql.document import DocumentCache
from api.graphql.schema import core
from api.graphql.selection import read_operation
from api.query import EVERYTHING, AllOf, AnyOf, Exists, Filter, ListQuery, Not, Search, and_
from api.query import Test as Compared
from api.query.filters import search_of
from api.rest.request import list_query

A, B, C = (Compared("kind", "in", (term,), "vocabulary") for term in ("a", "b", "c"))
WORDS = Search("corridor", "en")
SOURCE = "src_00000000000000000000000000"
WHERE = 'filter: {bbox: {west: 1, south: 2, east: 3, north: 4}, country: {in: ["RU", "UA"]}}'


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ((), EVERYTHING),
        ((A,), A),
        ((A, A), AllOf((A,))),
        ((B, A), AllOf((A, B))),
        ((AllOf((C, A)), B), AllOf((A, B, C))),
        ((AllOf(), A), A),
        ((Not(A), A), and_(A, Not(A))),
    ],
)
def test_filters_together_are_flat_and_in_order(filters: tuple[Filter, ...], expected: Filter) -> None:
    assert and_(*filters) == expected


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        (WORDS, WORDS),
        (AllOf((A, WORDS)), WORDS),
        (A, None),
        (EVERYTHING, None),
        (AnyOf((A, WORDS)), None),
        (Not(WORDS), None),
        (Exists("event", WORDS), None),
    ],
)
def test_relevance_is_measured_against_a_search_that_must_hold(filter: Filter, expected: Search | None) -> None:
    assert search_of(filter) == expected


def rest(resource: str, url: str) -> ListQuery:
    query = list_query(V1, V1[resource], url.encode())
    assert isinstance(query.root, ListQuery)
    return query.root


def graphql(resource: str, arguments: str) -> ListQuery:
    schema = core(V1)
    document = DocumentCache(schema).read(f"{{ {resource}s({arguments}) {{ nodes {{ id }} }} }}")
    query: Any = read_operation(V1, schema, document, document.operation(None), {}).query
    value = query.root.selection[0].value
    assert isinstance(value, ListQuery)
    return value


@pytest.mark.parametrize(
    ("resource", "url", "arguments"),
    [
        ("event", "kind=shelling,air_strike", "filter: {kind: {in: [AIR_STRIKE, SHELLING, SHELLING]}}"),
        ("event", "kind=shelling", "filter: {kind: {in: SHELLING}}"),
        ("event", "tag=b,a", 'filter: {tags: {has: ["a", "b"]}}'),
        ("event", "disputed=false", "filter: {disputed: false}"),
        ("event", "ends_at_null=true", "filter: {endsAt: {isNull: true}}"),
        (
            "event",
            "starts_at_lt=2022-03-06&starts_at_gte=2022-03-01T02:00:00%2B02:00",
            'filter: {startsAt: {gte: "2022-03-01", lt: "2022-03-06T00:00:00Z"}}',
        ),
        ("event", "bbox=170,-30,-170,10", "filter: {bbox: {west: 170, south: -30, east: -170.0, north: 10}}"),
        ("event", "near=50.45,30.52,100", "filter: {near: {latitude: 50.45, longitude: 30.52, kilometres: 100}}"),
        ("event", "identifier=ucdp:36210", 'filter: {identifiers: {has: {scheme: "ucdp", value: "36210"}}}'),
        ("event", "country=UA,RU&bbox=1,2,3,4", WHERE),
        ("event", "bbox=1,2,3,4&country=RU,UA", WHERE),
        ("event", f"source_id={SOURCE}", f'filter: {{sourceId: {{in: "{SOURCE}"}}}}'),
        ("event", f"ids={SOURCE.replace('src', 'evt')}", f'filter: {{id: {{in: "{SOURCE.replace("src", "evt")}"}}}}'),
        ("event", "q=corridor", 'filter: {search: {text: "corridor"}}'),
        ("event", "q=corridor&q_language=uk", 'filter: {search: {text: "corridor", language: "uk"}}'),
        ("event", "q=x&kind=other", 'filter: {and: [{search: {text: "x"}}, {kind: {in: OTHER}}]}'),
        (
            "event",
            "figures.value_gte=100&figures.measure=killed",
            "filter: {figures: {some: {measure: {in: KILLED}, value: {gte: 100}}}}",
        ),
        ("event", "place.name=Mariupol", 'filter: {place: {name: {in: "Mariupol"}}}'),
        ("figure", "measure=killed&value_gte=1.50", "filter: {measure: {in: KILLED}, value: {gte: 1.5}}"),
        ("figure", "measure=killed&value_lt=100", "filter: {measure: {in: KILLED}, value: {lt: 1e2}}"),
        ("figure", "measure=killed&value_lt=-0", "filter: {measure: {in: KILLED}, value: {lt: 0}}"),
        ("figure", "as_of_gte=2022-03-06", 'filter: {asOf: {gte: "2022-03-06"}}'),
        ("event", "sort=-starts_at", ""),
        ("event", "sort=updated_at", "orderBy: {field: UPDATED_AT}"),
        ("event", "sort=-ends_at", "orderBy: {field: ENDS_AT, direction: DESC}"),
        ("quote", "q=x&sort=relevance", 'filter: {search: {text: "x"}}, orderBy: {field: RELEVANCE}'),
    ],
)
def test_a_url_and_arguments_that_mean_the_same_list_are_the_same_list(resource: str, url: str, arguments: str) -> None:
    first, second = rest(resource, url), graphql(resource, arguments) if arguments else graphql(resource, "first: 50")
    assert (first.filter, first.sort, first.fingerprint) == (second.filter, second.sort, second.fingerprint)


def test_filters_of_one_link_hold_for_the_same_record_and_filters_apart_need_not() -> None:
    together = graphql("event", 'filter: {figures: {some: {measure: {in: KILLED}, unit: {in: "persons"}}}}')
    apart = graphql(
        "event",
        'filter: {and: [{figures: {some: {measure: {in: KILLED}}}}, {figures: {some: {unit: {in: "persons"}}}}]}',
    )
    assert isinstance(together.filter, Exists)
    assert isinstance(apart.filter, AllOf) and len(apart.filter.filters) == 2
    assert rest("event", "figures.measure=killed&figures.unit=persons").filter == together.filter
