"""Series agree with the figures that they show: this module makes them anew of the JSON lists of figures and citations.

No number in an answer is one that no figure has, apart from sums of flows.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from api.catalog import V2, series_dimensions
from api.model import Vocabulary
from api.query import price
from api.query.series import NotAdditive
from api.rest.group_request import series_query
from tests.agreement import dataset, rows
from tests.agreement.conftest import Apis, Make, write_store
from tests.agreement.generator import Term, _plain
from tests.agreement.reference import camel
from tests.agreement.test_both_apis import Chooser
from tests.agreement.test_counts import BUCKETS, ListCounter, first_day, shown_value

Record = dict[str, Any]
FIGURE = V2["figure"]
KNOWN = series_dimensions(V2, FIGURE)
COMPARED_FIELDS = ("source_id", "measure", "unit", "population", "place_id", "series")


@pytest.fixture(scope="module")
async def store(new_store: Make) -> str:
    """A store with flows that add up and flows that do not, and with cumulative figures that are corrected."""
    generated = dataset.make(9)
    random = generated.random
    for number, row in enumerate(generated.tables["figure"]):
        row["as_of"] = None if number % 11 == 0 else f"2022-0{1 + number % 3}-{1 + number % 28:02}"
        if row["quantifier"] == "exact" and number % 3 == 0:
            row["quantifier"] = random.choice(["at_most", "approximately", "less_than", "more_than"])
        if number % 2:
            begin = date(2022, 1, 1) + timedelta(days=random.choice([number, 0]))
            row |= {"basis": "flow", "period_start": begin.isoformat(), "period_end": begin.isoformat()}
            row |= {"series": random.choice(["daily", "daily", "other", None]), "measure": "killed", "unit": "persons"}
            if number % 17 == 0:
                row["period_end"] = None
        elif number % 4 == 0:
            row |= {"basis": "cumulative", "series": "total", "measure": "injured", "unit": "persons"}
            row |= {"population": None, "place_id": None}
    return await write_store(new_store, generated)


def interval(figure: Record) -> tuple[Any, Any]:
    """Return the bounds of a figure; None where it is open."""
    amount = figure["amount"]
    low, high, value, quantifier = amount["low"], amount["high"], amount["value"], amount["quantifier"]
    if low is None and quantifier in ("exact", "at_least", "more_than"):
        low = value
    if high is None and quantifier in ("exact", "at_most", "less_than"):
        high = value
    return low, high


def bounds(figures: list[Record]) -> tuple[Any, Any]:
    intervals = [interval(figure) for figure in figures]
    lows, highs = [low for low, _ in intervals], [high for _, high in intervals]
    return None if None in lows else min(lows), None if None in highs else max(highs)


def latest(figure: Record) -> tuple[str, datetime, str]:
    return figure["as_of"], datetime.fromisoformat(figure["created_at"]), figure["id"]


def why_not(figures: list[Record], sources: set[str]) -> str | None:
    """Return the reason why figures do not add up."""
    if any(figure["basis"] != "flow" for figure in figures):
        return "not_flow"
    if len(sources) != 1:
        return "several_sources"
    if len({figure["series"] for figure in figures}) > 1 or figures[0]["series"] is None:
        return "several_series"
    if any(figure["period_start"] is None or figure["period_end"] is None for figure in figures):
        return "period_unknown"
    periods = sorted((figure["period_start"], figure["period_end"]) for figure in figures)
    if any(end >= begin for (_, end), (begin, _) in pairwise(periods)):
        return "periods_overlap"
    return None


async def expected(counter: ListCounter, by: list[str], bucket: str, top: int, filters: dict[str, str]) -> Record:
    """Return the series as the service should answer them."""
    figures = await counter.read_list("figures", filters)
    places = {place["id"]: place for place in await counter.read_list("places")}
    sources_of_figure: dict[str, set[str]] = defaultdict(set)
    for citation in await counter.read_list("citations"):
        if citation["stance"] in ("asserts", "confirms") and citation["source_id"]:
            sources_of_figure[citation["record_id"]].add(citation["source_id"])
    statements: list[tuple[Record, str | None]] = []
    for figure in figures:
        if figure["as_of"] is not None:
            statements += [(figure, source) for source in sources_of_figure[figure["id"]] or (None,)]

    def value(figure: Record, source: str | None, name: str) -> Any:
        if name == "source_id":
            return source
        if name == "country":
            return places.get(figure["effective_place_id"], {}).get("country")
        return shown_value(FIGURE, figure, name)

    corrected: set[tuple[str, str | None]] = set()
    figures_by_key: dict[Any, list[Record]] = defaultdict(list)
    for figure, source in statements:
        if source is not None:
            figures_by_key[tuple(value(figure, source, name) for name in COMPARED_FIELDS)].append(figure)
    for key, figures_of_key in figures_by_key.items():
        previous: Any = None
        for figure in sorted(figures_of_key, key=latest):
            number = figure["amount"]["value"]
            number = interval(figure)[0] if number is None else number
            if figure["basis"] == "cumulative" and None not in (number, previous) and number < previous:
                corrected.add((figure["id"], key[0]))
            previous = number
    keys = ["measure", "unit", *by]
    series: dict[tuple[Any, ...], dict[str, Record]] = defaultdict(dict)
    sources: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    fixes: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    envelope_figures: dict[tuple[Any, ...], dict[tuple[str, str], list[Record]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for figure, source in statements:
        key = tuple(value(figure, source, name) for name in keys)
        series[key][figure["id"]] = figure
        if source is not None:
            sources[key].add(source)
            shared = tuple(part for part, name in zip(key, keys, strict=True) if name != "source_id")
            envelope_figures[shared][first_day(date.fromisoformat(figure["as_of"]), bucket), source].append(figure)
        if (figure["id"], source) in corrected:
            fixes[key].add(figure["id"])
    order = sorted(series, key=lambda key: (-len(series[key]), [(part is None, part or "") for part in key]))
    data: list[Record] = []
    envelopes: list[Record] = []
    for key in order[:top]:
        members = list(series[key].values())
        reason = why_not(members, sources[key])
        low, high = (sum_of(members, side) for side in (0, 1))
        points = []
        buckets = {first_day(date.fromisoformat(figure["as_of"]), bucket) for figure in members}
        for day in sorted(buckets):
            in_bucket = [figure for figure in members if first_day(date.fromisoformat(figure["as_of"]), bucket) == day]
            point_low, point_high = bounds(in_bucket)
            corrections = sum(figure["id"] in fixes[key] for figure in in_bucket)
            last = shortened(max(in_bucket, key=latest))
            point = {"bucket": day, "last": last, "n": len(in_bucket), "low": point_low, "high": point_high}
            points.append(point | {"corrections": corrections})
        bases = {figure["basis"] for figure in members}
        item: Record = {"key": dict(zip(keys, key, strict=True)), "n": len(members)}
        item |= {"basis": bases.pop() if len(bases) == 1 else None, "not_additive": reason}
        data.append(item | {"sum": {"low": low, "high": high} if reason is None else None, "points": points})
        shared = tuple(part for part, name in zip(key, keys, strict=True) if name != "source_id")
        described = {name: part for name, part in item["key"].items() if name != "source_id"}
        if described not in [envelope["key"] for envelope in envelopes]:
            envelopes.append({"key": described, "points": envelope_points(envelope_figures[shared])})
    # An envelope stands where the first of all its series does, and that one is shown whenever another of them is.
    hidden = order[top:]
    return {
        "data": data,
        "envelope": envelopes,
        "rest": {"series": len(hidden), "figures": sum(len(series[key]) for key in hidden)},
        "total": len(figures),
        "undated": sum(figure["as_of"] is None for figure in figures),
    }


def sum_of(figures: list[Record], side: int) -> Any:
    numbers = [interval(figure)[side] for figure in figures]
    return None if None in numbers else sum(numbers)


def shortened(figure: Record) -> Record:
    low, high = interval(figure)
    amount = figure["amount"]
    return {
        "id": figure["id"],
        "value": amount["value"],
        "low": low,
        "high": high,
        "quantifier": amount["quantifier"],
        "as_of": figure["as_of"],
        "status": figure["status"],
        "disputed": figure["dispute"]["status"] != "undisputed",
    }


def envelope_points(figures_of_sources: dict[tuple[str, str], list[Record]]) -> list[Record]:
    points = []
    for day in sorted({day for day, _ in figures_of_sources}):
        lasts = [max(figures, key=latest) for (bucket, _), figures in figures_of_sources.items() if bucket == day]
        low, high = bounds(lasts)
        lows = [low for low, _ in map(interval, lasts) if low is not None]
        highs = [high for _, high in map(interval, lasts) if high is not None]
        point = {"bucket": day, "low": low, "high": high, "sources": len(lasts)}
        point["agree"] = not lows or not highs or max(lows) <= min(highs)
        points.append(point | {"spread": None if low is None or high is None else high - low})
    return points


def rounded(answer: Any) -> Any:
    """Return an answer with its numbers as decimals of six digits: JSON has doubles, and Postgres has not."""
    if isinstance(answer, float):
        return Decimal(f"{answer:.4f}")
    if isinstance(answer, dict):
        return {key: rounded(value) for key, value in answer.items()}
    if isinstance(answer, list):
        return [rounded(item) for item in answer]
    return answer


def choose(random: Random, known: rows.Rows) -> tuple[dict[str, str], dict[str, Any], list[str], str, int]:
    """Return filters for both APIs, the fields of a series, a bucket and the most series."""
    for _ in range(1000):
        filtered = Chooser(V2, known, random).choose()
        # A number such as 1E+6 is no number in a URL.
        if filtered.resource == "figure" and not any("E+" in text for text in filtered.parameters.values()):
            break
    else:
        raise AssertionError("No request of figures was chosen.")
    filtered.parameters.pop("sort", None)
    by = random.sample(list(KNOWN), random.choice([0, 1, 2, 3, 6]))
    if random.random() < 0.5:
        filtered.parameters.clear()
        filtered.filter.clear()
        by = list(dict.fromkeys([*by[:4], "source_id", "series"]))
    return filtered.parameters, filtered.filter, by, random.choice(BUCKETS), random.choice([1, 3, 20, 200])


def url(filters: dict[str, str], by: list[str], bucket: str, top: int) -> dict[str, str]:
    return filters | ({"by": ",".join(by)} if by else {}) | {"bucket": bucket, "top": str(top)}


@pytest.mark.parametrize("seed", range(3))
async def test_series_are_made_of_the_figures_of_the_list(service: Apis, known: rows.Rows, seed: int) -> None:
    counter = ListCounter(service)
    for number in range(12):
        filters, _, by, bucket, top = choose(Random(f"series {seed}/{number}"), known)
        status, answer = await service.rest("/figures/series", url(filters, by, bucket, top))
        assert status == 200, answer
        expected_series = await expected(counter, by, bucket, top, filters)
        assert rounded(answer) == rounded(expected_series), (filters, by, bucket, top)


async def test_the_store_has_a_series_for_each_reason_and_some_that_add_up(service: Apis) -> None:
    reasons: set[str | None] = set()
    corrections = 0
    for by in ("", "source_id", "source_id,series", "series", "source_id,series,population"):
        parameters = {"by": by, "top": "200"} if by else {"top": "200"}
        _, answer = await service.rest("/figures/series", parameters)
        reasons |= {series["not_additive"] for series in answer["data"]}
        corrections += sum(point["corrections"] for series in answer["data"] for point in series["points"])
    assert reasons == {None, *NotAdditive.terms()}
    assert corrections > 0


async def test_no_number_is_one_that_no_figure_has(service: Apis) -> None:
    numbers: set[Any] = {None}
    for figure in await ListCounter(service).read_list("figures"):
        numbers |= {figure["amount"][name] for name in ("value", "low", "high")}
    for by in ("", "source_id", "population,place_id"):
        for bucket in BUCKETS:
            parameters = {"bucket": bucket, "top": "200"} | ({"by": by} if by else {})
            _, answer = await service.rest("/figures/series", parameters)
            for group in (*answer["data"], *answer["envelope"]):
                for point in group["points"]:
                    assert {point["low"], point["high"]} <= numbers
                    last = point.get("last", {})
                    assert {last.get("value"), last.get("low"), last.get("high")} <= numbers


SELECTION = """data { key { %s } n basis notAdditive sum { low high } points {
    bucket n low high corrections last { id value low high quantifier asOf status disputed } } }
  envelope { key { %s } points { bucket low high sources agree spread } }
  rest { series figures } total undated"""


def in_graphql(answer: Any) -> Any:
    """Return an answer of REST as GraphQL writes it: with its names, and with terms in capitals."""
    if isinstance(answer, list):
        return [in_graphql(item) for item in answer]
    if not isinstance(answer, dict):
        return answer
    terms = {"basis", "not_additive", "quantifier", "status", "measure"}
    converted = {}
    for key, value in answer.items():
        is_term = key in terms and isinstance(value, str) and _is_term(key)
        converted[camel(key)] = value.upper() if is_term else in_graphql(value)
    return converted


def _is_term(name: str) -> bool:
    if name == "not_additive":
        return True
    kind = FIGURE.fields[name].type
    return kind.name == "vocabulary" and issubclass(kind.of, Vocabulary)


async def test_both_apis_show_the_same_series_at_the_same_price(service: Apis, known: rows.Rows) -> None:
    for seed in range(20):
        filters, filter, by, bucket, top = choose(Random(f"both {seed}"), known)
        arguments: dict[str, Any] = {"filter": filter} if filter else {}
        arguments |= {"by": [Term(name.upper()) for name in by]} if by else {}
        arguments |= {"bucket": Term(bucket.upper()), "top": top}
        names = ["measure", "unit", *map(camel, by)]
        shared = [name for name in names if name != "sourceId"]
        selection = SELECTION % (" ".join(names), " ".join(shared))
        written = ", ".join(f"{name}: {_plain(value)}" for name, value in arguments.items())
        status, answer = await service.graphql(f"{{ figureSeries({written}) {{ {selection} }} }}")
        assert status == 200, answer
        parameters = url(filters, by, bucket, top)
        _, page = await service.rest("/figures/series", parameters)
        assert answer["data"]["figureSeries"] == in_graphql(page), parameters
        points = price(series_query(V2, FIGURE, urlencode(parameters).encode()))
        assert answer["extensions"]["cost"]["requested"] == points


@pytest.mark.parametrize(
    ("parameters", "arguments", "remedy"),
    [
        ({"by": "measure"}, "", "Leave measure out"),
        ({"by": "sources"}, "", "Did you mean source_id?"),
        ({"by": "citations.stance"}, "", "Series are not grouped by"),
        ({"by": "basis,basis"}, "by: [BASIS, BASIS]", "given twice"),
        ({"by": ",".join(list(KNOWN)[:7])}, "", "at most 6 fields"),
        ({"top": "0"}, "top: 0", "from 1 to 200"),
        ({"top": "201"}, "top: 201", "from 1 to 200"),
        ({"bucket": "hour"}, "", "day, week, month, year"),
        ({"fill": "true"}, "", "There is no such parameter here"),
    ],
)
async def test_a_wrong_request_is_refused_with_the_remedy(
    service: Apis, parameters: dict[str, str], arguments: str, remedy: str
) -> None:
    status, problem = await service.rest("/figures/series", parameters)
    assert status == 400
    [fault] = problem["errors"]
    assert fault["parameter"] in parameters
    assert remedy in fault["detail"]
    if arguments:
        _, answer = await service.graphql(f"{{ figureSeries({arguments}) {{ total }} }}")
        assert fault["detail"] in answer["errors"][0]["message"]


async def test_only_figures_have_series(service: Apis) -> None:
    for resource in V2.lists.values():
        if resource is not FIGURE:
            status, _ = await service.rest(f"/{resource.plural}/series")
            assert status == 404, resource.name
