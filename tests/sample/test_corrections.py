"""The second edition of the sample: what it corrects, and that its facts are those of its sources."""

from __future__ import annotations

import json
from typing import Any

from api.ingest.sample import CORRECTED, DATASET
from tests.real_data import read_rows
from tests.sample.test_sample import FIGURES, RECORDS

RECORDS_OF_EDITION = [json.loads(line) for line in CORRECTED.file.read_text("utf-8").splitlines()]
CORRECTIONS: dict[str, dict[str, Any]] = {record["key"]: record for record in RECORDS_OF_EDITION}
# What two counts were on 6 March and a day later: civilian casualty updates of OHCHR, and numbers of UNHCR.
RESTATED = {"civilians-killed": (364, 406), "refugees": (1_500_000, 1_700_000)}
ADDED, WITHDRAWN = "russian-personnel-losses", "third-round"


def test_two_figures_are_corrected_one_is_withdrawn_and_one_is_added() -> None:
    assert len(RECORDS_OF_EDITION) == len(CORRECTIONS) == 4
    assert {(record["resource"], record["dataset"]) for record in RECORDS_OF_EDITION} == {("figure", DATASET)}
    assert CORRECTIONS.keys() - FIGURES.keys() == {ADDED}
    assert [key for key, record in CORRECTIONS.items() if "withdrawn" in record] == [WITHDRAWN]
    assert CORRECTIONS[WITHDRAWN]["withdrawn"]["reason"]
    values = {key: (FIGURES[key]["value"], CORRECTIONS[key]["value"]) for key in RESTATED}
    assert values == RESTATED


def test_a_corrected_figure_is_about_the_same_as_before() -> None:
    correctable = {"value", "quantifier", "value_text", "caveat", "citations", "as_of"}
    for key in RESTATED:
        before = {name: value for name, value in FIGURES[key].items() if name not in correctable}
        after = {name: value for name, value in CORRECTIONS[key].items() if name not in correctable}
        assert after == before | {"resource": "figure", "dataset": DATASET, "briefing": DATASET}
        assert CORRECTIONS[key]["series"] == FIGURES[key]["series"]
    # The count of the dead is restated for the same day, and that of refugees is of the next day.
    assert [CORRECTIONS[key]["as_of"] for key in RESTATED] == ["2022-03-06", "2022-03-07"]


def test_each_is_attributed_to_the_source_that_counts() -> None:
    sources = {key: [citation["source"] for citation in CORRECTIONS[key]["citations"]] for key in (*RESTATED, ADDED)}
    assert sources == {"civilians-killed": ["ohchr"], "refugees": ["unhcr"], ADDED: ["ukraine-military"]}
    assert set().union(*sources.values()) <= RECORDS["source"].keys()
    # The article of 6 March does not have these numbers, so it is not where they were read.
    assert not [record for record in RECORDS_OF_EDITION if "rferl-article" in json.dumps(record)]


def test_a_partys_claim_about_the_other_is_a_claim_and_says_what_the_data_set_says() -> None:
    added = CORRECTIONS[ADDED]
    assert (added["status"], added["quantifier"]) == ("claimed", "more_than")
    rows = {row["date"]: row for row in read_rows("ukraine-losses/russia_losses_personnel.json")}
    row = rows[added["as_of"]]
    assert (row["personnel"], row["personnel*"]) == (added["value"], "more")
