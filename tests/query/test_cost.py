"""Costs of requests, by the formula at the top of api/query/cost.py."""

from __future__ import annotations

import pytest

from api.catalog import V1, V2, VERSIONS, Version
from api.query import (
    ColumnField,
    Constant,
    DiffQuery,
    Edges,
    EditionFinder,
    Exists,
    ExportQuery,
    Filter,
    HasMore,
    Item,
    LinkedRecord,
    LinkedRecords,
    ListQuery,
    Nodes,
    Not,
    Object,
    Page,
    Quality,
    Query,
    Record,
    Records,
    Search,
    Selection,
    Timeline,
    Total,
    and_,
    price,
    read_sort,
    work,
)
from api.query import (
    Test as Compared,
)
from api.query.cost import EXPORT, _linked_points
from api.query.sort import CHANGE, POSITION
from api.query.work import reserve
from api.rest.diff import diff_query
from api.rest.formats import DIFF_FORMATS, FORMATS
from api.rest.inputs import links
from api.rest.request import export_query, list_query, record_query
from tests.as_of import as_of

ID = (Item("id", ColumnField("id")),)
EVENT = "evt_00000000000000000000000000"
WORDS = Search("corridor", "en")


def rows(resource: str, size: int, selection: Selection, filter: Filter | None = None, link: str = "") -> ListQuery:
    sort = read_sort(V1[resource], V1[resource].sort) if resource in V1.resources else POSITION
    assert sort is not None
    return ListQuery(resource, Page(size), sort, selection, filter or and_(), link)


def nodes(*entries: Item) -> Selection:
    return (Item("nodes", Nodes(ID + entries)),)


def root(*answers: ListQuery | Records | Record | Constant) -> Query:
    return Query("v1", Object(tuple(Item(f"r{place}", answer) for place, answer in enumerate(answers))))


SPEAKER = Item("speaker", LinkedRecord("speaker", ID))
CITATIONS = Item("citations", rows("citation", 20, (Item("nodes", Nodes((SPEAKER,))),), link="citations"))
FIGURES = Item("figures", rows("figure", 10, nodes(), link="figures"))


@pytest.mark.parametrize(
    ("query", "points"),
    [
        (root(), 1),
        (root(Constant("Query")), 1),
        (root(rows("event", 50, nodes())), 50),
        (root(rows("event", 50, ())), 50),
        (root(rows("event", 50, nodes(Item("place", LinkedRecord("place", ID))))), 100),
        (root(rows("event", 50, nodes(FIGURES))), 550),
        (root(rows("event", 50, nodes(Item("f", Nodes(ID))), WORDS)), 55),
        (root(rows("event", 50, nodes(), and_(Not(WORDS), Exists("figures", Search("x", "en"))))), 70),
        (root(rows("event", 50, nodes(), Compared("kind", "in", ("other",), "vocabulary"))), 50),
        (root(rows("event", 1, (Item("n", Total()),))), 11),
        (root(rows("event", 1, (Item("q", Quality()),))), 11),
        (root(rows("event", 1, (Item("n", Total()), Item("q", Quality()), Item("again", Total())))), 11),
        (
            root(
                rows(
                    "event",
                    1,
                    (
                        Item(
                            "page",
                            Object((Item("n", Total(False)), Item("q", Quality(False)))),
                        ),
                    ),
                )
            ),
            6,
        ),
        (root(rows("event", 1, (Item("n", Total(False)), Item("m", Total())))), 16),
        # Asking twice for the records of a page reads each record once, and its links twice.
        (root(rows("event", 10, (*nodes(), Item("edges", Edges((Item("node", Object(ID)),)))))), 10),
        (root(rows("event", 10, (*nodes(FIGURES), Item("edges", Edges((Item("node", Object((FIGURES,))),)))))), 210),
        # Children come with their record; what they link to does not.
        (root(rows("event", 10, nodes(Item("c", rows("citation", 20, nodes(), link="citations"))))), 10),
        (root(rows("event", 10, nodes(CITATIONS))), 210),
        (
            root(
                rows(
                    "event",
                    1,
                    nodes(
                        Item("c", rows("citation", 5, nodes(Item("via", LinkedRecords("via", ID))), link="citations"))
                    ),
                )
            ),
            51,
        ),
        (root(Records((Record("event", "evt_", ID), None, Record("event", "evt_", (*ID, FIGURES))))), 12),
        (root(Record("event", "evt_", ID), rows("event", 3, nodes())), 4),
        (Query("v1", rows("event", 7, (Item("data", Nodes(ID)), Item("more", HasMore())))), 7),
    ],
)
def test_a_request_costs_about_a_point_for_each_record_that_it_may_return(query: Query, points: int) -> None:
    assert price(query) - reserve(query) == points


