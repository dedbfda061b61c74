"""Records as JSON-LD in the terms of schema.org, for search engines and programs that know nothing else of this API.

A figure keeps its uncertainty: words such as "at least" become bounds, and no number stands where the source gave none.
Who asserts and who denies a record are claims beside each other. There is no verdict: schema.org's ClaimReview would
need one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from api.catalog import Resource, Version

Record = dict[str, Any]
JsonLd = dict[str, Any]
MEDIA_TYPE = "application/ld+json"
CONTEXT = "https://schema.org"
# The links of citations, as paths of `include`.
OF_CITATIONS = ("citations.source", "citations.blames", "citations.document")
# The links that a record needs for its JSON-LD, as paths of `include`.
INCLUDED: dict[str, tuple[str, ...]] = {
    "event": ("briefing", "participants.source", *OF_CITATIONS),
    "figure": ("briefing", "event", "place", *OF_CITATIONS),
    "quote": ("briefing", "event", "speaker.affiliation", "citations.document"),
    "source": ("affiliation",),
    "document": ("publisher",),
    "briefing": ("publisher",),
}
SOURCE_TYPES = {
    "person": "Person",
    "government": "GovernmentOrganization",
    "ngo": "NGO",
    "news_agency": "NewsMediaOrganization",
    "outlet": "NewsMediaOrganization",
    "company": "Corporation",
}
DOCUMENT_TYPES = {
    "article": "NewsArticle",
    "live_blog": "LiveBlogPosting",
    "post": "SocialMediaPosting",
    "report": "Report",
    "dataset": "Dataset",
}
STATUSES = {"planned": "EventScheduled", "cancelled": "EventCancelled"}
# How a claim is named: by the source and its stance.
STANCES = {
    "asserts": "says",
    "confirms": "confirms",
    "denies": "denies",
    "disputes": "disputes",
    "retracts": "retracts",
    "blames": "blames",
    "could_not_verify": "could not verify",
    "declines_comment": "declines to comment on",
}
# Codes of units in the common code list of UN/CEFACT, by the codes of units here.
UNIT_CODES = {
    **{"persons": "IE", "percent": "P1", "kg": "KGM", "t": "TNE", "m": "MTR", "km": "KMT", "km2": "KMK", "ha": "HAR"},
    **{"l": "LTR", "m3": "MTQ", "min": "MIN", "h": "HUR", "d": "DAY", "kWh": "KWH", "MW": "MAW"},
}
# Characters of JSON that could end the element of a page that contains it, and their escapes.
IN_HTML = ((b"<", rb"\u003c"), (b">", rb"\u003e"), (b"&", rb"\u0026"))


def included_paths(version: Version, resource: Resource) -> tuple[str, ...]:
    """Return the links that the JSON-LD of a resource needs."""
    paths = INCLUDED.get(resource.name, ())
    return tuple(path for path in paths if path.partition(".")[0] in resource.links)


def offers_json_ld(version: Version) -> bool:
    """Return True if the records of a version have the objects that are read here. The first version is flat."""
    return version.history


def write_json_ld(version: Version, resource: Resource, record: Record, origin: str) -> JsonLd:
    """Return a record as a document. Addresses are below the origin, or paths without one."""
    describe = WRITERS.get(resource.name, _describe_any)
    document = describe(record, _Addresses(version, origin))
    return {"@context": CONTEXT} | document


def to_html(document: JsonLd) -> str:
    """Return the text of a `script` element of a page. No text of a record can end it."""
    text = orjson.dumps(document)
    for character, escape in IN_HTML:
        text = text.replace(character, escape)
    return text.decode()


class _Addresses:
    """The addresses of records, which are their ids in JSON-LD."""

    def __init__(self, version: Version, origin: str) -> None:
        self._base = f"{origin}/{version.name}"

    def of(self, plural: str, identifier: str) -> str:
        return f"{self._base}/{plural}/{identifier}"

    def reference(self, plural: str, identifier: str | None) -> JsonLd | None:
        """Return a reference to a record that is described elsewhere."""
        return {"@id": self.of(plural, identifier)} if identifier else None


def _describe_event(record: Record, addresses: _Addresses) -> JsonLd:
    start, end = _read_span(record["time"])
    status = STATUSES.get(record["status"])
    return _without_nulls(
        {
            "@type": "Event",
            "@id": addresses.of("events", record["id"]),
            "identifier": _identifiers(record),
            "name": record["title"],
            "description": record["summary"],
            "inLanguage": record["language"],
            "startDate": start,
            "endDate": end,
            "eventStatus": f"{CONTEXT}/{status}" if status else None,
            "location": _place(record.get("place"), addresses),
            "keywords": record["tags"] or None,
            "additionalType": record["kind"],
            "about": _participants(record, addresses),
            "subjectOf": [*_claims(record, "events", record["title"], addresses), *_briefings(record, addresses)],
        }
    )


def _participants(record: Record, addresses: _Addresses) -> list[JsonLd | None]:
    """Return the participants of an event that are sources."""
    participants = []
    for participant in record["participants"]["data"]:
        source = participant.get("source")
        if source:
            participants.append(_source(source, addresses))
    return participants


def _describe_figure(record: Record, addresses: _Addresses) -> JsonLd:
    about = (addresses.reference("events", record["event_id"]), _place(record.get("place"), addresses))
    return _without_nulls(
        {
            "@type": "Observation",
            "@id": addresses.of("figures", record["id"]),
            "variableMeasured": record["measure"],
            "populationType": record["population"],
            "observationAbout": [thing for thing in about if thing],
            "observationDate": record["as_of"],
            "observationPeriod": _period(record),
            "measurementQualifier": record["amount"]["quantifier"],
            "value": _quantity(record["amount"]),
            "description": record["caveat"],
            "subjectOf": [
                *_claims(record, "figures", record["amount"]["text"] or record["measure"], addresses),
                *_briefings(record, addresses),
            ],
        }
    )


def _quantity(amount: Record) -> JsonLd:
    """Return an amount as a value, or as bounds if words bind it."""
    value, low, high = exact_number(amount, "value"), exact_number(amount, "low"), exact_number(amount, "high")
    quantifier = amount["quantifier"]
    if quantifier in ("at_least", "more_than"):
        value, low = None, value if low is None else low
    elif quantifier in ("at_most", "less_than"):
        value, high = None, value if high is None else high
    elif quantifier in ("between", "magnitude"):
        value = None
    return _without_nulls(
        {
            "@type": "QuantitativeValue",
            "value": value,
            "minValue": low,
            "maxValue": high,
            "unitText": amount["unit"],
            "unitCode": UNIT_CODES.get(amount.get("unit_code") or ""),
            "description": amount["text"],
        }
    )


def exact_number(amount: Record, name: str) -> Any:
    """Return a number of an amount. One that is not exact as a float is a text."""
    decimals = amount.get("decimals") or {}
    return decimals.get(name) or amount.get(name)


def _describe_quote(record: Record, addresses: _Addresses) -> JsonLd:
    original = record["original"]
    speaker = _source(record["speaker"], addresses) or addresses.reference("sources", record["speaker_id"])
    documents = [citation.get("document") for citation in record["citations"]["data"]]
    document: JsonLd = {
        "@type": "Quotation",
        "@id": addresses.of("quotes", record["id"]),
        "text": record["text"],
        "inLanguage": record["language"],
        "spokenByCharacter": speaker,
        "dateCreated": _write_time(record["said_at"], record["time_precision"]),
        "about": addresses.reference("events", record["event_id"]),
        "citation": _works(documents, addresses),
        "isPartOf": _briefings(record, addresses),
    }
    if record["quote_type"] == "indirect":
        # These are not the words that were said.
        document |= {"@type": "Claim", "author": speaker, "spokenByCharacter": None}
    if original["text"]:
        work = {"@type": "Quotation", "text": original["text"], "inLanguage": original["language"]}
        document["translationOfWork"] = _without_nulls(work)
    return _without_nulls(document)


def _describe_source(record: Record, addresses: _Addresses) -> JsonLd:
    return _source(record, addresses) or {}


def _source(record: Record | None, addresses: _Addresses) -> JsonLd | None:
    if record is None:
        return None
    kind = SOURCE_TYPES.get(record["kind"], "Organization")
    affiliation = _source(record.get("affiliation"), addresses)
    country = {"@type": "Country", "name": record["country"]} if record["country"] else None
    return _without_nulls(
        {
            "@type": kind,
            "@id": addresses.of("sources", record["id"]),
            "identifier": _identifiers(record),
            "name": record["name"],
            "description": record["description"],
            "alternateName": record["aliases"] or None,
            "jobTitle": record["role"] if kind == "Person" else None,
            "url": record["url"],
            "location": country if kind != "Person" else None,
            "affiliation" if kind == "Person" else "parentOrganization": affiliation,
        }
    )


def _describe_document(record: Record, addresses: _Addresses) -> JsonLd:
    return _document(record, addresses) or {}


def _document(record: Record | None, addresses: _Addresses) -> JsonLd | None:
    if record is None:
        return None
    return _without_nulls(
        {
            "@type": DOCUMENT_TYPES.get(record["kind"], "CreativeWork"),
            "@id": addresses.of("documents", record["id"]),
            "headline": record["title"],
            "url": record["url"],
            "inLanguage": record["language"],
            "datePublished": record["published_at"],
            "publisher": _source(record.get("publisher"), addresses)
            or addresses.reference("sources", record["publisher_id"]),
        }
    )


def _describe_place(record: Record, addresses: _Addresses) -> JsonLd:
    return _place(record, addresses) or {}


def _place(record: Record | None, addresses: _Addresses) -> JsonLd | None:
    if record is None:
        return None
    geo = None
    if record["latitude"] is not None and record["longitude"] is not None:
        geo = {"@type": "GeoCoordinates", "latitude": record["latitude"], "longitude": record["longitude"]}
    precision = {"@type": "PropertyValue", "propertyID": "geo_precision", "value": record["geo_precision"]}
    address = {"addressCountry": record["country"], "addressRegion": record["admin1"]}
    return _without_nulls(
        {
            "@type": "Place",
            "@id": addresses.of("places", record["id"]),
            "identifier": _identifiers(record),
            "name": record["name"],
            "alternateName": record["name_as_reported"],
            "address": {"@type": "PostalAddress"} | _without_nulls(address) if any(address.values()) else None,
            "geo": geo,
            "additionalProperty": precision,
        }
    )


def _describe_briefing(record: Record, addresses: _Addresses) -> JsonLd:
    return _briefing(record, addresses) | _without_nulls(
        {
            "description": record["summary"],
            "publisher": _source(record.get("publisher"), addresses)
            or addresses.reference("sources", record["publisher_id"]),
        }
    )


def _briefing(record: Record, addresses: _Addresses) -> JsonLd:
    return _without_nulls(
        {
            "@type": "Report",
            "@id": addresses.of("briefings", record["id"]),
            "headline": record["title"],
            "inLanguage": record["language"],
            "url": record["url"],
            "datePublished": record["published_at"],
            "dateModified": record["modified_at"],
            "license": _licence(record["licence"]),
            "creditText": record["attribution"],
        }
    )


def _licence(licence: str | None) -> str | None:
    """Return the address of a licence, which is stored as that or as an SPDX id."""
    if licence is None or licence == "NOASSERTION" or "://" in licence:
        return licence if licence != "NOASSERTION" else None
    return f"https://spdx.org/licenses/{licence}"


def _briefings(record: Record, addresses: _Addresses) -> list[JsonLd]:
    return [_briefing(record["briefing"], addresses)] if record.get("briefing") else []


def _describe_any(record: Record, addresses: _Addresses) -> JsonLd:
    return {"@type": "Thing", "name": _name(record), "identifier": record["id"]}


def _name(record: Record) -> Any:
    """Return the title, the name or the text of a record; its id if it has none of them."""
    for key in ("title", "name", "text"):
        if record.get(key):
            return record[key]
    return record["id"]


WRITERS: dict[str, Callable[[Record, _Addresses], JsonLd]] = {
    "event": _describe_event,
    "figure": _describe_figure,
    "quote": _describe_quote,
    "source": _describe_source,
    "document": _describe_document,
    "place": _describe_place,
    "briefing": _describe_briefing,
}


def _claims(record: Record, plural: str, about: str, addresses: _Addresses) -> list[JsonLd]:
    """Return what each source says of a record, whatever side it takes."""
    claims = []
    for citation in record["citations"]["data"]:
        source = citation.get("source")
        stance = STANCES.get(citation["stance"], citation["stance"].replace("_", " "))
        if citation.get("blames"):
            stance = f"{stance} {_label(citation['blames'])}"
        claim = {
            "@type": "Claim",
            "name": f"{_label(source)} {stance}: {about}",
            "text": citation["statement"],
            "author": _source(source, addresses) or addresses.reference("sources", citation["source_id"]),
            "about": addresses.reference(plural, record["id"]),
            "appearance": _document(citation.get("document"), addresses),
        }
        claims.append(_without_nulls(claim))
    return claims


def _label(source: Record | None) -> str:
    if source is None:
        return "A withdrawn source"
    return source["name"] or source["description"] or "An unnamed source"


def _works(documents: list[Record | None], addresses: _Addresses) -> list[JsonLd]:
    works = {document["id"]: _document(document, addresses) for document in documents if document}
    return [work for work in works.values() if work]


def _identifiers(record: Record) -> list[JsonLd] | None:
    names = record.get("identifiers") or []
    return [{"@type": "PropertyValue", "propertyID": name["scheme"], "value": name["value"]} for name in names] or None


def _period(record: Record) -> str | None:
    """Return the length of time that a figure counts, in days (ISO 8601)."""
    start, end = record["period_start"], record["period_end"] or record["as_of"]
    if not start or not end:
        return None
    return f"P{(date.fromisoformat(end) - date.fromisoformat(start)).days + 1}D"


def _read_span(time: Record) -> tuple[str | None, str | None]:
    """Return the first and the last day or moment of an event as exactly as they are known. Without a precision they
    are only bounds, which schema.org has no terms for."""
    starts_at, ends_at, precision = time["starts_at"], time["ends_at"], time["precision"]
    if precision == "unknown":
        return None, None
    if ends_at is not None and precision not in ("minute", "hour"):
        # The end is exclusive: a day ends at midnight of the next one.
        ends_at = (datetime.fromisoformat(ends_at) - timedelta(microseconds=1)).isoformat()
    return _write_time(starts_at, precision), _write_time(ends_at, precision)


def _write_time(moment: str | None, precision: str) -> str | None:
    """Return a moment of an answer as exactly as it is known (ISO 8601)."""
    if moment is None or precision in ("minute", "hour"):
        return moment
    if precision == "week":
        year, week, _ = date.fromisoformat(moment[:10]).isocalendar()
        return f"{year}-W{week:02}"
    return moment[: {"month": 7, "year": 4}.get(precision, 10)]


def _without_nulls(members: JsonLd) -> JsonLd:
    return {name: value for name, value in members.items() if value is not None and value != []}
