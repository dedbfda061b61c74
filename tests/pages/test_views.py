"""The views of lists: a map, a timeline and a chart, all with tables and none in need of a script; and histories."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
import pytest

from api.catalog import VERSIONS, Resource
from api.ingest.load import load
from api.pages.explore.chart import MAX_POINTS, cut_points, draw_chart
from api.pages.explore.page_url import MAX_LINK_LETTERS, read_page_url
from api.pages.explore.place_map import read_places
from api.pages.explore.plot import number_axis, short_number
from api.pages.explore.timeline import draw_timeline
from api.pages.explore.views import VIEWS, views_of
from api.pages.files import ASSETS
from tests.pages.conftest import BROWSER, check_markup
from tests.serving import serving

NEWEST = list(VERSIONS.values())[-1]
LISTS = list(NEWEST.lists.values())
KILLED = "/explore/figures/fig_r876ewqjg0200j7zxgg36ycmxw"
# A map with its files may load this much, compressed.
MAX_FIRST_MAP = 150 * 1024
FILTERS = (
    "",
    "&kind=attack,air_strike",
    "&country=UA",
    "&q=Mariupol",
    "&starts_at_gte=2022-03-05&starts_at_lt=2022-03-07",
)


@pytest.fixture(scope="module")
def charts(charted: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=charted, headers={"accept": BROWSER}) as client:
        yield client


def counts(client: httpx2.Client, query: str, plural: str = "events") -> dict[str, Any]:
    """Return counts over REST."""
    answer: dict[str, Any] = client.get(f"/{NEWEST.name}/{plural}/counts?{query}").raise_for_status().json()
    return answer


def attributes(tag: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}


def points(page: str) -> list[dict[str, str]]:
    """Return the attributes of the rows of places, with the link to the records there."""
    found = []
    for row in re.findall(r"<tr data-lat=.*?</tr>", page, re.S):
        links = re.findall(r'<a href="([^"]*)"', row)
        found.append(attributes(row.partition(">")[0]) | {"link": unescape(links[-1])})
    return found


def bars(page: str) -> list[dict[str, str]]:
    return [attributes(tag) for tag in re.findall(r"<a (href=[^>]*aria-label=[^>]*)><title>", page)]


@pytest.mark.parametrize("resource", LISTS, ids=lambda resource: resource.plural)
def test_a_list_has_each_view_that_it_links_to_and_no_other(browser: httpx2.Client, resource: Resource) -> None:
    page = browser.get(f"/explore/{resource.plural}").text
    own = views_of(NEWEST, resource)
    nav = re.search(r'<nav class="views".*?</nav>', page, re.S)
    linked = re.findall(r'href="([^"]*)"', nav[0]) if nav else []
    assert len(linked) == (len(own) if len(own) > 1 else 0)
    for address in linked:
        assert browser.get(urljoin(f"/explore/{resource.plural}", address)).status_code == 200, address
    for name in VIEWS:
        answer = browser.get(f"/explore/{resource.plural}?view={name}")
        assert answer.status_code == (200 if name in own else 400), name
        if name not in own:
            assert f"Expected one of {', '.join(own)}." in unescape(answer.text)
    assert {"events", "figures"} <= {
        other.plural for other in LISTS if {"map", "timeline"} <= set(views_of(NEWEST, other))
    }


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/explore/events?view=mpa", "Did you mean map?"),
        ("/explore/events?view=chart", "Expected one of table, map, timeline."),
        ("/explore/sources?view=timeline", "Expected one of table."),
        ("/explore/events?view=timeline&bucket=decade", "Expected one of day, week, month, year."),
        ("/explore/events?view=map&bucket=day", "Needs view=timeline beside it"),
        ("/explore/events?view=map&view=map", "view"),
        ("/explore/events?view=map&kind=atack", "Did you mean attack?"),
        ("/explore/figures?view=chart&known_at=soon", "known_at"),
    ],
)
def test_what_a_view_cannot_show_is_a_problem_page(browser: httpx2.Client, path: str, words: str) -> None:
    page = browser.get(path)
    assert page.status_code == 400 and "400 · invalid_request" in page.text
    assert words in unescape(page.text)
    assert browser.get(path, headers={"accept": "application/json"}).json()["code"] == "invalid_request"


@pytest.mark.parametrize("filter", FILTERS)
def test_the_map_has_the_numbers_of_each_place(browser: httpx2.Client, filter: str) -> None:
    page = browser.get(f"/explore/events?view=map{filter}").text
    answer = counts(browser, f"by=place_id&include=place&top=2000{filter}")
    placed = {
        group["key"]["place_id"]: group
        for group in answer["data"]
        if group["key"]["place"] and group["key"]["place"]["latitude"] is not None
    }
    shown = points(page)
    assert len(shown) == len(placed)
    for point in shown:
        query = parse_qs(urlsplit(point["link"]).query)
        group = placed[query["place_id"][0]]
        place = group["key"]["place"]
        assert float(point["data-lat"]) == place["latitude"] and float(point["data-lon"]) == place["longitude"]
        assert int(point["data-n"]) == group["count"]
        # The link stays on the map. The table of the same records is a link away.
        assert query["view"] == ["map"]
        link = point["link"].replace("view=map&", "")
        listed = browser.get(f"/{NEWEST.name}/{link}").json()["data"]
        assert len(listed) == group["count"]
    without = answer["total"] - sum(group["count"] for group in placed.values())
    assert (f"{without:,} event" in unescape(page)) == (without > 0)


def test_points_show_how_exactly_a_place_is_known(browser: httpx2.Client) -> None:
    page = browser.get("/explore/events?view=map").text
    tags = dict(re.findall(r'<tr (data-lat=[^>]*)>\s*<th scope="row"><a [^>]*><bdi>([^<]*)', page))
    by_name = {name: tag for tag, name in tags.items()}
    assert 'data-km="400" data-hollow' in by_name["Ukraine"]
    assert 'data-km="25"' in by_name["Mykolaiv"] and "data-hollow" not in by_name["Mykolaiv"]
    assert 'data-km="0"' in by_name["Mariupol"] and "data-hollow" not in by_name["Mariupol"]


async def test_a_map_says_how_many_places_it_does_not_show(
    new_store: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    number = 2_003
    lines: list[dict[str, Any]] = []
    for index in range(number):
        lines.append({"dataset": "t", "resource": "place", "key": f"p{index}", "name": f"Place {index}"})
        lines[-1] |= {"latitude": index % 80, "longitude": index % 170, "geo_precision": "exact"}
    for index in range(number):
        event = {"dataset": "t", "resource": "event", "key": f"e{index}", "title": f"Event {index}", "kind": "other"}
        event |= {"place": f"p{index}", "status": "occurred", "time_precision": "day"}
        lines.append(event | {"starts_at": "2022-03-06T00:00:00Z", "language": "en"})
    file = tmp_path / "lines.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    url = await new_store()
    await load([str(file)], url)
    with serving(url) as server, httpx2.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        page = client.get("/explore/events?view=map", headers={"accept": BROWSER})
    assert len(points(page.text)) == 2_000
    words = " ".join(page.text.split())
    assert "3 more, with 3 events, are not on the map: it has the 2,000 with most." in words
    assert len(gzip.compress(page.content)) + _size_of_files(page.text) < MAX_FIRST_MAP


def _size_of_files(page: str) -> int:
    """Return the compressed size of the scripts and style sheets of a page."""
    names = set(re.findall(rf'{ASSETS.path}/([\w.]+\.(?:js|css))"', page))
    assert {"map.js", "map.css", "views.css", "site.css"} <= names
    return sum(len(gzip.compress((ASSETS.folder / name).read_bytes(), 9)) for name in names)


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("bucket", ["day", "month", "year"])
def test_the_bars_have_the_numbers_of_their_days(browser: httpx2.Client, filter: str, bucket: str) -> None:
    page = browser.get(f"/explore/events?view=timeline&bucket={bucket}{filter}").text
    answer = counts(browser, f"bucket={bucket}{filter}")
    expected = [group["count"] for group in answer["data"]]
    shown = bars(page)
    assert [int(bar["aria-label"].rpartition(": ")[2].split()[0]) for bar in shown] == expected
    for bar in shown:
        address = urljoin("/explore/events", bar["href"])
        assert browser.get(address).status_code == 200
        # What is known less exactly is in the list, too: it begins with the first day of what it may be.
        listed = browser.get(f"/{NEWEST.name}/events?limit=200&{urlsplit(address).query}").json()["data"]
        assert len(listed) >= int(bar["aria-label"].rpartition(": ")[2].split()[0])
    for name in ("coarser", "undated"):
        number = answer["unplaced"][name]
        assert (f"{number:,} event" in page) or number == 0
    heights = [float(height) for height in re.findall(r'class="bar"[^>]*height="([\d.]+)%"', page)]
    highest = number_axis(0, max(expected, default=1)).highest
    assert heights == pytest.approx([100 * number / highest for number in expected], abs=0.01)


def test_the_timeline_is_by_day_if_that_is_not_too_long(browser: httpx2.Client, charts: httpx2.Client) -> None:
    assert 'aria-current="true">By day' in browser.get("/explore/events?view=timeline").text
    # With the flood of 2024 it is two and a half years long.
    assert 'aria-current="true">By month' in charts.get("/explore/events?view=timeline").text


def test_the_form_and_the_chips_keep_the_view(browser: httpx2.Client) -> None:
    page = browser.get("/explore/events?view=timeline&bucket=week&kind=attack&country=UA").text
    assert '<input type="hidden" name="view" value="timeline">' in page
    assert '<input type="hidden" name="bucket" value="week">' in page
    chips = [unescape(address) for address in re.findall(r'class="chip" href="([^"]*)"', page)]
    assert chips == ["?view=timeline&bucket=week&country=UA", "?view=timeline&bucket=week&kind=attack"]
    calls = re.search(r"<code>curl &#39;([^&]*)(.*?)&#39;", page)
    assert calls and "view=" not in calls[0]


@pytest.mark.parametrize("path", ["events?view=map", "events?view=timeline&bucket=week", "figures?view=chart"])
def test_the_json_of_a_view_is_a_click_away(browser: httpx2.Client, path: str) -> None:
    page = browser.get(f"/explore/{path}&country=UA").text
    link = re.search(r'<link rel="alternate" type="application/json" href="([^"]*)"', page)
    assert link
    answer = browser.get(urljoin("/explore/events", unescape(link[1])), headers={"accept": "application/json"})
    assert answer.status_code == 200 and "total" in answer.json()


def chart_of(page: str, title: str) -> str:
    """Return the HTML of one picture."""
    pictures = page.split('<figure class="view picture')
    return next(picture for picture in pictures if title in picture.partition("</h2>")[0])


def source_of(picture: str, colour: int) -> str:
    """Return the marks of one source."""
    found = re.search(rf'<g class="source c{colour}">(.*?)</g>', picture, re.S)
    assert found
    return found[1]


def test_a_chart_shows_each_figure_as_its_words_bind_it(charts: httpx2.Client) -> None:
    picture = chart_of(charts.get("/explore/figures?view=chart").text, "Residents of the valley")
    legend = re.findall(r'<i class="swatch (c\d)"></i>\s*<a [^>]*><bdi>([^<]*)', picture)
    assert legend == [("c1", "Civil Protection Office"), ("c2", "Valley Relief"), ("c3", "Mayor of Lower Valley")]
    office, relief, mayor = (source_of(picture, colour) for colour in (1, 2, 3))
    # "At least 400" is open above, "at most 2,000" below. "More than 4,000" is disputed by the office.
    assert (office.count("M0 0V-20"), relief.count("M0 0V-20"), mayor.count("M0 0V20")) == (1, 1, 1)
    assert (office.count('class="ring"'), relief.count('class="ring"'), mayor.count('class="ring"')) == (0, 1, 0)
    assert "more than 4,000, disputed" in unescape(relief).lower()
    # Of the five figures of Valley Relief, four have two bounds, and the first one has no number of its own.
    assert len(re.findall(r'<line class="whisker"', relief)) == 4
    assert relief.count('class="value"') == 4


def test_no_line_goes_over_a_break(charts: httpx2.Client) -> None:
    picture = chart_of(charts.get("/explore/figures?view=chart").text, "Residents of the valley")
    # Six figures, of which the fourth corrects the third; five, of which the first one has no number.
    assert source_of(picture, 1).count('class="line"') == 4
    assert source_of(picture, 2).count('class="line"') == 3
    assert "lower than before: a correction" in source_of(picture, 1)


def test_a_chart_has_its_numbers_as_a_table_and_names_sources_and_licences(charts: httpx2.Client) -> None:
    page = charts.get("/explore/figures?view=chart").text
    series = charts.get(
        f"/{NEWEST.name}/figures/series?by=source_id,population,place_id&top=60",
        headers={"accept": "application/json"},
    ).json()
    ids = [point["last"]["id"] for entry in series["data"] for point in entry["points"]]
    table = re.findall(r'<th scope="row"><a href="figures/(fig_\w+)">', page)
    assert sorted(table) == sorted(ids)
    assert "Example data, made up for charts." in page and "Licence CC0-1.0" in page
    assert "No licence is known." in page
    nothing = charts.get("/explore/figures?view=chart&measure=duration&country=UA").text
    assert "Nothing matches these filters." in nothing


def test_a_chart_has_room_for_numbers_below_zero_and_names_for_sources_that_are_gone() -> None:
    def entry(source: str, value: int) -> dict[str, Any]:
        last = {"value": value, "low": value, "high": value, "quantifier": "exact", "as_of": "2022-03-06"}
        point = {"last": last | {"id": f"fig_{value}", "status": "claimed", "disputed": False}, "corrections": 0}
        key = {"measure": "count", "unit": "items", "source_id": source, "population": None, "place_id": None}
        return {"key": key, "basis": "stock", "points": [point]}

    data = [entry("src_gone", -1000), entry("src_unread", -950)]
    answer = {
        "series": {"data": data, "rest_series": 0, "rest_figures": 0, "undated": 0, "total": 2},
        **{
            "sources": {"data": [{"id": "src_gone", "record": None}]},
            "places": {"data": []},
            "briefings": {"data": []},
        },
    }
    (picture,) = draw_chart(read_page_url(NEWEST, NEWEST["figure"], b"", "chart"), answer).pictures
    heights = [float(mark.y.removesuffix("%")) for line in picture.lines for mark in line.marks]
    assert picture.numbers.highest == 0 and all(0 <= height <= 100 for height in heights)
    assert [part.text for line in picture.lines for part in line.source if part.part != "badge"] == [
        "withdrawn",
        "src_unread",
    ]


def test_a_chart_has_a_bounded_number_of_points() -> None:
    entries = [{"points": list(range(4_000))} for _ in range(3)] + [{"points": [1]}]
    assert cut_points(entries) == 3 * (4_000 - MAX_POINTS // 4)
    assert entries[0]["points"][-1] == 3_999 and entries[3]["points"] == [1]
    assert sum(len(entry["points"]) for entry in entries) <= MAX_POINTS


@pytest.mark.parametrize(("bucket", "first"), [("day", "2020-11-13"), ("week", "2012-12-31"), ("month", "1982-04-01")])
def test_a_timeline_ends_with_its_newest_bar_and_counts_the_earlier_ones(bucket: str, first: str) -> None:
    newest = {"day": "2022-03-07", "week": "2022-03-07", "month": "2022-03-01"}[bucket]
    earlier = str(date.fromisoformat(first) - timedelta(days=1))
    numbers = {"1000-01-01": 1, earlier: 2, first: 3, newest: 4}
    counts = {
        **{"data": [{"bucket": day, "count": number} for day, number in numbers.items()]},
        **{"undated": 0, "coarser": 0, "hidden": 0, "total": 10, "quality": "exact"},
    }
    url = read_page_url(NEWEST, NEWEST["event"], b"", "timeline", bucket)
    timeline = draw_timeline(url, {bucket: counts})
    assert [bar.count for bar in timeline.bars] == ["3 events", "4 events"]
    assert timeline.earlier == "3 events"


def sampled(hidden: int, **numbers: int) -> dict[str, Any]:
    """Return counts of a large list, from a sample. The names of the numbers are days, as `d20220306`."""
    data = [{"bucket": f"{day[1:5]}-{day[5:7]}-{day[7:]}", "count": number} for day, number in numbers.items()]
    whole = {"undated": 0, "coarser": 0, "total": hidden + sum(numbers.values()), "quality": "sampled"}
    return {"data": data, "hidden": hidden, **whole}


def test_days_with_too_few_records_to_estimate_are_shown_by_month() -> None:
    url = read_page_url(NEWEST, NEWEST["event"], b"", "timeline", "")
    month = sampled(0, d20220301=500_000, d20220401=500_000)
    for day in (sampled(1_000_000), sampled(900_000, d20220306=100_000)):
        timeline = draw_timeline(url, {"day": day, "month": month})
        assert (timeline.bucket, [bar.when for bar in timeline.bars]) == ("month", ["March 2022", "April 2022"])
        assert timeline.hidden == 0
    timeline = draw_timeline(url, {"day": sampled(7, d20220306=9), "month": sampled(7, d20220301=9)})
    assert (timeline.bucket, timeline.hidden) == ("day", 7)


@pytest.mark.parametrize(
    ("query", "bounds"),
    [
        # An hour after midnight in UTC, and five hours before it.
        (
            b"starts_at_gte=2022-03-05T20:00:00-05:00&starts_at_lt=2022-03-07T00:00:00%2B05:00",
            ("2022-03-05T20:00:00-05:00", "2022-03-07T00:00:00+05:00"),
        ),
        (b"starts_at_gte=2022-03-01T23:00:00-05:00", ("2022-03-06", "2022-03-07")),
        (b"", ("2022-03-06", "2022-03-07")),
    ],
)
def test_a_bar_leads_to_the_records_that_it_counts(query: bytes, bounds: tuple[str, str]) -> None:
    url = read_page_url(NEWEST, NEWEST["event"], query, "timeline", "day")
    counts = sampled(0, d20220306=9)
    (bar,) = draw_timeline(url, {"day": counts}).bars
    texts = {name: text for name, (text,) in parse_qs(bar.query.removeprefix("?")).items()}
    assert texts == {"starts_at_gte": bounds[0], "starts_at_lt": bounds[1]}
    (bar,) = draw_timeline(url, {"day": counts | {"coarser": 3}}).bars
    assert parse_qs(bar.query.removeprefix("?"))["time_precision"] == ["minute,hour,day"]


def test_a_long_query_makes_no_huge_page() -> None:
    """Each place and each bar repeats the query in a link. A URL has up to 8,192 letters."""
    place = {"name": "Here", "country": None, "latitude": 1, "longitude": 2, "geo_precision": "exact"}
    places = [{"key": {"id": f"pl_{number}", "place": place}, "count": 3} for number in range(2000)]
    days = [{"bucket": str(date(2020, 1, 1) + timedelta(days=day)), "count": 1} for day in range(400)]
    whole = {"undated": 0, "coarser": 0, "hidden": 0, "total": 6000, "quality": "exact"}
    long_filter = ",".join(f"brf_{number:026}" for number in range(200))
    for query, most in ((b"", 2000), (f"briefing_id={long_filter}".encode(), 250)):
        map_url = read_page_url(NEWEST, NEWEST["event"], query, "map")
        shown = read_places(map_url, {"data": places, "more_places": 1, "more_records": 7, **whole})
        assert len(shown.places) <= most
        # A link adds its own place or day.
        assert sum(len(place.query) for place in shown.places) <= 1.1 * MAX_LINK_LETTERS
        assert len(shown.places) + shown.more_places == 2001
        assert sum(place.number for place in shown.places) + shown.more_records == 6007
        timeline_url = read_page_url(NEWEST, NEWEST["event"], query, "timeline", "day")
        timeline = draw_timeline(timeline_url, {"day": {"data": days, **whole}})
        assert sum(len(bar.query) for bar in timeline.bars) <= 1.1 * MAX_LINK_LETTERS
        assert timeline.bars[-1].when == "3 February 2021"
        assert len(timeline.bars) + int((timeline.earlier or "0").partition(" ")[0]) == 400


@pytest.mark.parametrize(
    ("plural", "query", "name", "expected"),
    [
        ("figure", "measure=killed&value_gte=10&sort=-value&limit=5", "measure", "?limit=5"),
        ("event", "figures.measure=killed&figures.value_gte=10&kind=attack", "figures.measure", "?kind=attack"),
        ("event", "q=a&q_language=en&sort=relevance&kind=attack", "q", "?kind=attack"),
    ],
)
def test_a_filter_goes_with_what_needs_it(plural: str, query: str, name: str, expected: str) -> None:
    url = read_page_url(NEWEST, NEWEST[plural], query.encode())
    assert url.without(name) == expected


def test_a_view_can_be_embedded_as_a_table(charts: httpx2.Client) -> None:
    page = charts.get("/explore/figures?view=timeline&bucket=day&measure=killed").text
    (code,) = re.findall(r'aria-label="Embed[^"]*" data-copy><code>(.*?)</code>', page, re.S)
    (address,) = re.findall(r'src="([^"]*)"', unescape(code))
    assert charts.get(address).status_code == 200 and "measure=killed" in address


def test_a_view_shows_what_was_known_then(charts: httpx2.Client) -> None:
    now = charts.get("/explore/figures?view=chart&measure=killed&country=UA").text
    then = charts.get("/explore/figures?view=chart&measure=killed&country=UA&known_at=2022-03-07").text
    assert "At least 406" in now and "At least 364" not in now
    assert "At least 364" in then and "At least 406" not in then


def test_a_record_leads_through_its_editions(charts: httpx2.Client) -> None:
    page = charts.get(KILLED).text
    slider = re.search(r'<input type="range"[^>]*>', page)
    assert slider and {'min="0"', 'max="1"', 'value="1"'} <= set(slider[0].split())
    links = re.findall(r'<li><a href="(fig_[^"]*)"', page)
    titles = [re.search(r"<h1[^>]*>([^<]*)", charts.get(urljoin(KILLED, link)).text) for link in links]
    assert [title and title[1] for title in titles] == [
        "At least 364 civilians killed",
        "At least 406 civilians killed",
    ]
    words = re.findall(r"<strong dir=\"auto\">([^<]*)</strong>\. (\w+)", page)
    assert words == [("At least 364 civilians killed", "First"), ("At least 406 civilians killed", "Changed")]
    assert "7 March 2022, 06:00 UTC" in page and "8 March 2022, 06:00 UTC" in page
    then = charts.get(urljoin(KILLED, links[0])).text
    assert 'value="0"' in then and "as it was known from 7 March 2022" in then
    # The page of another edition opens at the history, where the reader was.
    assert all(link.endswith("#history") for link in links) and '<h2 id="history">' in then
    path = re.escape(links[0].removesuffix("#history"))
    assert re.search(rf"{path}-\w+</bdi></code>", unescape(then))


def test_a_record_with_one_edition_has_no_slider_and_one_without_a_place_no_map(charts: httpx2.Client) -> None:
    events = charts.get(f"/{NEWEST.name}/events?limit=200", headers={"accept": "application/json"}).json()["data"]
    with_place = next(event for event in events if event["place_id"])
    without_place = next(event for event in events if not event["place_id"])
    for event, has_map in ((with_place, True), (without_place, False)):
        page = charts.get(f"/explore/events/{event['id']}")
        assert page.status_code == 200
        assert 'type="range"' not in page.text
        assert ('class="map small"' in page.text) == has_map


def test_the_home_page_has_the_places_of_the_newest_events(browser: httpx2.Client) -> None:
    answer = counts(browser, "by=place_id&include=place&top=2000")
    expected = {
        group["key"]["place_id"]: group["count"]
        for group in answer["data"]
        if group["key"]["place"] and group["key"]["place"]["latitude"] is not None
    }
    shown = points(browser.get("/").text)
    assert {parse_qs(urlsplit(p["link"]).query)["place_id"][0]: int(p["data-n"]) for p in shown} == expected


@pytest.mark.parametrize("path", ["events?view=map", "events?view=timeline", "figures?view=chart", "figures?view=map"])
def test_markup_in_a_view_stays_text(hostile: str, path: str) -> None:
    page = httpx2.get(f"{hostile}/explore/{path}", headers={"accept": BROWSER})
    assert page.status_code == 200
    check_markup(page.text)


@pytest.mark.parametrize(
    ("least", "highest", "texts"),
    [
        (0, 13, ["15", "10", "5", "0"]),
        (0, 1, ["1", "0"]),
        (0, 0, ["1", "0"]),
        (0, 1_500_000, ["1.5M", "1M", "500k", "0"]),
        (-30, 40, ["40", "20", "0", "-20", "-40"]),
    ],
)
def test_an_axis_has_round_numbers_around_all_of_its_own(least: float, highest: float, texts: list[str]) -> None:
    axis = number_axis(least, highest)
    assert [tick.text for tick in reversed(axis.ticks)] == texts
    assert axis.least <= least and axis.highest >= highest


def test_numbers_of_an_axis_are_short() -> None:
    assert [short_number(number) for number in (800, 4_500, 20_000, 2_500_000, 3 * 10**9)] == [
        *("800", "4,500", "20k", "2.5M", "3bn")
    ]