@pytest.mark.parametrize(
    ("resource", "url", "points"),
    [
        ("source", "", 50),
        ("source", "limit=200", 200),
        ("source", "limit=1&count=exact", 11),
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


@pytest.mark.parametrize(
    ("version", "resource", "include", "linked"),
    [
        (V1, "event", "place", 1),
        (V1, "event", "figures", 10),
        (V1, "event", "figures.place", 20),
        (V1, "event", "figures.event,figures.place", 30),
        # Children are exported anyway, and count as many as a list shows.
        (V1, "event", "citations", 0),
        (V1, "event", "citations.source", 20),
        (V1, "event", "citations.source,participants", 20),
        (V1, "event", "figures.citations", 10),
        (V1, "quote", "citations.via", 200),
        # Version 2 always shows the place of an event and the speaker of a quote.
        (V2, "event", "place", 0),
        (V2, "event", "place.events", 20),
        (V2, "quote", "speaker", 0),
        (V2, "quote", "speaker.affiliation", 1),
        (V2, "figure", "event", 2),
        (V2, "event", "related.event", 40),
    ],
)
def test_an_export_costs_more_by_the_links_that_it_includes(
    version: Version, resource: str, include: str, linked: int
) -> None:
    for query_string in (f"include={include}", f"include={include}&limit=7"):
        query = export_query(version, version[resource], FORMATS["ndjson"], query_string.encode())
        assert price(query) == 50 * (1 + linked)


@pytest.mark.parametrize("version", VERSIONS.values(), ids=lambda version: str(version.name))
def test_an_export_prices_links_as_a_list_does(version: Version) -> None:
    for resource in version.lists.values():
        alone = list_query(version, resource, b"limit=1")
        for path in links(version, resource):
            listed = list_query(version, resource, f"limit=1&include={path}".encode())
            linked = cost(listed) - cost(alone)
            exported = export_query(version, resource, FORMATS["ndjson"], f"include={path}".encode())
            assert price(exported) == 50 * (1 + linked), path


def cost(query: Query) -> int:
    """Return the points of a request for its records alone, without the least that its statement costs."""
    return _linked_points(VERSIONS[query.version], query.entries)


@pytest.mark.parametrize(
    ("name", "url", "present", "then"),
    [
        ("source", "", 50, 100),
        ("source", "limit=200", 200, 250),
        ("source", "limit=1&count=exact", 51, 151),
        ("source", "limit=1&count=estimated", 46, 96),
    ],
)
def test_as_of_an_edition_a_page_takes_at_most_twice_its_points_and_an_exact_total_60(
    name: str, url: str, present: int, then: int
) -> None:
    query = list_query(V2, V2[name], url.encode())
    assert (price(query), price(as_of(query, 5))) == (present, then)


def compared(url: str, name: str = "event") -> Query:
    """Return the Query of the differences of a list between two editions."""
    timeline = Timeline()
    for number in (3, 5):
        timeline.add(number, number, list(V2.resources))
    timeline.note_look("k3x9ma", 9, 5, None)
    return diff_query(V2, V2[name], f"from=e3&to=e5&{url}".encode(), EditionFinder(timeline, looked_again=True))


@pytest.mark.parametrize(
    ("url", "points"),
    [
        ("", 100),
        ("limit=200", 250),
        ("limit=20", 70),
        ("kind=attack", 100),
        ("limit=20&kind=attack&status=failed", 20 + 60 * 1.2),
        ("limit=20&q=corridor", 20 + 5 + 60 * 2.25),
        # Records that did not change may enter and leave the list, too.
        ("limit=20&place.country=UA", 20 + 10 + 2 * work.WHOLE_LIST * 9.15),
        ("limit=20&citations.stance=denies", 20 + 10 + work.WHOLE_LIST * 11.45),
        (f"limit=20&ids={EVENT}&place.country=UA", 20 + 10 + 50),
    ],
)
def test_a_page_of_differences_costs_a_point_for_each_and_its_reserve(url: str, points: float) -> None:
    assert price(compared(url)) == min(points, work.MOST + price(compared(url)) - reserve(compared(url)))


@pytest.mark.parametrize(
    "url", ["", "kind=attack", "q=corridor", "place.country=UA", "tag=a&status=failed", "limit=200"]
)
def test_a_page_of_differences_takes_at_most_twice_the_points_of_one_of_the_list(url: str) -> None:
    assert price(compared(url)) <= 2 * price(list_query(V2, V2["event"], url.encode()))


def test_a_file_of_differences_costs_twice_as_much_as_one_of_the_list() -> None:
    root = compared("").root
    assert isinstance(root, DiffQuery)
    for form in DIFF_FORMATS:
        shape = form.shape(V2, V2["event"], {})
        assert shape is not None
        export = ExportQuery("event", CHANGE, shape, as_of=root.as_of, since=root.since)
        assert price(Query("v2", export)) == 2 * EXPORT + work.OTHER_VERSIONS


def test_as_of_an_edition_a_record_costs_the_same() -> None:
    query = record_query(V2, V2["event"], EVENT, b"include=figures")
    assert price(query) == price(as_of(query, 5))
