"""Made-up rows of the data sets that the shipped mappings read."""

from __future__ import annotations

import csv
import io

UCDP = {
    "id": "7001",
    "relid": "MADE-UP-1",
    "year": "2014",
    "active_year": "1",
    "code_status": "Clear",
    "type_of_violence": "3",
    "conflict_dset_id": "900",
    "conflict_new_id": "901",
    "conflict_name": "Northland: Government",
    "dyad_dset_id": "902",
    "dyad_new_id": "903",
    "dyad_name": "River Front - Civilians",
    "side_a_dset_id": "904",
    "side_a_new_id": "905",
    "side_a": "River Front",
    "side_b_dset_id": "906",
    "side_b_new_id": "907",
    "side_b": "Civilians",
    "number_of_sources": "2",
    "source_article": '"An Agency,2014-01-29,Attack; many dead";"A Paper,2014-01-30,Village burnt"',
    "source_office": "An Agency;A Paper",
    "source_date": "2014-01-29;2014-01-30",
    "source_headline": "Attack, many dead;Village burnt",
    "source_original": "a priest",
    "where_prec": "2",
    "where_coordinates": "Ford village",
    "where_description": "5 km west of Ford, village",
    "adm_1": "West province",
    "adm_2": "",
    "latitude": "6.5",
    "longitude": "20.25",
    "geom_wkt": "POINT (20.25 6.5)",
    "priogrid_gid": "1",
    "country": "Central African Republic",
    "country_id": "482",
    "region": "Africa",
    "event_clarity": "1",
    "date_prec": "2",
    "date_start": "2014-01-26 00:00:00.000",
    "date_end": "2014-01-28 00:00:00.000",
    "deaths_a": "0",
    "deaths_b": "0",
    "deaths_civilians": "12",
    "deaths_unknown": "0",
    "best": "12",
    "high": "20",
    "low": "9",
    "gwnoa": "",
    "gwnob": "",
}
ACLED = {
    "event_id_cnty": "XXX1",
    "event_date": "31 January 2024",
    "year": "2024",
    "time_precision": "1",
    "disorder_type": "Political violence",
    "event_type": "Explosions/Remote violence",
    "sub_event_type": "Shelling/artillery/missile attack",
    "actor1": "Military Forces of Northland",
    "assoc_actor_1": "",
    "inter1": "State forces",
    "actor2": "Civilians (Northland)",
    "assoc_actor_2": "Farmers (Northland); Traders (Northland)",
    "inter2": "Civilians",
    "interaction": "State forces-Civilians",
    "civilian_targeting": "Civilian targeting",
    "iso": "804",
    "region": "Europe",
    "country": "Ukraine",
    "admin1": "West",
    "admin2": "",
    "admin3": "",
    "location": "Ford",
    "latitude": "48.5",
    "longitude": "35.25",
    "geo_precision": "1",
    "source": "An Agency; A Paper",
    "source_scale": "National-International",
    "notes": "Made up.",
    "fatalities": "2",
    "tags": "",
    "timestamp": "1700000000",
}


def table(*rows: dict[str, str], hxl: bool = False) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]))
    writer.writeheader()
    if hxl:
        writer.writerow({name: f"#x+{name}" for name in rows[0]})
    writer.writerows(rows)
    return stream.getvalue().encode()
