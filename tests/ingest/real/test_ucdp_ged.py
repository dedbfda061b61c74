"""The UCDP Georeferenced Event Dataset, compared row by row with what is stored of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.ingest.real.conftest import Load, assert_unchanged
from tests.ingest.real.records import Record, assert_same, midnight, stored_events, stored_figures
from tests.real_data import read_rows

FILE = "ucdp-ged/GEDEvent_v23_1_CAR.geojson"
TITLE = "UCDP Georeferenced Event Dataset"

# The codes, as the codebook of GED 23.1 explains them.
KIND = {1: "clash", 2: "clash", 3: "attack"}
VIOLENCE = {1: "state-based-violence", 2: "non-state-violence", 3: "one-sided-violence"}
ROLES = {1: ("participant", "participant"), 2: ("participant", "participant"), 3: ("initiator", "target")}
DATE_PRECISION = {1: "day", 2: "week", 3: "week", 4: "month", 5: "year"}
PLACE_PRECISION = {1: "exact", 2: "near", 3: "admin2", 4: "admin1", 5: "country", 6: "country", 7: "region"}
COUNTRY = {"Central African Republic": "CF"}
DEATHS = {
    "fighters of side A": "deaths_a",
    "fighters of side B": "deaths_b",
    "civilians": "deaths_civilians",
    "people of unknown status": "deaths_unknown",
}
UCDP: Record = {
    "stance": "asserts",
    "source": "Uppsala Conflict Data Program",
    "description": None,
    "kind": "academic",
    "via": [],
    "document": TITLE,
    "document_kind": "dataset",
    "url": "https://ucdp.uu.se/downloads/",
    "published_at": None,
    "publisher": "Uppsala Conflict Data Program",
}


async def test_each_row_is_stored_as_it_is(load_file: Load) -> None:
    features = read_rows(FILE)
    ged = await load_file("ucdp-ged", FILE)
    assert not [note for note in ged.summary.notes if "not mapped" in note]
    assert f"{_uneven(features)} rows leave out source_headline" in " ".join(ged.summary.notes)
    assert_same(
        await stored_events(ged.rows), {str(feature["properties"]["id"]): _event(feature) for feature in features}
    )
    figures = {key: figure for feature in features for key, figure in _figures(feature).items()}
    assert_same(await stored_figures(ged.rows, "event", "population"), figures)
    assert len(features) == 1848
    assert len(figures) == 5 * 1848


async def test_there_are_no_sources_documents_or_places_but_those_of_the_rows(load_file: Load) -> None:
    features = read_rows(FILE)
    rows = (await load_file("ucdp-ged", FILE)).rows
    citations = [citation for feature in features for citation in _citations(feature["properties"])]
    expected = {citation["source"] for citation in citations if citation["source"]} | {
        citation["publisher"] for citation in citations
    }
    parties = {feature["properties"][side] for feature in features for side in ("side_a", "side_b")} - {"Civilians"}
    offices = {_words(office) for feature in features for office in _offices(feature["properties"])}
    names = {row["name"] for row in await rows("select name from v1.source where name is not null")}
    assert names == (expected - {None}) | parties | offices
    originals = [feature for feature in features if feature["properties"]["source_original"]]
    assert len(await rows("select * from v1.source where name is null")) == len(originals)
    articles = sum(max(1, len(_offices(feature["properties"]))) for feature in features)
    assert len(await rows("select * from v1.document")) == articles + 1
    points = {
        (properties["where_coordinates"], properties["where_prec"], properties["adm_1"], *point)
        for properties, point in _points(features)
    }
    assert len(await rows("select * from v1.place")) == len(points)


async def test_the_same_file_again_changes_nothing(load_file: Load) -> None:
    await assert_unchanged(await load_file("ucdp-ged", FILE))


def _uneven(features: list[Record]) -> int:
    """Return the number of rows that have offices, but not as many as headlines."""
    rows = [feature["properties"] for feature in features]
    return sum(len(_offices(row)) not in (0, len(row["source_headline"].split(";"))) for row in rows)


def _points(features: list[Record]) -> list[tuple[Record, list[float]]]:
    return [(feature["properties"], feature["geometry"]["coordinates"]) for feature in features]


def _event(feature: Record) -> Record:
    row, (longitude, latitude) = feature["properties"], feature["geometry"]["coordinates"]
    violence = row["type_of_violence"]
    return {
        "kind": KIND[violence],
        "title": f"{row['dyad_name']}: {row['where_coordinates']}",
        "summary": row["where_description"] or None,
        "starts_at": midnight(row["date_start"][:10]),
        "ends_at": midnight(row["date_end"][:10], later=1),
        "time_precision": DATE_PRECISION[row["date_prec"]],
        "status": "occurred",
        "tags": [
            part
            for part in (
                VIOLENCE[violence],
                "aggregated" if row["event_clarity"] == 2 else "",
                row["conflict_name"],
                row["region"],
                row["adm_2"],
            )
            if part
        ],
        "language": "en",
        "identifiers": [
            {"scheme": "ucdp", "value": str(row["id"])},
            {"scheme": "ucdp-conflict", "value": str(row["conflict_new_id"])},
            {"scheme": "ucdp-dyad", "value": str(row["dyad_new_id"])},
        ],
        "briefing": TITLE,
        "place": row["where_coordinates"],
        "country": COUNTRY[row["country"]],
        "admin1": row["adm_1"] or None,
        "latitude": latitude,
        "longitude": longitude,
        "geo_precision": PLACE_PRECISION[row["where_prec"]],
        "participants": [_party(row, "side_a", ROLES[violence][0]), _party(row, "side_b", ROLES[violence][1])],
        "citations": _citations(row),
    }


def _party(row: Record, side: str, role: str) -> Record:
    name = row[side]
    source: Record = {"source": None, "kind": None, "identifiers": None}
    if name != "Civilians":
        kind = "government" if name.startswith("Government of ") else "armed_group"
        identifiers = [{"scheme": "ucdp-actor", "value": str(row[f"{side}_new_id"])}]
        source = {"source": name, "kind": kind, "identifiers": identifiers}
    return {"name": name, "role": role, **source}


def _citations(row: Record) -> list[Record]:
    """Return the citations of a row. A named source asserts, through the office that published the article. Without a
    name the office itself asserts."""
    original = _short(_words(row["source_original"]))
    citations: list[Record] = []
    for position, office in enumerate(_offices(row)):
        publisher = _words(office)
        author = {"source": None, "description": original} if original else {"source": publisher, "description": None}
        via = [publisher] if original else []
        citations.append({**_article(row, position), **author, "kind": "other", "via": via, "publisher": publisher})
    if not citations and original:
        who: Record = {"source": None, "description": original, "kind": "other", "via": [], "publisher": None}
        citations.append({**_article(row, 0), **who})
    return [*citations, UCDP]


def _article(row: Record, position: int) -> Record:
    """Return one of the articles of a row. If the numbers of headlines and offices differ, it has no headline of its
    own."""
    headline, dated = "", ""
    offices, headlines, dates = _offices(row), row["source_headline"].split(";"), row["source_date"].split(";")
    if offices and len(headlines) == len(offices):
        headline = headlines[position]
    if offices and len(dates) == len(offices):
        dated = dates[position].strip()
    title = _words(headline) or _words(row["source_article"]) or f"Source of UCDP event {row['id']}"
    return {
        "stance": "asserts",
        "document": _short(title),
        "document_kind": "article",
        "url": None,
        "published_at": midnight(dated) if dated else None,
    }


def _figures(feature: Record) -> dict[tuple[str, str | None], Record]:
    row, (longitude, latitude) = feature["properties"], feature["geometry"]["coordinates"]
    end = date.fromisoformat(row["date_end"][:10])
    common: dict[str, Any] = {
        "measure": "killed",
        "quantifier": "approximately",
        "value_text": None,
        "unit": "persons",
        "period_start": date.fromisoformat(row["date_start"][:10]),
        "period_end": end,
        "as_of": end,
        "basis": "flow",
        "status": "estimated",
        "series": None,
        "briefing": TITLE,
        "place": row["where_coordinates"],
        "latitude": latitude,
        "longitude": longitude,
        "citations": [UCDP],
    }
    low, best, high = row["low"], row["best"], row["high"]
    bounds: Record = {"value_low": low, "value_high": high, "bounds_basis": "stated", "caveat": None}
    if not low <= best <= high:
        bounds_text = f"a low estimate of {low} and a high one of {high}, which do not enclose the best one."
        bounds = {
            "value_low": None,
            "value_high": None,
            "bounds_basis": None,
            "caveat": f"The data set gives {bounds_text}",
        }
    unbounded = {"value_low": None, "value_high": None, "bounds_basis": None, "caveat": None}
    event = str(row["id"])
    return {
        (event, None): common | bounds | {"value": best},
        **{(event, who): common | unbounded | {"value": row[column]} for who, column in DEATHS.items()},
    }


def _offices(row: Record) -> list[str]:
    return row["source_office"].split(";") if row["source_office"] else []


def _words(text: str) -> str:
    return " ".join(text.split())


def _short(text: str) -> str:
    return text if len(text) <= 900 else text[:899].rstrip() + "…"
