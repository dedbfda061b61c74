"""A filled store, its lists as files, and the environment of the programs that people open them with."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.ingest.load import load
from tests.conftest import SAMPLE
from tests.installing import install_python_packages
from tests.rest.conftest import run
from tests.rest.crowd import crowd
from tests.sharing import once

# More rows than programs look at to guess the types of columns: DuckDB 20,480.
EVENTS, FIGURES = 21_000, 20_500
TITLES = {
    "0012": "Маріуполь: “евакуація”, друга спроба",
    "12": 'He said "no", twice; then left',
    "1e5": "one\u2028two 日本 🕊",
    "true": "a|b\\c, 'd'",
    "null": "NULL",
    "2022-03-06": "-42",
}
# Without a fraction, with one, before the times that nanoseconds reach, and unknown.
TIMES = ["1999-01-01T00:00:00Z", "1999-01-01T10:30:00.123456Z", "1650-05-01T00:00:00Z", None]
POINTS = [(-33.5, 151.25), (0, -180), (None, None)]
VALUES = [12.5, 123456789012345.25, 0.000001, -3, None]
FORMATS = ("csv", "parquet", "ndjson", "geojson")


def tricky() -> Iterator[dict[str, Any]]:
    """Yield records whose texts, times, numbers and points are hard to read. They come last in the lists."""
    for number, (latitude, longitude) in enumerate(POINTS):
        place = {"resource": "place", "key": f"p{number}", "name": f"Place, {number}"}
        yield place | ({} if latitude is None else {"latitude": latitude, "longitude": longitude})
    for number, (key, title) in enumerate(TITLES.items()):
        event = {"resource": "event", "key": key, "kind": "other", "title": title, "status": "occurred"}
        event |= {"summary": f"first\nsecond, “third”\r\n\tfourth {title}", "place": f"p{number % 3}"}
        time = TIMES[number % 4]
        yield event | ({"starts_at": time, "time_precision": "minute"} if time else {"time_precision": "unknown"})
    source = {"resource": "source", "key": "s", "name": "A source, “quoted”", "kind": "other"}
    yield source
    for number in range(FIGURES):
        yield figure(f"f{number}", number, "2022-03-06")
    for number, value in enumerate(VALUES):
        yield figure(f"t{number}", value, "1999-01-01")


def figure(key: str, value: float | None, day: str) -> dict[str, Any]:
    """Return a figure. One without a value has bounds."""
    record: dict[str, Any] = {"resource": "figure", "key": key, "measure": "money", "unit": "USD", "as_of": day}
    record |= {"citations": [{"source": "s"}], "value_text": f"{value}, “about”"}
    if value is None:
        return record | {
            "quantifier": "magnitude",
            "value_low": 20_000,
            "value_high": 99_999.5,
            "bounds_basis": "wording",
        }
    return record | {"value": value, "quantifier": "approximately"}


@pytest.fixture(scope="session")
async def client(new_store: Callable[[], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client of a service over the filled store."""
    url = await new_store()
    await crowd(url, EVENTS)
    await load([str(SAMPLE)], url)
    file = tmp_path_factory.mktemp("tricky") / "lines.ndjson"
    lines = (json.dumps(record | {"dataset": "t"}) + "\n" for record in tricky())
    file.write_text("".join(lines), encoding="utf-8")
    await load([str(file)], url)
    with run(url) as client:
        yield client


@pytest.fixture(scope="session")
def folder(client: httpx2.Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lists as files."""
    folder = tmp_path_factory.mktemp("files")
    for form in FORMATS:
        for plural in ("events", "figures"):
            save(client, f"/v2/{plural}.{form}", folder / f"{plural}.{form}")
    save(client, "/v2/events.csv?bom=true", folder / "events_bom.csv")
    return folder


def save(client: httpx2.Client, path: str, file: Path) -> None:
    """Write an export to a file."""
    answer = client.get(path, timeout=120)
    assert answer.status_code == 200, answer.text[:300]
    file.write_bytes(answer.content)


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an environment with pandas, geopandas, GDAL and DuckDB."""
    install = partial(install_python_packages, Path(__file__).with_name("requirements.txt"))
    return once(tmp_path_factory, "programs", install)
