"""Requests whose answers are recorded for every version: every list, record and format, filters of each kind, links,
sort orders, counts, pages, searches and mistakes, over REST and GraphQL. Ids follow from the sample, so they are the
same in each store.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

EVENT = "evt_72j46hn16ndv2zr0cz3mkc2qtp"
FIGURE = "fig_n7kf92ce2z55jddxs27nz0js77"
QUOTE = "quo_vr445qgyf9sr7rr3778car3caa"
SOURCE = "src_6nrwqqwcsp9b1hwrrz8t203r4r"
BRIEFING = "brf_rx97bcb02mfgm1egekny4y1gc7"


@dataclass(frozen=True)
class Shape:
    """The parts of requests that versions spell differently: GraphQL selections, and the links that REST includes."""

    event: str
    figure: str
    quote: str
    value: str
    place: tuple[str, ...] = ()
    speaker: tuple[str, ...] = ()


PLACE = "placeId place { id name country latitude longitude geoPrecision }"
SPEAKER = "speakerId speaker { name kind affiliation { name } }"
DISPUTE = "dispute { status stances }"
SHAPES = {
    "v1": Shape(
        event=(
            "__typename id kind title summary startsAt endsAt timePrecision timeText status tags language disputed"
            f" identifiers {{ scheme value }} briefingId {PLACE}"
        ),
        figure=(
            "id measure population value valueLow valueHigh quantifier valueText boundsBasis unit asOf periodStart"
            " periodEnd basis status series caveat disputed eventId event { title }"
        ),
        quote=(
            "id text context utterance certainty certaintyText language textOriginal languageOriginal quoteType"
            f" speakerRole cue medium venue saidAt timePrecision disputed {SPEAKER}"
        ),
        value="value",
        place=("place",),
        speaker=("speaker",),
    ),
    # Version 2 always shows an event's place and a quote's speaker, so there is nothing to include.
    "v2": Shape(
        event=(
            "__typename id key dataset kind title summary time { startsAt endsAt precision text } status tags language"
            f" {DISPUTE} identifiers {{ scheme value }} subjects {{ scheme code label }} briefingId {PLACE}"
        ),
        figure=(
            "id measure population amount { value low high quantifier text unit } boundsBasis asOf periodStart"
            f" periodEnd basis status series caveat {DISPUTE} eventId event {{ title }}"
        ),
        quote=(
            "id text context utterance certainty certaintyText language original { text language } quoteType"
            f" speakerRole cue medium venue saidAt timePrecision {DISPUTE} {SPEAKER}"
        ),
        value="amount { value }",
    ),
}
PLURALS = ("events", "figures", "quotes", "sources", "documents", "places", "briefings")


def requests(version: str) -> list[str]:
    """Return the URLs, each from its path on."""
    documents = (f"/graphql?{urlencode({'query': document})}" for document in _documents(SHAPES[version]))
    return [f"/{version}{path}" for path in (*_paths(SHAPES[version]), *documents)]


def _include(*links: str) -> str:
    return f"&include={','.join(links)}" if links else ""


def _paths(shape: Shape) -> tuple[str, ...]:
    return (
        "",
        *(f"/{plural}?limit=3&count=exact" for plural in PLURALS),
        f"/events?limit=2{_include(*shape.place)}",
        f"/events?limit=2{_include(*shape.place, 'briefing', 'figures', 'quotes')}",
        "/events?limit=2&include=figures.citations,citations.source&sort=id",
        "/events?limit=2&sort=starts_at&include=related.event,participants.source",
        "/events?limit=2&sort=-ends_at",
        "/events?kind=shelling,attack&limit=2&count=estimated",
        "/events?starts_at_gte=2022-03-06&starts_at_lt=2022-03-07&limit=2&sort=id",
        "/events?time_precision=day&ends_at_null=true&limit=2&sort=id",
        "/events?disputed=true&limit=3&include=citations.blames",
        "/events?country=UA&bbox=22,44,41,53&limit=2&sort=id",
        "/events?near=50.45,30.52,300&limit=2&sort=id",
        "/events?figures.measure=killed&figures.value_gte=1&limit=2",
        "/events?q=corridor&sort=relevance&limit=2",
        "/figures?measure=killed&value_gte=10&sort=-value&limit=3&include=event,place",
        "/figures?measure=killed&value_lt=1000&sort=value&limit=2",
        "/figures?quantifier=at_least&disputed=false&limit=2&sort=id",
        "/figures?value_null=true&limit=2&sort=id",
        "/figures?q=million&limit=2",
        f"/quotes?limit=3{_include(*shape.speaker, 'addressee', 'event.place')}&sort=id",
        "/quotes?speaker.kind=person&disputed=true&limit=2",
        "/quotes?said_at_gte=2022-03-06&sort=said_at&limit=2",
        "/quotes?q=refugees&q_language=en&limit=2",
        "/sources?kind=person&include=affiliation,quotes&limit=2&sort=name",
        "/places?include=events,figures&limit=2&sort=name",
        "/briefings?include=publisher,events.place",
        f"/events/{EVENT}?include={','.join((*shape.place, 'figures'))}",
        f"/figures/{FIGURE}",
        f"/quotes/{QUOTE}?include=speaker.affiliation",
        f"/sources/{SOURCE}?include=members",
        f"/briefings/{BRIEFING}",
        "/events.csv?limit=4",
        "/events.ndjson?limit=4&sort=id",
        "/events.geojson?limit=3",
        "/figures.csv?limit=4&sort=id",
        "/figures.geojson?limit=3",
        "/quotes.ndjson?limit=3",
        "/places.geojson?limit=3&sort=name",
        "/events?disputd=true",
        "/figures?value_gte=1",
        "/events?sort=time&limit=0",
        "/events?include=places",
        f"/events/{QUOTE}",
        "/events/evt_00000000000000000000000000",
        "/events?cursor=x",
    )


CITED = "citations(first: 2) { nodes { stance sourceId source { name } via { name } excerpt { exact } } hasMore }"


def _documents(shape: Shape) -> tuple[str, ...]:
    return (
        f"{{ events(first: 3) {{ nodes {{ {shape.event} {CITED} }} }} }}",
        "{ events(first: 2, orderBy: {field: ID}) { edges { cursor node { id } } pageInfo { hasNextPage } totalCount"
        " totalQuality } }",
        f"{{ figures(first: 3) {{ nodes {{ {shape.figure} {CITED} }} }} }}",
        f"{{ quotes(first: 3) {{ nodes {{ {shape.quote} }} }} }}",
        "{ figures(first: 3, filter: {measure: {in: KILLED}, value: {gte: 10}}, orderBy: {field: VALUE, direction:"
        f" DESC}}) {{ nodes {{ id {shape.value} }} }} }}",
        '{ events(filter: {startsAt: {gte: "2022-03-06"}, disputed: true, or: [{kind: {in: SHELLING}}, {timePrecision:'
        f" {{in: [DAY, HOUR]}}}}]}}, first: 2) {{ nodes {{ id title figures(first: 2) {{ nodes {{ {shape.value} }}"
        " hasMore } } } }",
        '{ events(filter: {search: {text: "corridor"}}, orderBy: {field: RELEVANCE}, first: 2) { nodes { title } } }',
        "{ events(filter: {near: {latitude: 50.45, longitude: 30.52, kilometres: 300}}, first: 2) { nodes { id } } }",
        "{ quotes(last: 2, orderBy: {field: SAID_AT}) { nodes { id saidAt } pageInfo { startCursor hasPreviousPage } }"
        " }",
        f'{{ event(id: "{EVENT}") {{ {shape.event} related {{ nodes {{ relation event {{ title }} }} }} }} }}',
        f'{{ node(id: "{FIGURE}") {{ id ... on Figure {{ {shape.figure} }} }} }}',
        f'{{ nodes(ids: ["{QUOTE}", "evt_1", "{SOURCE}"]) {{ __typename id }} }}',
        '{ __type(name: "Event") { fields { name description type { name kind } } } }',
        '{ __type(name: "FigureFilter") { inputFields { name } } places(first: 1) { nodes { name } } }',
        "{ figures(filter: {value: {gte: 1}}) { nodes { id } } }",
        "{ events { nodes { mood } } }",
        '{ event(id: "evt_00000000000000000000000000") { id } }',
    )
