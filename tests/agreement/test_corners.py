"""Documents that are easily answered wrongly, compared with the answers of graphql-core. Totals that stop counting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.catalog import VERSIONS
from tests.agreement.conftest import Apis
from tests.agreement.generator import Operation
from tests.agreement.reference import Reference
from tests.agreement.rows import Rows
from tests.agreement.test_graphql import Tally, compare

SECTIONS = Path(__file__).with_name("corners.graphql").read_text().removeprefix("# ").split("\n\n# ")
CORNERS = dict(section.split("\n", 1) for section in SECTIONS)


# A corner whose name begins with a version is for that version. Every other one is for all versions.
EACH = [
    (version, corner)
    for version in VERSIONS.values()
    for corner in CORNERS
    if corner.startswith(version.name) or corner.partition(":")[0] not in VERSIONS
]


@pytest.mark.parametrize(
    ("version", "corner"), EACH, indirect=["version"], ids=[f"{version.name}-{corner}" for version, corner in EACH]
)
async def test_a_corner_is_answered_as_graphql_core_answers_it(
    apis: Apis, reference: Reference, stored_rows: Rows, corner: str
) -> None:
    text = CORNERS[corner]
    if "%s" in text:
        ids = [identifier for rows in stored_rows.records.values() for identifier in list(rows)[:3]]
        ids += [identifier for rows in stored_rows.withdrawn.values() for identifier in list(rows)[:1]]
        text = text % ", ".join(f'"{identifier}"' for identifier in ids)
    tally = Tally()
    await compare(apis, reference, Operation(text, {}, None), tally)
    assert tally.answers == 1


@pytest.mark.parametrize(
    ("variables", "status"),
    [({}, 200), ({"first": 2}, 200), ({"first": None}, 400), ({"first": "2"}, 400), ({"first": 2, "more": 1}, 200)],
)
async def test_a_default_stands_where_a_variable_is_absent(apis: Apis, variables: Any, status: int) -> None:
    text = "query ($first: Int) { events(first: 1) { nodes { citations(first: $first) { nodes { stance } } } } }"
    answer_status, answer = await apis.graphql(text, variables)
    assert answer_status == status
    if status == 400:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["invalid_request"]
    else:
        event = answer["data"]["events"]["nodes"][0]
        assert len(event["citations"]["nodes"]) <= variables.get("first", 20)


async def test_counting_stops_at_a_bound_and_says_so(apis: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.compiler.page.MAX_EXACT", 10)
    _, page = await apis.rest("/figures", {"limit": "1", "count": "exact"})
    assert (page["page"]["total"], page["page"]["total_quality"]) == (10, "at_least")
    _, answer = await apis.graphql("{ figures(first: 1) { totalQuality totalCount } }")
    assert answer["data"]["figures"] == {"totalQuality": "AT_LEAST", "totalCount": 10}


async def test_an_estimate_counts_what_is_few_and_samples_what_is_many(
    apis: Apis, stored_rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    quotes = stored_rows.records["Quote"]
    _, page = await apis.rest("/quotes", {"limit": "1", "count": "estimated"})
    assert (page["page"]["total"], page["page"]["total_quality"]) == (len(quotes), "exact")
    monkeypatch.setattr("api.compiler.page.ESTIMATE_FROM", 10)
    _, page = await apis.rest("/quotes", {"limit": "2", "count": "estimated"})
    sample = sum(identifier.startswith("quo_0") for identifier in quotes)
    assert (page["page"]["total"], page["page"]["total_quality"]) == (max(11, 32 * sample), "estimated")
