"""The explorer: tables and record pages made by the server. URLs, filters, prices and errors are those of REST."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import asyncpg
import httpx2
import pytest

from api.access.key import new
from api.catalog import VERSIONS, Resource
from api.ingest.load import load
from api.pages.explore.calls import graphql_list
from api.pages.explore.filter_form import counted_fields, filter_form
from api.pages.explore.page_url import clean_query, read_page_url
from api.pages.explore.record_page import INCLUDED, included_links
from api.query import price
from api.rest.parameters import parameters
from api.rest.request import linked_record_query, list_query
from tests.conftest import SAMPLE
from tests.pages.conftest import BROWSER, WITHOUT_TEXTS, check_escaped_attack, check_markup, check_words
from tests.serving import OLDEST, serving
from tests.walking import bounded_walk

NEWEST = list(VERSIONS.values())[-1]
LISTS = list(NEWEST.lists.values())
RECORDS = list(NEWEST.resources.values())
LINKS = re.compile(r'<(?:a|link)\b[^>]*\shref="([^"]*)"')
each_list = pytest.mark.parametrize("resource", LISTS, ids=lambda resource: resource.plural)
each_record = pytest.mark.parametrize("resource", RECORDS, ids=lambda resource: resource.plural)
# Queries with a filter of each kind, alone and through links.
QUERIES = {
    "/events": "",
    "/events?kind=attack,shelling&status=ongoing": "",
    "/events?starts_at_gte=2022-03-01&starts_at_lt=2022-03-07T00:00:00Z&disputed=true": "",
    "/events?bbox=30,46,40,50&sort=starts_at": "",
    "/events?near=047.10,37.5,400&limit=5": "",
    "/events?q=evacuation%20of%20%22Mariupol%22&sort=relevance": "",
    "/events?tag=civilians,talks&place_id_null=false": "",
    "/events?figures.measure=killed&figures.value_gte=100&place.country=UA": "",
    "/figures?measure=killed&value_gte=001.50&unit_code=persons&sort=-value": "",
    "/figures?series=ohchr-ukraine-civilians-killed&include=event,citations.source": "",
    "/briefings?subject=medtop:16000000": "",
    "/sources?identifier=wikidata:Q1065&kind=intergovernmental": "",
    "/citations?stance=denies,blames&include=source": "",
    "/withdrawals?after=0": "",
}


def rows(page: str) -> list[str]:
    """Return the rows of the table of a page."""
    return re.findall(r'<tr role="row">(.*?)</tr>', page.partition("<tbody")[2], re.S)


def records(client: httpx2.Client, path: str) -> list[dict[str, Any]]:
    """Return the records of a list over REST."""
    found: list[dict[str, Any]] = client.get(f"/{NEWEST.name}{path}").raise_for_status().json()["data"]
    return found


@each_list
def test_a_list_shows_its_records_in_their_order(browser: httpx2.Client, resource: Resource) -> None:
    page = browser.get(f"/explore/{resource.plural}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    expected = records(browser, f"/{resource.plural}")
    shown = rows(page.text)
    assert len(shown) == len(expected)
    for row, record in zip(shown, expected, strict=True):
        # Editions have numbers and no ids.
        name = record.get("id") or record.get("record_id") or str(record["number"])
        assert name in row


@each_record
def test_each_record_has_a_page(browser: httpx2.Client, resource: Resource) -> None:
    listed = records(browser, f"/{resource.plural}?limit=200")
    assert listed
    for record in listed:
        page = browser.get(f"/explore/{resource.plural}/{record['id']}")
        assert page.status_code == 200, page.text
        assert record["id"] in page.text
        check_words(page.text, record)


def test_every_link_is_relative_and_leads_somewhere(browser: httpx2.Client) -> None:
    event = records(browser, "/events?kind=evacuation")[0]["id"]
    seen: set[str] = set()
    for path in ("/explore", "/explore/events?kind=evacuation", f"/explore/events/{event}"):
        links = [unescape(link) for link in LINKS.findall(browser.get(path).text)]
        inside = [link for link in links if not link.startswith(("http", "#"))]
        assert len(inside) > 10
        for link in inside:
            assert urljoin(f"/behind/a/prefix{path}", link).startswith("/behind/a/prefix/"), link
            seen.add(urljoin(f"http://x{path}", link))
    for address in sorted(seen):
        parts = urlsplit(address)
        accept = BROWSER if parts.path.startswith(("/explore", "/docs")) or parts.path.endswith("graphql") else "*/*"
        assert browser.get(address.removeprefix("http://x"), headers={"accept": accept}).status_code == 200, address


@pytest.mark.parametrize("path", QUERIES)
def test_the_calls_to_copy_give_what_is_seen(browser: httpx2.Client, path: str) -> None:
    expected = records(browser, path)
    page = browser.get(f"/explore{path}")
    assert page.status_code == 200, page.text
    assert len(rows(page.text)) == len(expected)
    calls = dict(re.findall(r'aria-label="(curl|Python|GraphQL)" data-copy><code>(.*?)</code>', page.text, re.S))
    curl = re.fullmatch(r"curl '([^']*)'", unescape(calls["curl"]))
    assert curl and browser.get(curl[1]).json()["data"] == expected
    answer = browser.post(f"/{NEWEST.name}/graphql", json={"query": unescape(calls["GraphQL"])}).json()
    assert "errors" not in answer, answer["errors"]
    nodes = next(iter(answer["data"].values()))["nodes"]
    assert [node.get("id") or node.get("recordId") for node in nodes] == [
        record.get("id") or record.get("record_id") for record in expected
    ]
    _check_python(unescape(calls["Python"]), path.partition("?")[0][1:])


def _check_python(program: str, plural: str) -> None:
    """Check that a program calls the list with parameters that it has. tests/sdk runs the clients themselves."""
    call = next(
        node
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Call) and ast.unparse(node.func)[-4:] == "list"
    )
    assert ast.unparse(call.func) == f"briefing.{NEWEST.name}.{plural}.list"
    resource = next(resource for resource in LISTS if resource.plural == plural)
    known = {name.replace(".", "__") for name in parameters(NEWEST, resource)} | {"q", "sort", "limit", "include"}
    assert {str(keyword.arg) for keyword in call.keywords} <= known
    for keyword in call.keywords:
        ast.literal_eval(keyword.value)


def test_the_calls_of_a_record_give_the_record(browser: httpx2.Client) -> None:
    record = records(browser, "/figures?measure=killed")[0]
    page = browser.get(f"/explore/figures/{record['id']}").text
    calls = dict(re.findall(r'aria-label="(curl|Python|GraphQL)" data-copy><code>(.*?)</code>', page, re.S))
    address = unescape(calls["curl"]).removeprefix("curl '").removesuffix("'")
    assert browser.get(address).json()["data"] == record
    answer = browser.post(f"/{NEWEST.name}/graphql", json={"query": unescape(calls["GraphQL"])}).json()
    assert answer["data"]["figure"]["id"] == record["id"]


def test_the_files_have_all_records_in_the_same_order(browser: httpx2.Client) -> None:
    page = browser.get("/explore/events?kind=attack,shelling&limit=2&sort=starts_at").text
    link = next(unescape(link) for link in LINKS.findall(page) if ".ndjson" in link)
    lines = browser.get(urljoin("/explore/events", link)).text.splitlines()
    expected = records(browser, "/events?kind=attack,shelling&sort=starts_at")
    assert [json.loads(line)["id"] for line in lines] == [record["id"] for record in expected]


def test_pages_lead_through_all_records_once(browser: httpx2.Client) -> None:
    shown: list[str] = []
    address = "/explore/events?limit=10&sort=starts_at&kind=attack,meeting,other,policy,phone_call"
    for _ in bounded_walk():
        page = browser.get(address).text
        shown += re.findall(r'href="\.\./explore/events/(evt_\w+)"', page)
        link = re.search(r'rel="next" href="([^"]*)"', page)
        if link is None:
            break
        address = urljoin(address, unescape(link[1]))
    expected = records(browser, "/events?limit=200&sort=starts_at&kind=attack,meeting,other,policy,phone_call")
    assert len(expected) > 10
    assert shown == [record["id"] for record in expected]


@pytest.mark.parametrize(
    ("sent", "cleaned"),
    [
        ("q=&kind=attack&kind=shelling&country=&sort=", "kind=attack,shelling"),
        ("kind=attack&kind[]=shelling", "kind=attack,shelling"),
        ("q=&q_language=fr&sort=relevance", ""),
        ("&kind=attack", None),
        ("kind", ""),
        ("kind=attack,shelling&sort=-starts_at", None),
        ("q=x&sort=relevance&country=", "q=x&sort=relevance"),
    ],
)
def test_empty_fields_of_a_form_leave_the_url(browser: httpx2.Client, sent: str, cleaned: str | None) -> None:
    answer = browser.get(f"/explore/events?{sent}")
    if cleaned is None:
        assert clean_query(NEWEST, NEWEST["event"], sent.strip("&").encode()) is None
        return
    assert answer.status_code == 303
    target = urljoin("http://x/explore/events", answer.headers["location"])
    assert target == f"http://x/explore/events{'?' if cleaned else ''}{cleaned}"
    assert browser.get(target.removeprefix("http://x")).status_code == 200


def test_the_controls_of_a_form_have_names_that_readers_know() -> None:
    labels = {
        control.name: control.label for control in filter_form(read_page_url(NEWEST, NEWEST["figure"], b"")).controls
    }
    assert labels["bbox"] == "Area (west, south, east, north)"
    assert (labels["unit_code"], labels["unit"], labels["basis"]) == ("Unit", "Unit as written", "Counted as")
    for resource in LISTS:
        names = [control.label for control in filter_form(read_page_url(NEWEST, resource, b"")).controls]
        assert len(set(names)) == len(names)


def test_the_download_and_the_frame_are_linked_beside_the_number(browser: httpx2.Client) -> None:
    page = browser.get("/explore/figures").text
    jumps = re.search(r'<p class="jumps">(.*?)</p>', page)
    assert jumps
    assert re.findall(r'href="#([^"]*)"', jumps[1]) == ["take", "embed"]
    assert (page.count('id="take"'), page.count('id="embed"')) == (1, 1)
    assert "a page that a web server sends" in page


def test_the_form_shows_the_filters_of_the_url_and_keeps_the_others() -> None:
    query = b"kind=attack&starts_at_gte=2022-03-01&disputed=true&place.country=UA&limit=7&sort=starts_at"
    form = filter_form(read_page_url(NEWEST, NEWEST["event"], query))
    controls = {control.name: control for control in form.controls}
    assert [choice.value for choice in controls["kind"].choices if choice.chosen] == ["attack"]
    assert controls["starts_at_gte"].value == "2022-03-01" and controls["starts_at_gte"].kind == "day"
    assert [choice.value for choice in controls["disputed"].choices if choice.chosen] == ["true"]
    assert dict(form.passed) == {"place.country": "UA", "limit": "7"}
    assert [choice.value for choice in form.orders if choice.chosen] == ["starts_at"]
    assert [active.label for active in form.active] == ["Kind", "Starts from", "Disputed", "Place: country"]
    assert "kind" not in form.active[0].address and "place.country=UA" in form.active[0].address


@each_list
def test_each_control_sets_a_parameter_that_the_list_reads(resource: Resource) -> None:
    form = filter_form(read_page_url(NEWEST, resource, b""))
    known = parameters(NEWEST, resource)
    assert {control.name for control in form.controls} <= set(known)
    for choice in form.orders:
        if choice.value and choice.value != "relevance":
            list_query(NEWEST, resource, f"sort={choice.value}".encode())


@pytest.mark.parametrize("path", QUERIES)
def test_the_graphql_of_a_page_is_one_document(path: str) -> None:
    plural, _, query = path[1:].partition("?")
    resource = next(resource for resource in LISTS if resource.plural == plural)
    document = graphql_list(read_page_url(NEWEST, resource, query.encode()))
    assert document.count("{") == document.count("}")


def test_each_page_of_a_record_costs_less_than_callers_without_a_key_get_in_a_minute() -> None:
    for resource in RECORDS:
        query = linked_record_query(NEWEST, resource, f"{resource.prefix}_{'0' * 26}", included_links(NEWEST, resource))
        assert price(query) < 1000, resource.name
    assert set(INCLUDED) <= {resource.name for resource in RECORDS}


def test_a_figure_is_told_in_words_with_its_uncertainty(browser: httpx2.Client) -> None:
    figure = records(browser, "/figures?measure=killed")[0]["id"]
    page = unescape(browser.get(f"/explore/figures/{figure}").text)
    assert re.search(r"<h1[^>]*>At least 364 civilians killed</h1>", page)
    assert (
        "Says Office of the United Nations High Commissioner for Human Rights; confirmed; not disputed; "
        "as of 6 March 2022." in page
    )


def test_a_dispute_shows_who_denies_and_who_blames_whom(browser: httpx2.Client) -> None:
    event = records(browser, "/events?kind=evacuation&status=failed")[0]["id"]
    page = browser.get(f"/explore/events/{event}").text
    groups = re.findall(r"<h3>(.*?)</h3>\n<ul>(.*?)</ul>", page, re.S)
    assert [title for title, _ in groups] == ["Says so", "Blames"]
    blamed = re.search(
        r"Government of Russia.*?blames.*?Government of Ukraine.*?Relayed by.*?Ministry of Def", groups[1][1], re.S
    )
    assert blamed
    assert page.count('class="citation"') == len(records(browser, f"/citations?event_id={event}"))


def facet_links(page: str) -> dict[str, int]:
    """Return the addresses of the facets of a page, with the numbers that they show."""
    links = re.findall(r'<a class="facet" href="([^"]*)".*?<span class="number">([\d,]+)</span>', page, re.S)
    return {unescape(address): int(number.replace(",", "")) for address, number in links}


@each_list
def test_filters_show_how_many_records_have_each_value(browser: httpx2.Client, resource: Resource) -> None:
    path = f"/explore/{resource.plural}"
    links = facet_links(browser.get(path).raise_for_status().text)
    fields = counted_fields(NEWEST, resource)
    if not fields:
        assert not links
        return
    query = f"/{NEWEST.name}/{resource.plural}?facets={','.join(fields)}&limit=1"
    facets = browser.get(query).raise_for_status().json()["facets"]["fields"]
    assert links == {
        f"?{facet['field']}={item['value']}": item["count"]
        for facet in facets
        for item in facet["data"]
        if item["value"] is not None
    }
    for address, number in links.items():
        counted = browser.get(f"/{NEWEST.name}/{resource.plural}{address}&count=exact&limit=1").raise_for_status()
        assert counted.json()["page"]["total"] == number, address
        assert browser.get(urljoin(f"http://x{path}", address).removeprefix("http://x")).status_code == 200


def test_facets_count_what_the_other_filters_leave_and_keep_them(browser: httpx2.Client) -> None:
    page = browser.get("/explore/events?country=UA&q=corridor&sort=starts_at&limit=2").raise_for_status().text
    links = facet_links(page)
    assert links
    for address, number in links.items():
        assert "q=corridor" in address and "sort=starts_at" in address
        assert address.count("country=") == 1
        query = f"/{NEWEST.name}/events{address}&count=exact"
        assert browser.get(query).raise_for_status().json()["page"]["total"] == number
    # A page that asks for other facets is the list's own request.
    other = facet_links(browser.get("/explore/events?facets=language").raise_for_status().text)
    assert all(address.startswith("?facets=language&language=") for address in other)


def test_a_page_is_charged_and_kept_like_its_list(browser: httpx2.Client) -> None:
    first = browser.get("/explore/events?kind=attack")
    assert int(first.headers["ratelimit-cost"]) > 0
    assert first.headers["edition"] and "x-forwarded-proto" in first.headers["vary"]
    again = browser.get("/explore/events?kind=attack", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


PROBLEMS = [
    ("/explore/events?kin=attack", 400, "invalid_request", "Did you mean kind?"),
    ("/explore/events?kind=atack", 400, "invalid_request", "Did you mean attack?"),
    ("/explore/events?sort=relevance", 400, "invalid_request", "Sorting by relevance needs q."),
    ("/explore/events?cursor=x", 400, "invalid_cursor", "first page"),
    ("/explore/events/evt_00000000000000000000000000?x=1", 400, "invalid_request", "no such parameter"),
    ("/explore/event", 404, "not_found", "Did you mean /explore/events?"),
    ("/explore/events/evt_00000000000000000000000000", 404, "not_found", "No event has this id."),
    ("/explore/events/evt_1/x", 404, "not_found", "There is no list"),
    ("/explore/events?q=%ff", 400, "invalid_request", "Expected UTF-8"),
    ("/explore/%ff", 400, "invalid_request", "Expected UTF-8"),
]


@pytest.mark.parametrize(("path", "status", "code", "words"), PROBLEMS)
def test_a_problem_is_a_page_with_the_same_code(
    browser: httpx2.Client, path: str, status: int, code: str, words: str
) -> None:
    page = browser.get(path)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"{status} · {code}" in page.text and words in unescape(page.text)
    assert page.headers["cache-control"] == "no-store"
    problem = browser.get(path, headers={"accept": "application/json"})
    assert (problem.status_code, problem.headers["content-type"]) == (status, "application/problem+json")
    assert problem.json()["code"] == code


def test_a_method_that_a_page_does_not_have_is_a_problem_page(browser: httpx2.Client) -> None:
    page = browser.post("/explore/events")
    assert page.status_code == 405 and "405 · method_not_allowed" in page.text


def test_without_a_store_a_list_says_so() -> None:
    with serving("postgresql://briefing@127.0.0.1:1/none") as server:
        page = httpx2.get(f"http://127.0.0.1:{server.port}/explore/events", headers={"accept": BROWSER})
    assert page.status_code == 503 and "503 · unavailable" in page.text
    assert page.headers["retry-after"]


@pytest.fixture
async def sample(new_store: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store of the test's own, with the sample."""
    url = await new_store()
    await load([str(SAMPLE)], url)
    return url


