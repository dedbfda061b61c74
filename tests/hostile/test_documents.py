"""GraphQL documents made to be large are refused in time linear in their text, before they cost anything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile.conftest import cpu_seconds
from tests.hostile.raw_client import RESPONSE, code

if TYPE_CHECKING:
    from tests.hostile.raw_client import RawClient
    from tests.http.conftest import Answer, ServerProcess

MOST = 2147483647
FILTERED = "query($f:EventFilter!){events(first:1,filter:$f){nodes{id}}}"
# Seconds of the service's processor time. Validation takes 35 ms for the worst document found. It took 25 s when
# fragments were walked again at each spread.
SECONDS = 0.5


@pytest.fixture
def at_once(service: ServerProcess) -> Iterator[None]:
    """Check that the requests of the test cost the service little, however busy the machine is."""
    before = cpu_seconds(service)
    yield
    assert cpu_seconds(service) - before < SECONDS


def doubling_fragments(levels: int, of: str = "Query", field: str = "", last: str = "__typename") -> str:
    """Return fragments that spread the next one twice each."""
    fields = (f"{field.replace('#', str(n))} ...f{n + 1} ...f{n + 1}" for n in range(levels))
    return " ".join(f"fragment f{n} on {of} {{{selection}}}" for n, selection in enumerate([*fields, last]))


def cyclic(levels: int) -> str:
    return "{...f0} " + doubling_fragments(levels, last="...f0")


def all_spread_all(count: int) -> str:
    return "{...f0} " + " ".join(
        f"fragment f{n} on Query {{{' '.join(f'...f{other}' for other in range(count) if other != n)}}}"
        for n in range(count)
    )


DOUBLED = {
    "22 times": "{...f0} " + doubling_fragments(22),
    "90 times": "{...f0} " + doubling_fragments(90),
    "22 times with a field each": "{...f0} " + doubling_fragments(22, field="a#: __typename"),
    "60 times with a field each": "{...f0} " + doubling_fragments(60, field="a#: __typename"),
    "22 times in introspection": "{__schema{...f0}} " + doubling_fragments(22, "__Schema", last="description"),
    "90 times in introspection": "{__schema{...f0}} " + doubling_fragments(90, "__Schema", last="description"),
    "90 times below a list": "{events{nodes{...f0}}} " + doubling_fragments(90, "Event", last="id"),
    "90 times with directives": "{...f0} "
    + doubling_fragments(60, last="__typename").replace("...f1 ", "...f1 @skip(if:true) "),
    "through links": "{events{nodes{...f0}}} "
    + doubling_fragments(22, "Event", last="id").replace("{...", "{related{nodes{event{id}}} ..."),
}
WIDE = {
    "1,000 events": "{" + 'event(id:"a"){id} ' * 1000 + "}",
    "10,000 spreads": "{" + "...a" * 10_000 + "} fragment a on Query{__typename}",
    "300 spreads": "{" + "...a " * 300 + "} fragment a on Query{events{nodes{id}}}",
    "90 root fields": "{" + " ".join(f"a{n}:__typename" for n in range(90)) + "}",
    "11 roots": "{" + " ".join(f"a{n}:events(first:1){{nodes{{id}}}}" for n in range(11)) + "}",
    "31 aliases": "{events(first:1){nodes{" + " ".join(f"a{n}:id" for n in range(31)) + "}}}",
    "100 directives": "{__typename" + " @skip(if:false)" * 100 + "}",
    "300 directives on the operation": "query" + " @a" * 300 + "{__typename}",
    "300 directives on a variable": "query($a:Int" + " @a" * 300 + "){__typename}",
    "300 directives on a fragment": "{...a} fragment a on Query" + " @a" * 300 + "{__typename}",
    "5,000 tokens": "{" + "a " * 5000 + "}",
    "nested 450 deep": "{a" * 450 + "}" * 450,
    "13 levels": "{events{nodes" + "{place{events{nodes" * 4 + "{id}" + "}}}" * 4 + "}}",
    "a list 900 deep": "{events(filter:" + "[" * 900,
    "an object 240 deep": "{events(filter:" + "{not:" * 240 + "{}" + "}" * 240 + "){nodes{id}}}",
    "a cycle of doublings": cyclic(90),
    "20 fragments, each spread in each": all_spread_all(20),
    "240 variables": "query(" + "".join(f"$v{n}:Int " for n in range(240)) + "){__typename}",
    "290 unknown fields": "{" + " ".join(f"evemts{'x' * 50}{n}" for n in range(290)) + "}",
    "290 unknown arguments": "{events(" + " ".join(f"evemts{n}:1" for n in range(290)) + "){nodes{id}}}",
    "900 unknown terms": f"{{events(filter:{{kind:{{in:[{'SHELLINGZ ' * 900}]}}}}){{nodes{{id}}}}}}",
    "a name of 60,000 letters": "{" + "a" * 60_000 + "}",
    "introspection in circles": "{__schema{types{" + "fields{type{" * 6 + "name" + "}}" * 6 + "}}}",
    "introspection of possible types": "{__schema{types{possibleTypes{fields{type{possibleTypes{name}}}}}}}",
}  # fmt: skip
NUMBERS = {
    "first": f"{{events(first:{MOST}){{nodes{{id}}}}}}",
    "first, nested": f"{{events{{nodes{{quotes(first:{MOST}){{nodes{{id}}}}}}}}}}",




    "first, three deep": f"{{events{{nodes{{quotes{{nodes{{speaker{{quotes(first:{MOST}){{nodes{{id}}}}}}}}}}}}}}}}}}",
    "last": f"{{events(last:{MOST}){{nodes{{id}}}}}}",
    "2^63": "{events(first:9223372036854775808){nodes{id}}}",
    "5,000 digits": "{events(first:" + "9" * 5000 + "){nodes{id}}}",
    "5,000 digits of a float": "{figures(filter:{measure:{in:[KILLED]},value:{gte:" + "9" * 5000 + "}}){nodes{id}}}",
    "5,000 digits of a time": "{events(filter:{startsAt:{gte:" + "9" * 5000 + "}}){nodes{id}}}",
    "1e400": "{figures(filter:{measure:{in:[KILLED]},value:{gte:1e400}}){nodes{id}}}",
    "1e300": "{figures(filter:{measure:{in:[KILLED]},value:{gte:1e300}}){nodes{id}}}",
    "1e-300": "{figures(filter:{measure:{in:[KILLED]},value:{gte:1e-300}}){nodes{id}}}",
    "zero": "{events(first:0){nodes{id}}}",
    "minus one": "{events(first:-1){nodes{id}}}",
    "null": "{events{nodes{quotes(first:null){nodes{id}}}}}",
    "a float": "{events(first:1.5){nodes{id}}}",
    "10,000 nodes": "{events(first:200){nodes{quotes(first:50){nodes{id}}}}}",
    "a latitude": "{events(filter:{near:{latitude:1e308,longitude:0,kilometres:1}}){nodes{id}}}",
    "51 ids": '{nodes(ids:["a"' + ',"a"' * 50 + "]){id}}",
}  # fmt: skip


def assert_refused(answer: Answer, *codes: str) -> None:
    assert answer.status == 400, answer
    assert code(answer) in (codes or ("invalid_request", "too_expensive")), answer.body[:300]
    assert "data" not in json.loads(answer.body)
    assert len(answer.body) <= 8192


@pytest.mark.parametrize("document", [*DOUBLED.values(), *WIDE.values()], ids=[*DOUBLED, *WIDE])
@pytest.mark.usefixtures("at_once")
def test_a_large_document_is_refused_at_once(raw_client: RawClient, document: str) -> None:
    assert_refused(raw_client.ask(document))


def test_doubling_fragments_take_no_time(raw_client: RawClient) -> None:
    for levels in (22, 90):
        durations = []
        for attempt in range(5):
            start_time = time.monotonic()
            assert_refused(raw_client.ask(f"#{attempt}\n{{...f0}} " + doubling_fragments(levels)), "too_expensive")
            durations.append(time.monotonic() - start_time)
        assert min(durations) < 0.05


@pytest.mark.parametrize("document", NUMBERS.values(), ids=NUMBERS)
def test_a_number_out_of_bounds_is_refused_at_every_depth(raw_client: RawClient, document: str) -> None:
    assert_refused(raw_client.ask(document))


@pytest.mark.parametrize("count", [MOST, -MOST, 2**63, 2**70, 1.5, "1", True, [1], {"a": 1}])
@pytest.mark.parametrize("place", ["events(first:$n){nodes{id}}", "events{nodes{quotes(first:$n){nodes{id}}}}"])
def test_a_number_in_a_variable_too(raw_client: RawClient, count: Any, place: str) -> None:
    assert_refused(raw_client.ask(f"query($n:Int!){{{place}}}", {"n": count}))


FILTERS: list[dict[str, Any]] = [
    {"or": [{}] * 15_000},
    {"and": [{"disputed": True}] * 3000},
    {"or": [{"or": [{"or": [{"or": [{}] * 9}] * 9}] * 9}] * 9},
    {"and": [{"figures": {"some": {}}}, {"quotes": {"some": {}}}] * 60},
    {"not": {"not": {"not": {"not": {"not": {"not": {"disputed": True}}}}}}},
    {"place": {"events": {"some": {"place": {"events": {"some": {"place": {"name": {}}}}}}}}},
    {"kind": {"in": ["SHELLING"] * 201}},
    {"kind": {"in": ["SHELLINGZ"] * 5000}},
    {"tags": {"has": ["a"] * 201}},
    {"tags": {"has": []}},
    {"or": []},
    {"or": [None]},
    {"kind": None},
    {"kind": {}},
    {f"status{number}": 1 for number in range(3000)},
    {"search": {"text": "a" * 501}},
    {"search": {"text": "- " * 200}},
    {"search": {"text": "a\x00"}},
    {"search": {"text": "a", "language": "'"}},
    {"startsAt": {"gte": "0025-01-01"}},
    {"startsAt": {"gte": "infinity"}},
    {"startsAt": {"gte": "9999-12-31T23:59:59-23:59"}},
    {"startsAt": {"gte": "2022-01-01T00:00:00"}},
    {"startsAt": {"gte": 1646524800}},
    {"startsAt": {"gte": "\x00"}},
    {"near": {"latitude": 91, "longitude": 0, "kilometres": 1}},
    {"near": {"latitude": 0, "longitude": 0, "kilometres": 20016.1}},
    {"bbox": {"west": 0, "south": 1, "east": 0, "north": 0}},
    {"bbox": {"west": 1e308, "south": 0, "east": 0, "north": 0}},
    {"identifiers": {"has": [{"scheme": "", "value": ""}]}},
    {"id": {"in": ["evt_'; drop schema v1; --"]}},
    {"id": {"in": [2**63]}},
    {"placeId": {"in": ["evt_" + "0" * 26]}},
]


def test_variables_of_a_thousand_objects_are_refused_before_they_are_read(raw_client: RawClient) -> None:
    most = raw_client.ask(FILTERED, {"f": {"or": [{}] * 997}})
    assert "100 filters" in json.loads(most.body)["errors"][0]["message"]
    more = raw_client.ask(FILTERED, {"f": {"or": [{}] * 998}})
    assert_refused(more, "invalid_request")
    assert "1,000 objects" in json.loads(more.body)["errors"][0]["message"]


@pytest.mark.parametrize("filter", FILTERS, ids=lambda value: json.dumps(value)[:60])
@pytest.mark.usefixtures("at_once")
def test_a_filter_without_bounds_or_sense_is_refused(raw_client: RawClient, filter: dict[str, Any]) -> None:
    assert_refused(raw_client.ask(FILTERED, {"f": filter}))


BODIES = [
    b"", b" ", b"null", b"1", b'"a"', b"[]", b'[{"query":"{__typename}"}]',
    b'[{"query":"{__typename}"}' * 3 + b"]", b"{",
    b'{"query":"\xff"}', b'{"query":"\xed\xa0\x80"}', b'{"query":"{__typename}","variables":{"a":"\\ud800"}}',
    b'{"query":"{__typename}","variables":{"a":NaN}}', b'{"query":"{__typename}","variables":{"a":Infinity}}',
    b'{"query":"{__typename}","variables":{"a":' + b"9" * 5000 + b"}}", b"[" * 60_000,
    b"[" * 30_000 + b"]" * 30_000,
    b'{"query":"{__typename}","variables":{"a":' + b"[" * 30_000 + b"]" * 30_000 + b"}}", b'{"a":' * 10_000 + b"1",
    b'{"query":1}', b'{"query":null}', b'{"query":""}', b'{"query":["{__typename}"]}', b'{"variables":{}}',
    b'{"query":"{__typename}","variables":[]}', b'{"query":"{__typename}","variables":"{}"}',
    b'{"query":"{__typename}","operationName":1}', b'{"query":"{__typename}","extensions":[]}',
    b'{"query":"{__typename \\u0000}"}', b'{"query":"{event(id:\\"\\\\ud800\\"){id}}"}', b'{"query":"\\ud83d"}',
    b'{"query":"{__typename}","operationName":"' + b"'\\\\" * 500 + b'"}', b"query={__typename}",
    b"\x1f\x8b\x08\x00",
    b"\xef\xbb\xbf{}", b"{}\x00", b'{"query":"mutation{a}"}', b'{"query":"subscription{a}"}',
    b'{"query":"type A{a:Int}"}',
    b'{"query":"{...a}"}', b'{"query":"query a{__typename} query a{__typename}"}', b'{"query":"{ __proto__ }"}',
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body[:40]))
@pytest.mark.usefixtures("at_once")
def test_a_body_that_carries_no_document_is_a_400(raw_client: RawClient, body: bytes) -> None:
    answer = raw_client.post(body)
    assert answer.status == 400
    assert_refused(answer, "invalid_request")


def test_a_body_above_64_kib_is_a_413(raw_client: RawClient) -> None:
    answer = raw_client.post(b'{"query":"{__typename}","variables":{"a":"' + b"a" * 70_000 + b'"}}')
    assert (answer.status, code(answer)) == (413, "body_too_large")
    answer = raw_client.ask("{__typename" + " @skip(if:false)" * 10_000 + "}")
    assert (answer.status, code(answer)) == (413, "body_too_large")


@pytest.mark.parametrize(
    "kind", ["application/graphql", "text/plain", "application/x-www-form-urlencoded",
    "application/json; charset=utf-16",
             "multipart/form-data; boundary=a", "application/json, text/plain", ""],
)  # fmt: skip
def test_a_body_of_another_kind_is_a_415(raw_client: RawClient, kind: str) -> None:
    answer = raw_client.post(b'{"query":"{__typename}"}', f"Content-Type: {kind}")
    assert (answer.status, code(answer)) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "query",
    ["", "?query=", "?query=%00", "?query=%ff", "?query={__typename}&query={__typename}", "?query={__typename}&foo=1",
     "?query={__typename}&variables=x", "?query={__typename}&variables=[", "?query={__typename}&variables=NaN",
     "?query={__typename}&variables={%22a%22:%22\\ud800%22}", "?query=subscription{a}", "?variables={}", "?query={",
     "?q=a"],
)  # fmt: skip
def test_a_url_that_carries_no_document_is_a_400(raw_client: RawClient, query: str) -> None:
    assert raw_client.get(f"/v1/graphql{query}", f"Accept: {RESPONSE}").status == 400


def test_aliases_and_names_are_written_as_text(raw_client: RawClient) -> None:
    long = "a" * 30_000
    body = json.loads(raw_client.ask(f"{{__proto__:events(first:1){{{long}:nodes{{constructor:id}}}}}}").body)
    assert list(body["data"]) == ["__proto__"] and list(body["data"]["__proto__"]) == [long]
    assert_refused(raw_client.ask('{events(first:1){"a\'b":nodes{id}}}'))
    assert_refused(raw_client.ask("{events(first:1){a'b:nodes{id}}}"))


@pytest.mark.parametrize(
    "text", ["'", '"', "\\", "$1", "'; drop schema v1 cascade; --", "\ufeff", "\U0010ffff", "\x85"]
)
def test_no_variable_is_taken_for_a_part_of_the_statement(raw_client: RawClient, text: str) -> None:
    filter = {
        "tags": {"has": [text]},
        "identifiers": {"has": [{"scheme": text, "value": text}]},
        "search": {"text": f"word{text}"},
        "place": {"admin1": {"in": [text]}},
    }
    assert json.loads(raw_client.ask(FILTERED, {"f": filter}).body)["data"] == {"events": {"nodes": []}}
    body = json.loads(raw_client.ask("query($i:ID!){node(id:$i){id} event(id:$i){id}}", {"i": text}).body)
    assert body["data"] == {"node": None, "event": None}
