"""URLs that callers may send: each is answered or refused with a reason, and none makes the service fail."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from api.catalog import V1
from api.rest.parameters import parameters

if TYPE_CHECKING:
    from tests.hostile.raw_client import RawClient
    from tests.http.conftest import Answer

UNKNOWN = "evt_" + "0" * 26
LONG = "9" * 5000
SEARCHED = [resource.plural for resource in V1.resources.values() if resource.searched]
INJECTIONS = (
    "'",
    "''; drop schema v1 cascade; --",
    "' or '1'='1",
    '"; drop schema v1 cascade; --',
    "\\'; commit; --",
    "$1",
    "$$; $$",
    "1); copy (table pg_shadow) to program 'id'; --",
    "{{7*7}}${7*7}%n%s",
    "%",
    "_",
    "*",
    "\\",
    '$.* ? (@ like_regex "^(a+)+$")',
)
UNICODE = (
    "Київ",
    "القدس",
    "東京",
    "e\u0301" * 100,
    "\U0001f1fa\U0001f1e6" * 50,
    "\u202eetupsid",
    "\u200b\u200d\ufeff",
    "İıſßǅﬃ㎯",
    "\U00012432" * 100,
    "\U0010ffff",
    "a\u0000"[:1] + "\u0085\u2028\x01",
    "\uffff\ufdd0",
)


def assert_refused(answer: Answer, code: str = "invalid_request", status: int = 400) -> dict[str, Any]:
    problem = answer.problem
    assert (answer.status, problem["code"]) == (status, code), problem
    return problem


MALFORMED = [
    "q=%00", "q=a%00b", "%00=a", "q=%ff", "q=%FF%FE", "q=%c3%28", "q=%ed%a0%80", "q=%", "q=%zz", "q=%u0041",
    "tag=%F5",
    "limit=1_0", "limit=%D9%A1", "limit=0x10", "limit=+5", "limit=%2B5", "limit=5.0", "limit=1e2", "limit=-1",
    "limit=0",
    "limit=201", "limit=NaN", "limit=true", "limit=null", "limit=[]", "limit[]=5", f"limit={LONG}", "limit=",
    "limit",
    "limit=3&limit=3", "limit=%205", "limit=5%20", "limit=5,6", "limit=9223372036854775808",
    "=", "=a", "a=", "limit=1&=", "Limit=1", "LIMIT=1", "limit;q=a", "foo=1",
    "foo.bar=1", "figures.=1", ".measure=1", "figures.figures.measure=killed", "__proto__=1", "format=xml", "_=1",
    "callback=alert", "fields=id", "page=2", "offset=10", "where=1", "order=id", "filter={}",
    "starts_at_gte=0025-01-01", "starts_at_gte=-0044-03-15", "starts_at_gte=44-03-15%20BC",
    "starts_at_gte=10000-01-01",
    "starts_at_gte=infinity", "starts_at_gte=-infinity", "starts_at_gte=now", "starts_at_gte=today",
    "starts_at_gte=epoch",
    "starts_at_gte=2022-02-30", "starts_at_gte=2022-13-01", "starts_at_gte=2022-01-01T24:00:00Z",
    "starts_at_gte=2022-01-01T23:59:60Z", "starts_at_gte=2022-01-01T00:00:00",
    "starts_at_gte=2022-01-01T00:00:00%2B99:99",
    "starts_at_gte=9999-12-31T23:59:59-23:59", "starts_at_gte=1000-01-01T00:00:00%2B23:59",
    "starts_at_gte=%D9%A2022-01-01", "starts_at_gte=1646524800", "starts_at_gte=2022-W10", "starts_at_gte=20220306",
    "starts_at_gte=null", "starts_at_null=2", "starts_at_null=tRUE",
    "starts_at_null=true&starts_at_null=true", "disputed=yes", "disputed=", "kind=x",
    "kind=,",
    "kind=shelling,", "kind=SHELLING",
    'kind="shelling', "kind=%22", "status=occurred%00", "bbox=1,2,3", "bbox=1,2,3,4,5",
    "bbox=nan,nan,nan,nan", "bbox=inf,0,0,0", "bbox=1e1,2,3,4", "bbox=36001,0,0,0", "bbox=0,91,0,91",
    "bbox=0,10,0,-10",
    "bbox=,,,", "bbox=0x1,0,0,0", f"bbox={LONG},0,0,0", "near=0,0,0", "near=0,0,-1", "near=0,0,20016.1",
    "near=inf,0,1",
    "near=91,0,1", "near=0,36001,1", "near=nan,0,1", "near=0,0", "near=0,0,1,1", f"near=0,0,{LONG}", "identifier=:",
    "identifier=a:", "identifier=:a", "identifier=a", "identifier=,", 'identifier=%22a:b', "ids=x", "ids=,",
    f"ids={UNKNOWN},",
    "ids=evt_%00", "ids=EVT_" + "0" * 26, "ids=plc_" + "0" * 26, "ids=" + ",".join([UNKNOWN] * 201),
    "ids=9223372036854775808", f"ids={LONG}", "tag=" + "a" * 501, "tag=a%0Ab", "tag=%0D%0AX-Evil:%201",
    "q=" + "a" * 501,
    "q=" + "-" * 500, "q=" + "-%20" * 200, "q=" + "-!" * 100, "q=" + quote('"' * 400), "q=" + quote("((((("),
    "q=" + quote("!!!|&<->:*\\"), "q=" + quote("㎯" * 500), "q_language=en",
    "q=a&q_language=en'",
    "q=a&q_language=english", "q=a&q_language=", "sort=relevance", "sort=-relevance&q=a", "sort=--starts_at",
    "sort=starts_at;", "sort=starts_at,id", "sort=starts_at%20desc", "sort=title", "sort=+starts_at", "sort=search",
    "count=all", "count=true", "count=EXACT", "include=x", "include=.", "include=place.", "include=.place",
    "include=",
    "include=related.event.related", "include=citations.source.affiliation", "include=*", "include=place,,figures",
    "include=" + ",".join(["place"] * 201), "include=" + "place." * 200 + "place", "figures.value_gte=1",
    "figures.measure=killed&figures.value_gte=1e5", "figures.measure=killed&figures.value_gte=NaN",
    f"figures.measure=killed&figures.value_gte={LONG}", "figures.measure=killed&figures.value_gte=9999999999999999",
]  # fmt: skip


@pytest.mark.parametrize("query", MALFORMED)
def test_malformed_unknown_or_repeated_parameters_are_named_in_a_400(raw_client: RawClient, query: str) -> None:
    problem = assert_refused(raw_client.get(f"/v1/events?{query}"))
    assert problem["errors"] and all(error["detail"] for error in problem["errors"])
    assert len(json.dumps(problem)) < 10_000


ODD = [
    "limit=1", "", "q=a+b", "q=a%2Bb", "q=a|b", "q=the+of+and",
    "q=" + "-(" * 100 + "a", "q=" + quote('-"a b" or -c ' * 30), "q=" + "or+" * 160,
    "q=" + quote("a:*b & !c | (d)"),
    "q=the&sort=relevance", "q=a&q_language=xx", "q=a&q_language=sr-Latn", "q=" + "a" * 500,
    "q=" + quote("𒐫" * 500),
    "q=" + quote("ab " * 160) + "&sort=relevance&count=exact", "q=" + quote("-a " * 160),
    "starts_at_gte=1000-01-01", "starts_at_lt=9999-12-31", "starts_at_lt=9999-12-31T23:59:59.999999999Z",
    "starts_at_gte=9999-12-31&starts_at_lt=1000-01-01", "starts_at_gte=2022-01-01T00:00:00.123456789Z",
    "bbox=-180,-90,180,90", "bbox=180,-90,-180,90", "bbox=0,90,0,90", "bbox=0,-90,0,-90", "bbox=-180.0,0,-180.0,0",
    "bbox=-0,-0,-0,-0", "bbox=181,0,0,0", "near=0,181,1", "bbox=179.999999999999999,0,-179.999999999999999,0",
    "near=90,180,20016", "near=-90,-180,0.000001",
    "near=0,180,20016", "near=0,-180,20015.2", "near=89.999999,0,10", "near=90,0,0.1", "near=0,179.9,10007.5",
    "near=45,10,10007.5", "near=-0,-0,0.1", "ids=" + ",".join([UNKNOWN] * 200),
    "kind=shelling,shelling", "include=place,place,related.event,related", "count=exact", "count=estimated&limit=1",
    "place_id_null=true&place_id=plc_" + "0" * 26, "figures.measure=killed&figures.value_gte=-0",
    "figures.measure=killed&figures.value_gte=999999999999999.999999", "tag=" + quote('"a,b"'), "tag=" + "a" * 500,
    "identifier=" + quote('"a:b,c""d"'), "identifier=" + quote("a:'\"\\$.[*] ? (@ == 1)"),
    "identifier=" + quote("a:\\u0000\\ud800"), "identifier=" + quote('a:"b'),
]  # fmt: skip


@pytest.mark.parametrize("query", ODD)
def test_unusual_but_valid_queries_are_answered(raw_client: RawClient, query: str) -> None:
    start_time = time.monotonic()
    assert raw_client.get(f"/v1/events?{query}").status == 200
    assert time.monotonic() - start_time < 1


@pytest.mark.parametrize("resource", V1.resources.values(), ids=lambda resource: str(resource.plural))
def test_no_text_filter_takes_a_value_for_a_part_of_the_statement(raw_client: RawClient, resource: Any) -> None:
    rows = parameters(V1, resource)
    texts = [name for name, row in rows.items() if row.condition.type.name == "text" and row.takes in ("list", "value")]
    names = [*texts, *(name for name, row in rows.items() if row.takes == "identifier"), "sort", "cursor", "include"]
    for name in [*names, *(["q"] if resource.searched else [])]:
        for value in INJECTIONS:
            value = f"a:{value}" if name.endswith("identifier") else value
            answer = raw_client.get(f"/v1/{resource.plural}?{name}={quote(f'{value}', safe='')}")
            assert answer.status in (200, 400), (name, value)
            if answer.status == 200 and name != "q":
                assert json.loads(answer.body)["data"] == [], (name, value)
        assert_refused(raw_client.get(f"/v1/{resource.plural}?{quote(name + INJECTIONS[1], safe='')}=a"))
    assert raw_client.get("/v1/events?limit=1").status == 200, "and everything is still there"


@pytest.mark.parametrize("plural", SEARCHED)
@pytest.mark.parametrize("text", UNICODE)
def test_any_letter_may_be_searched_for(raw_client: RawClient, plural: str, text: str) -> None:
    for query in (f"q={quote(text)}", f"q={quote(text)}&sort=relevance&q_language=tr", f"q={quote('-' + text)}"):
        answer = raw_client.get(f"/v1/{plural}?{query}")
        if any(letter.isalnum() for letter in text):
            assert answer.status == 200
        else:
            assert "at least one word" in assert_refused(answer)["errors"][0]["detail"]


@pytest.mark.parametrize("text", UNICODE[:-2])
def test_any_letter_may_be_filtered_by(raw_client: RawClient, text: str) -> None:
    assert json.loads(raw_client.find("events", tag=text, identifier=f"a:{text}").body)["data"] == []
    assert json.loads(raw_client.find("places", admin1=text).body)["data"] == []
    assert json.loads(raw_client.find("figures", population=text, unit=text).body)["data"] == []


def test_regular_expressions_in_reading_take_no_time(raw_client: RawClient) -> None:
    bombs = ("2022-01-01T" + "0" * 400, "1" * 480 + ".", "-" + "1." * 240, "a" * 200 + "-" * 19 + "!" * 250, "(" * 490)
    names = ("starts_at_gte", "q", "near", "bbox", "ids", "q_language", "limit", "cursor", "identifier", "sort", "foo")
    for name in names:
        for bomb in bombs:
            start_time = time.monotonic()
            assert raw_client.find("events", **{name: bomb}).status in (200, 400)
            assert time.monotonic() - start_time < 0.25


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/events/%00", 400), ("/v1/events/%ff", 400), ("/%ff", 400), (f"/v1/events/{UNKNOWN}%00", 400),
        ("/v1/events/%ed%a0%80", 400), ("/v1/events/%", 400), ("/v1/events/%zz", 400), (f"/v1/events%2F{UNKNOWN}", 400),
        (f"/v1%2fevents/{UNKNOWN}", 400), ("/v1/events/a%252Fb", 404), ("/v1/events/%25", 404), ("/v1/../v1/events",
        404),
        ("/v1/%2e%2e/%2e%2e/etc/passwd", 404), ("/../../etc/passwd", 404), ("//v1/events", 404), ("/v1//events", 404),
        ("/v1/events/", 404), (f"/v1/events/{UNKNOWN}/", 404), ("/v1/events;a=b", 404), ("/v1/events/..%5c..", 404),
        ("/v1\\events", 404), (f"/v1/events/{UNKNOWN}", 404), (f"/v1/events/{UNKNOWN.upper()}", 404), ("/v1/events/0",
        404),
        (f"/v1/events/{'9' * 5000}", 404), ("/v1/events/9223372036854775808", 404), ("/v1/events/-1", 404),
        ("/V1/events", 404),
        ("/v1/events/null", 404), ("/v9/events", 404), ("/v1/changes_secret", 404), ("/admin", 404), ("/.git/config",
        404),
        ("/v1/events/evt_'%3B%20drop%20schema%20v1%3B--", 404), ("*", 400), ("/v1/events.json", 404),
        ("/server-status", 404),
        ("/" + "a" * 8000, 404), ("/" + "a" * 9000, 414), ("/v1/events?q=" + "a" * 9000, 414), ("/v1/" + "../" * 2000,
        404),
    ],
)  # fmt: skip
def test_a_path_leads_where_it_says_or_nowhere(raw_client: RawClient, path: str, status: int) -> None:
    answer = raw_client.get(path)
    assert answer.status == status
    assert len(answer.problem["detail"]) < 500
    assert raw_client.get(path, method="HEAD").status == status


def test_a_path_may_be_spelled_with_more_percent_signs_than_it_needs(raw_client: RawClient) -> None:
    assert raw_client.get("/v1/%65vents?%6Cimit=1").status == 200


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def test_a_tampered_cursor_is_refused(raw_client: RawClient) -> None:
    page = json.loads(raw_client.get("/v1/events?limit=1").body)["page"]["next_cursor"]
    mark, key, identifier = json.loads(base64.urlsafe_b64decode(page + "=" * (-len(page) % 4)))
    assert raw_client.get(f"/v1/events?limit=1&cursor={page}").status == 200
    for tampered in (
        page[:-1], page[1:], page[:-4], page + "AAAA", page.swapcase(), "x", "W10", "A" * 5000, "....", "bnVsbA", "e30",
        cursor(), cursor(mark), cursor(mark, key), cursor(mark, key, identifier, 1), cursor(mark, 1, identifier),
        cursor(mark, [key], identifier), cursor(mark, key, 1), cursor(mark, key, None), cursor(1, key, identifier),
        cursor(mark, "now", identifier), cursor(mark, "infinity", identifier), cursor(mark, "0025-01-01", identifier),
        cursor(mark, "2022-03-07 00:00:00", identifier), cursor(mark, "10000-01-01 00:00:00+00", identifier),
        cursor(mark, key, identifier + "\x00"), cursor(mark, key, "\ud800"), cursor(mark.replace("v1", "v2"), key,
        identifier),
        cursor(mark.replace("event", "figure"), key, identifier), cursor(mark[:-1] + "0x", key, identifier),
        cursor("a.b.c.d", key, identifier), cursor("", key, identifier), cursor({}, key, identifier),
        base64.urlsafe_b64encode(b"[" * 3000).decode(), base64.urlsafe_b64encode(b"\xff" * 40).decode(),
        base64.urlsafe_b64encode(b'["a",' + b"9" * 3000 + b',"b"]').decode().rstrip("="),
    ):  # fmt: skip
        problem = assert_refused(raw_client.get(f"/v1/events?limit=1&cursor={quote(tampered)}"), "invalid_cursor")
        assert problem["errors"][0]["parameter"] == "cursor"
    for elsewhere in (
        "events?sort=id",
        "events?sort=starts_at",
        "figures?limit=1",
        "events?kind=shelling",
        "quotes?q=a",
    ):
        assert_refused(raw_client.get(f"/v1/{elsewhere}&cursor={page}"), "invalid_cursor")
    for position in (cursor(mark, key, UNKNOWN), cursor(mark, "9999-12-31 23:59:59+00", "evt_" + "z" * 26)):
        assert raw_client.get(f"/v1/events?limit=1&cursor={position}").status == 200, "a position is a position"


@pytest.mark.parametrize(
    ("sort", "keys"),
    [
        ("updated_at", ["0001-01-01 00:00:00+23:59", "9999-12-31 23:59:59-23:59", "2022-01-01T00:00:00+00:00"]),
        ("-starts_at", ["0001-01-01 00:00:00+00", "9999-12-31 23:59:59.999999+00"]),
        ("id", ["x", "", "\U0001f600"]),
    ],
)
def test_a_position_at_the_edge_of_time_is_read_or_refused(raw_client: RawClient, sort: str, keys: list[str]) -> None:
    page = json.loads(raw_client.get(f"/v1/events?limit=1&sort={sort}").body)["page"]["next_cursor"]
    mark, _, identifier = json.loads(base64.urlsafe_b64decode(page + "=" * (-len(page) % 4)))
    for key in keys:
        answer = raw_client.get(f"/v1/events?limit=1&sort={sort}&cursor={cursor(mark, key, identifier)}")
        assert answer.status in (200, 400), key


@pytest.mark.parametrize(
    "key", ["NaN", "Infinity", "1e5", "1e400", "-0", "9" * 300, "1_000", "٣", " 1", "0x1", "sNaN", "1e999999999"]
)
def test_a_number_in_a_cursor_is_a_number_or_refused(raw_client: RawClient, key: str) -> None:
    path = "/v1/figures?limit=1&measure=count,refugees,money,killed,mass,rounds&sort=-value"
    page = json.loads(raw_client.get(path).body)["page"]["next_cursor"]
    mark, _, identifier = json.loads(base64.urlsafe_b64decode(page + "=" * (-len(page) % 4)))
    assert raw_client.get(f"{path}&cursor={cursor(mark, key, identifier)}").status in (200, 400)


@pytest.mark.parametrize("key", ["NaN", "Infinity", "-inf", "1e400", "1e39", "-1e39", "1e-300", "0.1"])
def test_a_rank_in_a_cursor_is_a_rank_or_refused(raw_client: RawClient, key: str) -> None:
    path = "/v1/events?limit=1&q=a&sort=relevance"
    page = json.loads(raw_client.get(path).body)["page"]["next_cursor"]
    mark, _, identifier = json.loads(base64.urlsafe_b64decode(page + "=" * (-len(page) % 4)))
    assert raw_client.get(f"{path}&cursor={cursor(mark, key, identifier)}").status in (200, 400)