async def test_a_closed_service_says_how_to_get_in(sample: str) -> None:
    connection = await asyncpg.connect(sample)
    await connection.execute("update access.plan set open = false where name = 'anonymous'")
    await connection.close()
    contact = "mailto:keys@example.org"
    with serving(sample, limits="true", key_contact=contact) as server:
        base = f"http://127.0.0.1:{server.port}"
        paths = ("/explore/events", "/", "/explore/events/evt_00000000000000000000000000", "/embed/events")
        pages = [httpx2.get(base + path, headers={"accept": BROWSER}) for path in paths]
        feed = httpx2.get(f"{base}/v2/events.atom", headers={"accept": BROWSER})
        guide = httpx2.get(f"{base}/guide?q=keys", headers={"accept": BROWSER})
    for page in pages:
        assert page.status_code == 401 and "401 · unauthenticated" in page.text
        assert "This service is closed" in page.text and page.headers["www-authenticate"]
        assert f'<a href="{contact}" rel="noopener external">Ask for a key</a>' in page.text
    assert (feed.status_code, feed.json()["code"]) == (401, "unauthenticated")
    # The guide says how keys work, and needs none.
    assert guide.status_code == 200


async def test_a_caller_without_points_left_is_told_when_to_come_back(sample: str) -> None:
    connection = await asyncpg.connect(sample)
    await connection.execute("update access.plan set points_minute = 60, burst = 200 where name = 'anonymous'")
    await connection.close()
    with serving(sample, limits="true", answer_memory=0) as server:
        base = f"http://127.0.0.1:{server.port}"
        page = httpx2.get(f"{base}/explore/places", headers={"accept": BROWSER})
        for _ in range(20):
            if page.status_code != 200:
                break
            page = httpx2.get(f"{base}/explore/places", headers={"accept": BROWSER})
    assert page.status_code == 429 and "429 · rate_limited" in page.text
    assert f"Try again in {page.headers['retry-after']} second" in page.text


