"""REST and GraphQL are one service. A URL and equal arguments return the same records in the same order, at the same
price. A cursor works in both APIs, and a mistake has the same code in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from api.catalog import V1, Condition, Field, Group, Resource, Version
from api.model import CHILDREN
from api.query import price
from api.query.work import reserve
from api.rest.request import list_query
from api.settings import Settings
from tests.agreement.conftest import Apis
from tests.agreement.generator import Term, _plain
from tests.agreement.reference import camel, format_time
from tests.agreement.rows import SEARCHES, Rows
from tests.walking import bounded_walk

SUFFIXES = {"gte": "_gte", "lt": "_lt", "null": "_null"}
KEYS = {"null": "isNull", "identifier": "has", "subject": "has"}


@dataclass
class ListRequest:
    """A list, as a URL and as arguments."""

    resource: str
    parameters: dict[str, str] = field(default_factory=dict)
    filter: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    size: int = 50

    def url(self, **more: str) -> dict[str, str]:
        return {**self.parameters, "limit": str(self.size), **more}

    def arguments(self, **more: Any) -> str:
        arguments = {"first": self.size, **({"filter": self.filter} if self.filter else {}), **more}
        if self.order:
            arguments["orderBy"] = self.order
        return ", ".join(f"{name}: {_plain(value)}" for name, value in arguments.items())

    def list_field(self, selection: str, **more: Any) -> str:
        return f"{{ {self.resource}s({self.arguments(**more)}) {{ {selection} }} }}"


class Chooser:
    """Chooses filters that both APIs have, with values that occur."""

    def __init__(self, version: Version, stored_rows: Rows, random: Random) -> None:
        self.version = version
        self.stored = stored_rows
        self.random = random

    def choose(self) -> ListRequest:
        resource = self.random.choice(list(self.version.resources.values()))
        list_request = ListRequest(resource.name, size=self.random.choice([1, 2, 3, 7, 20, 50]))
        for condition in self._some(self.version.conditions[resource.name].values()):
            self._add(list_request, condition, resource, "")
        if resource.links and self.random.random() < 0.4:
            link = self.random.choice(list(resource.links.values()))
            link_filter: dict[str, Any] = {}
            target = self.version[link.target]
            # A link to children takes no filters by their records.
            conditions = [
                candidate for candidate in self.version.conditions[link.target].values() if not candidate.listed
            ]
            for condition in self._some(conditions, 1):
                self._add(list_request, condition, target, f"{link.name}.", link_filter)
            if link_filter:
                list_request.filter[camel(link.name)] = link_filter if link.single else {"some": link_filter}
        if self.random.random() < 0.25 and resource.searched:
            words, language = self.random.choice(SEARCHES)
            list_request.parameters |= {"q": words, "q_language": language}
            list_request.filter["search"] = {"text": words, "language": language}
        self._sort(list_request, resource)
        return list_request

    def _some(self, conditions: Iterable[Condition], least: int = 0) -> list[Condition]:
        candidates = list(conditions)
        return self.random.sample(candidates, min(len(candidates), self.random.choice([least, 1, 1, 2, 3])))

    def _sort(self, list_request: ListRequest, resource: Resource) -> None:
        names = [
            name
            for name in resource.sortable
            if not resource.fields[name].needs or "measure" in list_request.parameters
        ]
        if "q" in list_request.parameters:
            names += ["relevance"] * 3
        if self.random.random() < 0.3:
            return
        name = self.random.choice(names)
        descending = name != "relevance" and self.random.random() < 0.5
        list_request.parameters["sort"] = f"-{name}" if descending else name
        list_request.order = {"field": Term(name.upper())}
        if descending or self.random.random() < 0.5:
            list_request.order["direction"] = Term("DESC" if descending else "ASC")

    def _add(
        self,
        list_request: ListRequest,
        condition: Condition,
        owner: Resource,
        prefix: str,
        into: dict[str, Any] | None = None,
    ) -> None:
        choice = self._value(condition, owner)
        if choice is None:
            return
        text, value = choice
        name = (condition.parameter or condition.name) + SUFFIXES.get(condition.operator, "")
        list_request.parameters[prefix + name] = text
        target_filter = list_request.filter if into is None else into
        field_name = camel(condition.name)
        if condition.operator in ("is", "bbox", "near"):
            target_filter[field_name] = value
        else:
            target_filter.setdefault(field_name, {})[KEYS.get(condition.operator, condition.operator)] = value
        if condition.needs and condition.needs not in target_filter:
            list_request.parameters[prefix + condition.needs] = "killed"
            target_filter[condition.needs] = {"in": [Term("KILLED")]}

    def _value(self, condition: Condition, owner: Resource) -> tuple[str, Any] | None:
        """Return a value as it is written in a URL and as an argument."""
        random = self.random
        if condition.operator in ("is", "null"):
            yes = random.random() < 0.5
            return str(yes).lower(), yes
        if condition.operator == "bbox":
            boxes = [
                (170, -30, -170, 10.5),
                (22, 44, 41, 53),
                (-180, 80, 180, 90),
                (30, 40, 20, 60),
                (170, -30, 190.5, 10),
            ]
            box = random.choice(boxes)
            return ",".join(map(str, box)), dict(zip(("west", "south", "east", "north"), box, strict=True))
        if condition.operator == "near":
            point = random.choice([(50.45, 30.52, 500), (-17.6, 179.9, 120.5), (89.9, 100, 200), (0, 0, 20016)])
            return ",".join(map(str, point)), dict(zip(("latitude", "longitude", "kilometres"), point, strict=True))
        values = self._occurring(condition, owner)
        if not values:
            return None
        if condition.operator in ("gte", "lt"):
            return self._compared(random.choice(values))
        picked = random.choices(values, k=random.choice([1, 1, 2, 3]))
        if condition.operator == "identifier":
            return _csv(f"{entry['scheme']}:{entry['value']}" for entry in picked), picked
        if condition.operator == "subject":
            codes = [{name: entry[name] for name in ("scheme", "code")} for entry in picked]
            return _csv(f"{entry['scheme']}:{entry['code']}" for entry in picked), codes
        terms = [Term(entry.upper()) for entry in picked] if condition.type.name == "vocabulary" else picked
        return _csv(picked), terms

    def _compared(self, value: Any) -> tuple[str, Any]:
        if isinstance(value, Decimal):
            return self.random.choice([str(value), f"{value:.6f}"]), float(value)
        if isinstance(value, datetime):
            text = format_time(value)
            return self.random.choice([text, text.replace("+00:00", "Z")]), text
        assert isinstance(value, date)
        return value.isoformat(), value.isoformat()

    def _occurring(self, condition: Condition, owner: Resource) -> list[Any]:
        at = owner
        for link in condition.path:
            at = self.version[at.links[link].target]
        kind = at.name.capitalize()
        rows = (
            [row for children in self.stored.children[kind].values() for row in children]
            if at.name in CHILDREN
            else self.stored.records[kind].values()
        )
        column = "value_floor" if condition.name == "value" else condition.column
        values = [row[column] for row in rows]
        if condition.operator in ("has", "identifier", "subject"):
            values = [value for entries in values for value in entries]
        if condition.type.name == "vocabulary" and condition.column != condition.name:
            # The column contains texts, and only some of them are terms.
            values = [value for value in values if value in condition.type.of.terms()]
        # GraphQL compares numbers as floats, so numbers that are too precise for a float would differ.
        return [
            value for value in values if value is not None and (not isinstance(value, Decimal) or abs(value) < 10**12)
        ]


def _csv(values: Iterable[str]) -> str:
    return ",".join('"{}"'.format(text.replace('"', '""')) if set(text) & set(',"\n') else text for text in values)


def select_record(version: Version, resource: Resource, include: dict[str, Any]) -> str:
    """Return the GraphQL selection that equals a record in REST."""
    parts = []
    for item in resource.layout:
        if isinstance(item, Group):
            keys = [camel(key) + below(field) for key, field in resource.within(item).items()]
            parts.append(f"{camel(item.name)} {{ {' '.join(keys)} }}")
            continue
        if item.listed:
            continue  # Only the list of children shows it.
        parts.append(camel(item.name) + below(item))
    for link in resource.links.values():
        if link.kind in ("one", "several"):
            parts.append(camel(link.by))
        if link.name not in include and not link.owned and not link.embedded:
            continue
        linked_selection = select_record(version, version[link.target], include.get(link.name, {}))
        if link.kind in ("one", "several"):
            parts.append(f"{camel(link.name)} {{ {linked_selection} }}")
        else:
            parts.append(f"{camel(link.name)}(first: {link.default}) {{ nodes {{ {linked_selection} }} hasMore }}")
    return " ".join(parts)


def below(field: Field) -> str:
    """Return the selection of the parts of a field; empty if it has none."""
    return f" {{ {' '.join(map(camel, field.type.of.fields()))} }}" if field.type.name == "value" else ""


async def read_page_in_both_apis(
    apis: Apis, list_request: ListRequest, after: str | None = None
) -> tuple[list[str], list[str]]:
    """Read a page through each API. Return the ids, which must be equal, and the cursors of its end."""
    more = {"after": after} if after else {}
    status, page = await apis.rest(
        f"/{list_request.resource}s", list_request.url(**({"cursor": after} if after else {}))
    )
    assert status == 200, (list_request, page)
    selection = "nodes { id } pageInfo { endCursor hasNextPage } totalCount"
    status, answer = await apis.graphql(list_request.list_field(selection, **more))
    assert status == 200, (list_request, answer)
    connection = answer["data"][f"{list_request.resource}s"]
    ids = [record["id"] for record in page["data"]]
    assert ids == [node["id"] for node in connection["nodes"]], list_request
    assert page["page"]["has_more"] == connection["pageInfo"]["hasNextPage"], list_request
    if page["page"]["has_more"]:
        assert page["page"]["next_cursor"] == connection["pageInfo"]["endCursor"], list_request
    else:
        assert page["page"]["next_cursor"] is None
    return ids, [page["page"]["next_cursor"], connection["pageInfo"]["endCursor"]]


async def test_a_url_and_arguments_give_the_same_records_in_the_same_order(apis: Apis, stored_rows: Rows) -> None:
    matches = pages = 0
    for seed in range(300):
        random = Random(seed)
        list_request = Chooser(apis.version, stored_rows, random).choose()
        ids, (cursor, _) = await read_page_in_both_apis(apis, list_request)
        matches += bool(ids)
        if cursor:
            following, _ = await read_page_in_both_apis(apis, list_request, cursor)
            assert following and not set(ids) & set(following), (seed, list_request)
            pages += 1
    assert matches > 150 and pages > 80, "The filters leave too little to compare."


TABLE = [
    ListRequest("event", {"bbox": "170,-30,-170,10"}, {"bbox": {"west": 170, "south": -30, "east": -170, "north": 10}}),
    ListRequest("place", {"bbox": "-170,-30,170,10"}, {"bbox": {"west": -170, "south": -30, "east": 170, "north": 10}}),
    ListRequest("event", {"near": "-17.6,180,100"}, {"near": {"latitude": -17.6, "longitude": 180, "kilometres": 100}}),
    ListRequest("place", {"near": "90,-45,300"}, {"near": {"latitude": 90, "longitude": -45, "kilometres": 300}}),
    ListRequest("event", {"tag": '"a,b"'}, {"tags": {"has": ["a,b"]}}),
    ListRequest(
        "event", {"identifier": '"handle:a:b,c"'}, {"identifiers": {"has": [{"scheme": "handle", "value": "a:b,c"}]}}
    ),
    ListRequest("event", {"country": "UA"}, {"country": {"in": ["UA"]}}),
    ListRequest(
        "event",
        {"country": "UA", "place.country": "RU"},
        {"country": {"in": ["UA"]}, "place": {"country": {"in": "RU"}}},
    ),
    ListRequest(
        "event",
        {"figures.measure": "killed", "figures.value_gte": "100"},
        {"figures": {"some": {"measure": {"in": [Term("KILLED")]}, "value": {"gte": 100}}}},
    ),
    ListRequest(
        "event",
        {"citations.stance": "denies", "citations.medium": "telegram"},
        {"citations": {"some": {"stance": {"in": [Term("DENIES")]}, "medium": {"in": [Term("TELEGRAM")]}}}},
    ),
    ListRequest(
        "figure",
        {"measure": "killed", "sort": "-value"},
        {"measure": {"in": [Term("KILLED")]}},
        {"field": Term("VALUE"), "direction": Term("DESC")},
    ),
    ListRequest(
        "event", {"q": "corridor", "sort": "relevance"}, {"search": {"text": "corridor"}}, {"field": Term("RELEVANCE")}
    ),
    ListRequest("quote", {"q": "refugies", "q_language": "fr"}, {"search": {"text": "refugies", "language": "fr"}}),
]


@pytest.mark.parametrize(
    "list_request", TABLE, ids=lambda list_request: f"{list_request.resource}?{urlencode(list_request.parameters)}"
)
async def test_both_apis_agree_from_the_first_page_to_the_last(apis: Apis, list_request: ListRequest) -> None:
    list_request.size = 5
    ids, (cursor, _) = await read_page_in_both_apis(apis, list_request)
    assert ids or "RU" in list_request.parameters.values()
    for _ in bounded_walk():
        if not cursor:
            break
        following, (cursor, _) = await read_page_in_both_apis(apis, list_request, cursor)
        ids += following
    assert len(ids) == len(set(ids))
    _, answer = await apis.graphql(list_request.list_field("totalCount totalQuality"))
    _, page = await apis.rest(f"/{list_request.resource}s", list_request.url(count="exact"))
    connection = answer["data"][f"{list_request.resource}s"]
    assert connection == {"totalCount": len(ids), "totalQuality": "EXACT"}
    assert (page["page"]["total"], page["page"]["total_quality"]) == (len(ids), "exact")


@pytest.mark.parametrize("name", V1.resources)
async def test_equal_selections_have_equal_prices_and_equal_content(apis: Apis, name: str) -> None:
    version, resource = apis.version, apis.version[name]
    for names in [(), *((name,) for name in resource.links), *_deeper(version, resource)]:
        include: dict[str, Any] = {}
        for name in names:
            first, _, rest = name.partition(".")
            include.setdefault(first, {}).update({rest: {}} if rest else {})
        url = {"limit": "3", **({"include": ",".join(names)} if names else {})}
        query = list_query(version, resource, urlencode(url).encode())
        list_request = ListRequest(resource.name, size=3)
        text = list_request.list_field(f"nodes {{ {select_record(version, resource, include)} }}")
        status, answer = await apis.graphql(text)
        assert status == 200, answer
        assert answer["extensions"]["cost"]["requested"] == price(query), names
        _, page = await apis.rest(f"/{resource.plural}", url)
        assert [_flat(node) for node in answer["data"][resource.plural]["nodes"]] == [
            _flat(record) for record in page["data"]
        ]


def _deeper(version: Version, resource: Resource) -> list[tuple[str, ...]]:
    two = [f"{link.name}.{next_link}" for link in resource.links.values() for next_link in version[link.target].links]
    return [(path,) for path in two] + [tuple(two[:2])]


def _flat(record: Any) -> Any:
    """Return a record without the differences in spelling between the APIs: case, and the names of sets."""
    if isinstance(record, list):
        return [_flat(element) for element in record]
    if isinstance(record, dict):
        names = {"nodes": "data", "has_more": "hasMore"}
        return {names.get(key, camel(key)): _flat(value) for key, value in record.items()}
    return record.lower() if isinstance(record, str) else record


async def test_search_and_counts_have_the_same_price(apis: Apis) -> None:
    version = apis.version
    query = list_query(version, version["quote"], b"q=corridor&limit=7&count=exact")
    for total in ("totalCount", "totalQuality", "totalCount totalQuality a: totalCount"):
        list_request = ListRequest("quote", filter={"search": {"text": "corridor"}}, size=7)
        selection = select_record(version, version["quote"], {})
        _, answer = await apis.graphql(list_request.list_field(f"{total} nodes {{ {selection} }}"))
        assert answer["extensions"]["cost"]["requested"] == price(query)
        assert price(query) - reserve(query) == 22 + 7 * bool(version["quote"].links["speaker"].embedded)


EVENT = "evt_00000000000000000000000000"
# A mistake as a URL and as a document, with the code that both return.
MISTAKES = [
    ("/figures?value_gte=1", "{ figures(filter: {value: {gte: 1}}) { nodes { id } } }", 400, "invalid_request"),
    ("/figures?sort=value", "{ figures(orderBy: {field: VALUE}) { nodes { id } } }", 400, "invalid_request"),
    (
        "/events?figures.value_gte=1&kind=other",
        "{ events(filter: {kind: {in: OTHER}, figures: {some: {value: {gte: 1}}}}) { nodes { id } } }",
        400,
        "invalid_request",
    ),
    ("/events?sort=relevance", "{ events(orderBy: {field: RELEVANCE}) { nodes { id } } }", 400, "invalid_request"),
    ("/events?sort=title", "{ events(orderBy: {field: TITLE}) { nodes { id } } }", 400, "invalid_request"),
    ("/events?limit=0", "{ events(first: 0) { nodes { id } } }", 400, "invalid_request"),
    ("/events?limit=-1", "{ events(first: -1) { nodes { id } } }", 400, "invalid_request"),
    ("/events?limit=201", "{ events(first: 201) { nodes { id } } }", 400, "invalid_request"),
    ("/events?limit=2147483648", "{ events(first: 2147483648) { nodes { id } } }", 400, "invalid_request"),
    ("/events?ids=evt_1", '{ events(filter: {id: {in: "evt_1"}}) { nodes { id } } }', 400, "invalid_request"),
    (
        f"/events?place_id={EVENT}",
        f'{{ events(filter: {{placeId: {{in: "{EVENT}"}}}}) {{ nodes {{ id }} }} }}',
        400,
        "invalid_request",
    ),
    ("/events?kind=war", "{ events(filter: {kind: {in: WAR}}) { nodes { id } } }", 400, "invalid_request"),
    ("/events?mood=bad", "{ events(filter: {mood: {in: BAD}}) { nodes { id } } }", 400, "invalid_request"),
    (
        "/events?starts_at_gte=0999-12-31",
        '{ events(filter: {startsAt: {gte: "0999-12-31"}}) { nodes { id } } }',
        400,
        "invalid_request",
    ),
    (
        "/events?starts_at_gte=2022-03-06T12:00:00",
        '{ events(filter: {startsAt: {gte: "2022-03-06T12:00:00"}}) { nodes { id } } }',
        400,
        "invalid_request",
    ),
    (
        "/events?bbox=0,53,10,44",
        "{ events(filter: {bbox: {west: 0, south: 53, east: 10, north: 44}}) { nodes { id } } }",
        400,
        "invalid_request",
    ),
    (
        "/events?near=0,0,30000",
        "{ events(filter: {near: {latitude: 0, longitude: 0, kilometres: 30000}}) { nodes { id } } }",
        400,
        "invalid_request",
    ),
    (
        "/figures?measure=killed&value_gte=1e400",
        "{ figures(filter: {measure: {in: KILLED}, value: {gte: 1e400}}) { nodes { id } } }",
        400,
        "invalid_request",
    ),
    (
        "/figures?measure=killed&value_gte=0.0000001",
        "{ figures(filter: {measure: {in: KILLED}, value: {gte: 0.0000001}}) { nodes { id } } }",
        400,
        "invalid_request",
    ),
    ("/events?country=ua", '{ events(filter: {country: {in: "ua"}}) { nodes { id } } }', 400, "invalid_request"),
    (
        "/events?q=x&q_language=English",
        '{ events(filter: {search: {text: "x", language: "English"}}) { nodes { id } } }',
        400,
        "invalid_request",
    ),
    (
        f"/events?country={','.join(['UA'] * 201)}",
        "{ events(filter: {country: {in: [%s]}}) { nodes { id } } }" % ('"UA" ' * 201),
        400,
        "invalid_request",
    ),
    (
        f"/figures?population={'x' * 501}",
        '{ figures(filter: {population: {in: "%s"}}) { nodes { id } } }' % ("x" * 501),
        400,
        "invalid_request",
    ),
    ("/events?q=", '{ events(filter: {search: {text: ""}}) { nodes { id } } }', 400, "invalid_request"),
    ("/events?cursor=x", '{ events(after: "x") { nodes { id } } }', 400, "invalid_cursor"),
    ("/events?cursor=WzEsMiwzXQ", '{ events(after: "WzEsMiwzXQ") { nodes { id } } }', 400, "invalid_cursor"),
    (
        "/events?limit=200&include=figures,citations.source",
        "{ events(first: 200) { nodes { figures(first: 50) { nodes { id } } } } }",
        400,
        "too_expensive",
    ),
    (f"/events/{EVENT}", f'{{ event(id: "{EVENT}") {{ id }} }}', 404, "not_found"),
    (f"/figures/{EVENT}", f'{{ figure(id: "{EVENT}") {{ id unit: measure }} }}', 404, "not_found"),
    ("/events/evt_1", '{ event(id: "evt_1") { id } }', 404, "not_found"),
    ("/events/%F0%9F%94%A5", '{ node(id: "🔥") { id } }', 404, "not_found"),
]


@pytest.mark.parametrize(("url", "text", "status", "code"), MISTAKES, ids=[row[0][:60] for row in MISTAKES])
async def test_a_mistake_has_the_same_code_in_both_apis(
    priced_apis: Apis, url: str, text: str, status: int, code: str
) -> None:
    response = await priced_apis.client.get(f"/{priced_apis.version.name}{url}")
    answer_status, answer = await priced_apis.graphql(text)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]
    # A missing record is null beside the rest of the data. All other mistakes refuse the whole request.
    assert answer_status == (200 if status == 404 else 400)


@pytest.mark.parametrize("name", V1.resources)
async def test_a_withdrawn_record_is_reported_as_withdrawn(apis: Apis, stored_rows: Rows, name: str) -> None:
    resource = apis.version[name]
    withdrawn = stored_rows.withdrawn[resource.name.capitalize()]
    assert withdrawn
    for identifier, reason in withdrawn.items():
        status, problem = await apis.rest(f"/{resource.plural}/{identifier}")
        assert (status, problem["code"]) == (410, "withdrawn")
        assert reason in problem["detail"]
        text = f'{{ one: {resource.name}(id: "{identifier}") {{ id }} nodes(ids: ["{identifier}"]) {{ id }} }}'
        status, answer = await apis.graphql(text)
        assert (status, answer["data"]) == (200, {"one": None, "nodes": [None]})
        assert [(error["path"], error["extensions"]) for error in answer["errors"]] == [
            (["one"], {"code": "withdrawn", "reason": reason}),
            (["nodes", 0], {"code": "withdrawn", "reason": reason}),
        ]


async def test_the_highest_price_of_a_request_is_the_same_in_both_apis(priced_apis: Apis) -> None:
    most = Settings().max_price
    for size, allowed in ((most // 51, True), (most // 51 + 1, False)):
        text = f"{{ briefings(first: {size}) {{ nodes {{ events(first: 50) {{ nodes {{ id }} }} }} }} }}"
        status, answer = await priced_apis.graphql(text)
        assert status == (200 if allowed else 400)
        if allowed:
            assert answer["extensions"]["cost"]["requested"] <= most
        else:
            assert answer["errors"][0]["extensions"]["code"] == "too_expensive"


async def test_a_cursor_of_another_list_is_refused_in_both_apis(apis: Apis) -> None:
    _, page = await apis.rest("/events", {"limit": "2", "kind": "shelling"})
    cursor = page["page"]["next_cursor"]
    others = [
        ListRequest("event"),
        ListRequest("quote"),
        ListRequest("event", {"kind": "other"}, {"kind": {"in": [Term("OTHER")]}}),
        ListRequest(
            "event",
            {"kind": "shelling", "sort": "starts_at"},
            {"kind": {"in": [Term("SHELLING")]}},
            {"field": Term("STARTS_AT")},
        ),
        ListRequest(
            "event", {"kind": "shelling", "sort": "id"}, {"kind": {"in": [Term("SHELLING")]}}, {"field": Term("ID")}
        ),
    ]
    for other in others:
        status, problem = await apis.rest(f"/{other.resource}s", other.url(cursor=cursor))
        assert (status, problem["code"]) == (400, "invalid_cursor"), json.dumps(problem)
        status, answer = await apis.graphql(other.list_field("nodes { id }", after=cursor))
        assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "invalid_cursor")
