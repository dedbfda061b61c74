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
    about = "Structured briefing data: what happened, the figures given, what was said, and who stands behind it."
    lists = "\n".join(f"- **{resource.plural}**: {resource.description}" for resource in version.lists.values())
    return f"{about}\n\n{lists}"


ATTRIBUTION = """## Attribution

What a source asserts is stored as that source's assertion. Events, figures and quotes carry citations, always shown:
who asserts, confirms, denies or disputes the record, in which document it was read, and through whom it came there.
Whoever reuses data prints the `attribution` of its briefing and keeps to the `licence` of its text; the licence
of this contract is that of the software."""

HTTP = """## HTTP

Every path answers HEAD as GET without the body, OPTIONS with 204 and `Allow`, and other methods with 405 and `Allow`.
Answers carry a strong `ETag`; asked for again with `If-None-Match` they are 304. Problems are
`application/problem+json` [RFC 9457]: `code` is for programs, `errors` names every parameter that is wrong. Times are
RFC 3339 in UTC, dates ISO 8601, countries ISO 3166-1 alpha-2, languages BCP 47."""


def _lists() -> str:
    return f"""## Lists

Filters narrow a list, all of them together; values separated by commas are alternatives, at most {MAX_VALUES}. A
parameter that takes several values may also be repeated. A filter with a dot in its name looks through a link, and all
filters through one link hold for the same linked record. A parameter is refused if it is unknown, or if it takes one
value and is given twice. Pages have {LIMIT} records, or `limit` of them, at most {MAX_LIMIT}; `page.next_cursor` leads
to the next one while `page.has_more` is true, and so does `Link`. Nothing is counted unless `count` asks: an exact
total stops at {MAX_EXACT:,} and then says `at_least`."""


def _uncertainty(version: Version) -> str:
    return f"""## Uncertainty

{version.uncertainty}"""


def _links(version: Version) -> str:
    links_to_one = f"A link to one record shows as an id; `include` adds the record.{_embedded(version)}"
    return f"""## Links

{links_to_one} A link to many shows where `include` names it, as a
bounded set of `data` with `has_more`. A path such as `citations.source` leads on from what is linked, {LEVELS} links
far. The price of a request is about one point for each record that it may return; above the limit it is
`too_expensive`."""


def _embedded(version: Version) -> str:
    """Return a sentence about the links that need no `include`; empty if there are none."""
    links: list[str] = []
    for resource in (*version.resources.values(), *version.children.values()):
        links += [f"{link.name} of {resource.plural}" for link in resource.links.values() if link.embedded]
    if not links:
        return ""
    return f" Always shown whole: the {', the '.join(links)}."


def _export(version: Version) -> str:
    example = f"/{version.name}/events.csv"
    return f"""## Exports

Each list is also a file, of all that its filters leave: `{example}`, `.ndjson` and, where records have a place,
`.geojson`; or the list itself with an `Accept` that prefers such a type. Exports are streamed from one state of the
store at the pace of the client, have no pages, and no price but their own rule: a process runs few at once, and answers
503 with `Retry-After` beyond. A client that takes nothing for half a minute is cut off. An error after the first byte
cuts the connection, so that a file that was received to its HTTP end is whole."""


def _versions(version: Version) -> str:
    return f"""## Versions

This is {version.name}. It only ever grows: fields, filters and terms of enums may be added, and clients must tolerate
those that they do not know. What would break a client comes as another version beside this one, under its own path."""