async def test_a_withdrawn_record_says_why(new_store: Callable[[], Awaitable[str]], tmp_path: Path) -> None:
    url = await new_store()
    place = {"dataset": "t", "resource": "place", "key": "k", "name": "Somewhere"}
    reason = "counted <twice>"
    with serving(url) as server, httpx2.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        await _load(url, tmp_path, place)
        identifier = client.get(f"/{NEWEST.name}/places").json()["data"][0]["id"]
        await _load(url, tmp_path, {"dataset": "t", "resource": "place", "key": "k", "withdrawn": {"reason": reason}})
        await asyncio.sleep(OLDEST)
        page = client.get(f"/explore/places/{identifier}", headers={"accept": BROWSER})
        listed = client.get("/explore/withdrawals", headers={"accept": BROWSER})
    assert page.status_code == 410 and "410 · withdrawn" in page.text
    assert "counted &lt;twice&gt;" in page.text and reason not in page.text
    assert "counted &lt;twice&gt;" in listed.text and identifier in listed.text


async def _load(url: str, folder: Path, *lines: dict[str, Any]) -> None:
    file = folder / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    await load([str(file)], url)


@pytest.fixture(scope="module")
def hostile_browser(hostile: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=hostile, headers={"accept": BROWSER}) as client:
        yield client


