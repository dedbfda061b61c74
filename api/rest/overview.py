"""The description of a version in its contract: what is served, how it is attributed, and how lists are requested."""

from __future__ import annotations

from api.catalog import Version
from api.compiler.page import MAX_EXACT
from api.rest.include import LEVELS
from api.rest.parameters import MAX_VALUES
from api.rest.url import LIMIT, MAX_LIMIT

TITLE = "Briefing API"
LICENCE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}


def overview(version: Version) -> str:
    """Return the description of a version, in Markdown."""
    return (
        "\n\n".join(
            [
                _resources(version),
                ATTRIBUTION,
                _uncertainty(version),
                _lists(),
                _links(version),
                _export(version),
                HTTP,
                _versions(version),
            ]
        )
        + "\n"
    )


def _resources(version: Version) -> str:
    about = "Structured briefing data: events, figures and quotes, with their sources."
    lists = "\n".join(f"- **{resource.plural}**: {resource.description}" for resource in version.lists.values())
    return f"{about}\n\n{lists}"


ATTRIBUTION = """## Attribution

The statement of a source is stored as that source's assertion. Events, figures and quotes always contain citations:
the sources that assert, confirm, deny or dispute the record, the documents in which this was read, and the sources that
relayed it. If you reuse data, print the `attribution` of its briefing and comply with the `licence` of its text. The
licence of this contract is that of the software."""

HTTP = """## HTTP

Every path supports HEAD, which returns the response of GET without the body, and OPTIONS, which returns 204 with
`Allow`. Other methods return 405 with `Allow`. Responses have a strong `ETag`. A request with `If-None-Match` returns
304 if the data has not changed. Problems are `application/problem+json` [RFC 9457]: `code` is for programs, and
`errors` lists every invalid parameter. Times are RFC 3339 in UTC, dates are ISO 8601, countries are ISO 3166-1 alpha-2,
and languages are BCP 47."""


def _lists() -> str:
    return f"""## Lists

A record is listed if it matches all filters. Values separated by commas are alternatives, at most {MAX_VALUES}. A
parameter that takes several values may also be repeated. A filter with a dot in its name applies to a linked record,
and all filters on one link must match the same linked record. A parameter is refused if it is unknown, or if it takes
one value and is given twice. A page has {LIMIT} records by default. `limit` sets another number, at most {MAX_LIMIT}.
While `page.has_more` is true, `page.next_cursor` is the cursor of the next page, and `Link` is its URL. Records are
counted only if `count` is given. An exact total stops at {MAX_EXACT:,}, and its quality is then `at_least`."""


def _uncertainty(version: Version) -> str:
    return f"""## Uncertainty

{version.uncertainty}"""


def _links(version: Version) -> str:
    links_to_one = f"A link to one record is an id. `include` adds the record.{_embedded(version)}"
    return f"""## Links

{links_to_one} A link to many records is present if `include`
contains it: a bounded set of `data` with `has_more`. A path such as `citations.source` includes the links of linked
records, up to {LEVELS} links. The price of a request is about one point for each record that it may return. A request
above the maximum price is refused as `too_expensive`."""


def _embedded(version: Version) -> str:
    """Return a sentence about the links that need no `include`; empty if there are none."""
    links: list[str] = []
    for resource in (*version.resources.values(), *version.children.values()):
        links += [f"{link.name} of {resource.plural}" for link in resource.links.values() if link.embedded]
    if not links:
        return ""
    return f" Always included: the {', the '.join(links)}."


def _export(version: Version) -> str:
    example = f"/{version.name}/events.csv"
    return f"""## Exports

Each list can be exported as a file with all records that match its filters: `{example}`, `.ndjson` and, where records
have a place, `.geojson`. The list itself returns a file if `Accept` prefers such a type. Exports are streamed from one
state of the store at the pace of the client, and have no pages. A process runs few exports at once and returns 503 with
`Retry-After` beyond that. A client that reads nothing for half a minute is disconnected. An error after the first byte
closes the connection, so a file with a complete HTTP body is complete."""


def _versions(version: Version) -> str:
    return f"""## Versions

This is {version.name}. Changes to it are additive: fields, filters and terms of enums may be added, and clients must
tolerate those that they do not know. A breaking change is published as another version under its own path."""
