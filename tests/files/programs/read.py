"""Read exported files as their users do: `read.py FOLDER`. Prints the rows that each program reads, as JSON lines of
[program and file, rows]. Times, dates and numbers are objects, so that a test sees which type a program gave."""

import json
import math
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import geopandas
import pandas
import pyogrio

FOLDER = Path(sys.argv[1])
EVENT = ["id", "revision", "created_at", "kind", "title", "summary", "starts_at", "key", "place_name"]
POINT = ["place_latitude", "place_longitude"]
FIGURE = ["id", "measure", "value", "value_low", "value_high", "quantifier", "as_of", "value_text", "decimals.value"]
TIMES = ["created_at", "updated_at", "starts_at", "ends_at"]
DECIMALS = ["decimals.value", "decimals.low", "decimals.high"]
# Without these pandas takes the texts NULL and NA (the country Namibia) for empty cells.
ONLY_EMPTY: dict[str, Any] = {"keep_default_na": False, "na_values": [""]}
GDAL_CSV = {
    "AUTODETECT_TYPE": "YES",
    "EMPTY_STRING_AS_NULL": "YES",
    "X_POSSIBLE_NAMES": "place_longitude",
    "Y_POSSIBLE_NAMES": "place_latitude",
}


def plain(value: Any) -> Any:
    """Return a value as JSON that shows its type."""
    if value is None or value is pandas.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, pandas.Timestamp):
        value = value.to_pydatetime()
    if isinstance(value, datetime):
        return {"time": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, str | bool):
        return value
    if isinstance(value, Decimal):
        return {"number": float(value), "exact": format(value.normalize(), "f")}
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    return {"number": float(value)}


def print_rows(name: str, rows: list[dict[str, Any]]) -> None:
    """Print the rows of a file."""
    print(json.dumps([name, [{key: plain(value) for key, value in row.items()} for row in rows]]))


def of_frame(frame: Any, columns: list[str]) -> list[dict[str, Any]]:
    """Return the rows of a data frame."""
    return frame[columns].astype(object).to_dict("records")


def of_relation(relation: Any) -> list[dict[str, Any]]:
    """Return the rows of a query of DuckDB."""
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


for name in ("events.csv", "events_bom.csv"):
    read = pandas.read_csv(FOLDER / name, dtype={"key": "str"}, parse_dates=TIMES, date_format="ISO8601", **ONLY_EMPTY)
    print_rows(f"pandas {name}", of_frame(read, EVENT + POINT))
texts = dict.fromkeys(["key", *DECIMALS], "str")
read = pandas.read_csv(FOLDER / "figures.csv", dtype=texts, parse_dates=["as_of"], **ONLY_EMPTY)
read["as_of"] = read["as_of"].dt.date
print_rows("pandas figures.csv", of_frame(read, FIGURE))
print_rows("pandas events.parquet", of_frame(pandas.read_parquet(FOLDER / "events.parquet"), EVENT + POINT))
print_rows("pandas figures.parquet", of_frame(pandas.read_parquet(FOLDER / "figures.parquet"), FIGURE))
read = pandas.read_json(FOLDER / "events.ndjson", lines=True, dtype=False, convert_dates=False)
read["starts_at"] = [time["starts_at"] for time in read["time"]]
for column in ("created_at", "starts_at"):
    read[column] = pandas.to_datetime(read[column], format="ISO8601")
read["place_name"] = [place["name"] if isinstance(place, dict) else None for place in read["place"]]
print_rows("pandas events.ndjson", of_frame(read, EVENT))

duckdb.sql("set timezone = 'UTC'")
listed = ", ".join(f'"{column}"' for column in EVENT + POINT)
for name in ("events.csv", "events_bom.csv", "events.parquet"):
    print_rows(f"duckdb {name}", of_relation(duckdb.sql(f"select {listed} from '{FOLDER / name}'")))
listed = ", ".join(f'"{column}"' for column in FIGURE)
types = ", ".join(f"'{column}': 'VARCHAR'" for column in DECIMALS)
source = f"read_csv('{FOLDER / 'figures.csv'}', sample_size = -1, types = {{{types}}})"
print_rows("duckdb figures.csv", of_relation(duckdb.sql(f"select {listed} from {source}")))
print_rows("duckdb figures.parquet", of_relation(duckdb.sql(f"select {listed} from '{FOLDER / 'figures.parquet'}'")))
listed = "id, revision, created_at, kind, title, summary, time.starts_at as starts_at, key, place.name as place_name"
print_rows("duckdb events.ndjson", of_relation(duckdb.sql(f"select {listed} from '{FOLDER / 'events.ndjson'}'")))

read = geopandas.read_file(FOLDER / "events.geojson")
assert read.crs == "EPSG:4326", read.crs
read["place_latitude"], read["place_longitude"] = read.geometry.y, read.geometry.x
print_rows("geopandas events.geojson", of_frame(read, EVENT + POINT))
read = geopandas.read_file(FOLDER / "figures.geojson")
names = {f"amount_{name}": f"value_{name}" for name in ("low", "high", "text")}
read["as_of"] = read["as_of"].dt.date
read = read.rename(columns={"amount_value": "value", "amount_quantifier": "quantifier"} | names)
print_rows("geopandas figures.geojson", of_frame(read, [name for name in FIGURE if "." not in name]))
for name in ("events.csv", "events_bom.csv"):
    read = pyogrio.read_dataframe(FOLDER / name, **GDAL_CSV)
    points = geopandas.GeoSeries(read.geometry)
    read["place_latitude"], read["place_longitude"] = points.y, points.x
    print_rows(f"gdal {name}", of_frame(read, EVENT + POINT))