@each_list
def test_markup_in_a_list_stays_text(hostile_browser: httpx2.Client, resource: Resource) -> None:
    assert records(hostile_browser, f"/{resource.plural}")
    page = hostile_browser.get(f"/explore/{resource.plural}?limit=200")
    if resource.plural in WITHOUT_TEXTS:
        assert page.status_code == 200
        check_markup(page.text)
    else:
        check_escaped_attack(page)


@each_record
def test_markup_in_a_record_stays_text(hostile_browser: httpx2.Client, resource: Resource) -> None:
    listed = records(hostile_browser, f"/{resource.plural}?limit=5")
    assert listed
    for record in listed:
        check_escaped_attack(hostile_browser.get(f"/explore/{resource.plural}/{record['id']}"))


def test_markup_in_a_url_stays_text(browser: httpx2.Client) -> None:
    attack = '"><script>window.executed=1</script>'
    for path in ("/explore/events?q=", "/explore/events?tag=", "/explore/events?x=", "/explore/figures?population="):
        check_markup(browser.get(path + attack).text)
    check_markup(browser.get(f"/explore/{attack}").text)


def test_a_key_in_a_url_is_not_repeated(browser: httpx2.Client) -> None:
    key = new("live").text
    page = browser.get(f"/explore/events?q=evacuation&tag={key}")
    assert page.status_code == 200 and key not in page.text
    assert key not in browser.get(f"/explore/events?kin={key}").text
    # Empty fields of a form are redirected, but for a URL with a key.
    answer = browser.get(f"/explore/events?kind=&q={key}", follow_redirects=False)
    assert answer.status_code == 400 and "location" not in answer.headers and key not in answer.text


@pytest.mark.parametrize("name", ["%5C%5Cevil.example", "http:evil.example", "javascript:alert(1)"])
def test_a_problem_leads_to_no_other_site(browser: httpx2.Client, name: str) -> None:
    page = browser.get(f"/explore/{name}?x=1").text
    [address] = re.findall(r'<a class="button" href="([^"]*)"', page)
    assert address.startswith("./") and ":" not in address and "\\" not in address


def test_bytes_that_no_url_has_are_no_fault_of_ours(service_url: str) -> None:
    port = urlsplit(service_url).port
    with socket.create_connection(("127.0.0.1", port or 0), timeout=20) as connection:
        head = b"host: localhost\r\naccept: text/html\r\nconnection: close\r\n\r\n"
        connection.sendall(b"GET /explore/events?q=caf\xe9 HTTP/1.1\r\n" + head)
        status = connection.makefile("rb").readline().split()[1]
    assert status in (b"200", b"400")


def test_a_page_may_load_nothing_from_elsewhere_and_nothing_inline(browser: httpx2.Client) -> None:
    for path in ("/explore", "/explore/events", "/explore/nothing"):
        page = browser.get(path)
        policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert "unsafe" not in page.headers["content-security-policy"]
        check_markup(page.text)
