"""What requests cost, as the formula at the top of api/query/cost.py has it."""

from __future__ import annotations

import pytest

from api.catalog import V1
from api.query import (
    Column,
    Constant,
    Edges,
    Entry,
    Filter,
    HasMore,
    Nodes,
    Not,
    Object,
    Page,
    Quality,
    Query,
    Record,
    Records,
    Rows,
    Search,
    Selection,
    Several,
    Single,
    Through,
    Total,
    both,
    price,
    read_sort,
)
from api.query import (
    Test as Compared,
)
from api.query.sort import POSITION
from api.query.work import reserve
from api.rest.formats import FORMATS
from api.rest.request import export_query, list_query, record_query

ID = (Entry("id", Column("id")),)
WORDS = Search("corridor", "en")


def rows(resource: str, size: int, selection: Selection, filter: Filter | None = None, link: str = "") -> Rows:
    sort = read_sort(V1[resource], V1[resource].sort) if resource in V1.resources else POSITION
    assert sort is not None
    return Rows(resource, Page(size), sort, selection, filter or both(), link)


def nodes(*entries: Entry) -> Selection:
    return (Entry("nodes", Nodes(ID + entries)),)


def root(*answers: Rows | Records | Record | Constant) -> Query:
    return Query("v1", Object(tuple(Entry(f"r{place}", one) for place, one in enumerate(answers))))


SPEAKER = Entry("speaker", Single("speaker", ID))
CITATIONS = Entry("citations", rows("citation", 20, (Entry("nodes", Nodes((SPEAKER,))),), link="citations"))
FIGURES = Entry("figures", rows("figure", 10, nodes(), link="figures"))


@pytest.mark.parametrize(
    ("query", "points"),
    [
        (root(), 1),
        (root(Constant("Query")), 1),
        (root(rows("event", 50, nodes())), 50),
        (root(rows("event", 50, ())), 50),
        (root(rows("event", 50, nodes(Entry("place", Single("place", ID))))), 100),
        (root(rows("event", 50, nodes(FIGURES))), 550),
        (root(rows("event", 50, nodes(Entry("f", Nodes(ID))), WORDS)), 55),
        (root(rows("event", 50, nodes(), both(Not(WORDS), Through("figures", Search("x", "en"))))), 70),
        (root(rows("event", 50, nodes(), Compared("kind", "in", ("other",), "vocabulary"))), 50),
        (root(rows("event", 1, (Entry("n", Total()),))), 11),
        (root(rows("event", 1, (Entry("q", Quality()),))), 11),
        (root(rows("event", 1, (Entry("n", Total()), Entry("q", Quality()), Entry("again", Total())))), 11),
        (
            root(
                rows(
                    "event",
                    1,
                    (
                        Entry(
                            "page",
                            Object((Entry("n", Total(False)), Entry("q", Quality(False)))),
                        ),
                    ),
                )
            ),
            6,
        ),
        (root(rows("event", 1, (Entry("n", Total(False)), Entry("m", Total())))), 16),
        # Asking twice for the records of a page reads each record once, and its links twice.
        (root(rows("event", 10, (*nodes(), Entry("edges", Edges((Entry("node", Object(ID)),)))))), 10),
        (root(rows("event", 10, (*nodes(FIGURES), Entry("edges", Edges((Entry("node", Object((FIGURES,))),)))))), 210),
        # Children come with their record; what they link to does not.
        (root(rows("event", 10, nodes(Entry("c", rows("citation", 20, nodes(), link="citations"))))), 10),
        (root(rows("event", 10, nodes(CITATIONS))), 210),
        (
            root(
                rows(
                    "event",
                    1,
                    nodes(Entry("c", rows("citation", 5, nodes(Entry("via", Several("via", ID))), link="citations"))),
                )
            ),
            51,
        ),
        (root(Records((Record("event", "evt_", ID), None, Record("event", "evt_", (*ID, FIGURES))))), 12),
        (root(Record("event", "evt_", ID), rows("event", 3, nodes())), 4),
        (Query("v1", rows("event", 7, (Entry("data", Nodes(ID)), Entry("more", HasMore())))), 7),
    ],
)
def test_a_request_costs_about_a_point_for_each_record_that_it_may_return(query: Query, points: int) -> None:
    assert price(query) - reserve(query) == points


@pytest.mark.parametrize(
    ("resource", "url", "points"),
    [
        ("event", "", 50),
        ("event", "limit=200", 200),
        ("event", "limit=1&count=exact", 11),
        ("event", "limit=1&count=estimated&q=x", 11),
        ("event", "limit=1&count=exact&country=UA", 61),
        ("event", "limit=1&q=x&sort=relevance", 26),
        ("event", "limit=1&country=UA&figures.measure=killed&figures.value_gte=3", 21),
        # 20 events, each with its place (1), ten figures (10), and the sources of twenty citations (20).
        ("event", "limit=20&include=place,figures,citations.source", 20 * (1 + 1 + 10 + 20)),
        ("quote", "limit=50&include=speaker,citations.via", 50 * (1 + 1 + 20 * 10)),
    ],
)
def test_a_list_over_rest_has_the_same_price(resource: str, url: str, points: int) -> None:
    query = list_query(V1, V1[resource], url.encode())
    assert price(query) - reserve(query) == points


def test_a_record_over_rest_costs_itself_and_its_links() -> None:
    query = record_query(V1, V1["event"], "evt_00000000000000000000000000", b"include=figures,place")
    assert price(query) == 12


def test_an_export_is_bounded_by_a_rule_of_its_own_and_not_by_its_size() -> None:
    for query_string in (b"", b"limit=1000000", b"q=talks"):
        query = export_query(V1, V1["event"], FORMATS["ndjson"], query_string)
        assert price(query) - reserve(query) == 50
