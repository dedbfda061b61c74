"""Requests of version 1 whose answers are kept, through both doors: every list, record and format, filters of each
kind, links, orders, counts, pages, searches, and mistakes. Ids follow from the sample: each store has the same ones.
"""

from __future__ import annotations

EVENT = "evt_72j46hn16ndv2zr0cz3mkc2qtp"
FIGURE = "fig_n7kf92ce2z55jddxs27nz0js77"
QUOTE = "quo_vr445qgyf9sr7rr3778car3caa"
SOURCE = "src_6nrwqqwcsp9b1hwrrz8t203r4r"
BRIEFING = "brf_rx97bcb02mfgm1egekny4y1gc7"

PATHS = (
    "/v1",
    *(
        f"/v1/{one}?limit=3&count=exact"
        for one in ("events", "figures", "quotes", "sources", "documents", "places", "briefings")
    ),
    "/v1/events?limit=2&include=place",
    "/v1/events?limit=2&include=place,briefing,figures,quotes",
    "/v1/events?limit=2&include=figures.citations,citations.source&sort=id",
    "/v1/events?limit=2&sort=starts_at&include=related.event,participants.source",
    "/v1/events?limit=2&sort=-ends_at",
    "/v1/events?kind=shelling,attack&limit=2&count=estimated",
    "/v1/events?starts_at_gte=2022-03-06&starts_at_lt=2022-03-07&limit=2&sort=id",
    "/v1/events?time_precision=day&ends_at_null=true&limit=2&sort=id",
    "/v1/events?disputed=true&limit=3&include=citations.blames",
    "/v1/events?country=UA&bbox=22,44,41,53&limit=2&sort=id",
    "/v1/events?near=50.45,30.52,300&limit=2&sort=id",
    "/v1/events?figures.measure=killed&figures.value_gte=1&limit=2",
    "/v1/events?q=corridor&sort=relevance&limit=2",
    "/v1/figures?measure=killed&value_gte=10&sort=-value&limit=3&include=event,place",
    "/v1/figures?measure=killed&value_lt=1000&sort=value&limit=2",
    "/v1/figures?quantifier=at_least&disputed=false&limit=2&sort=id",
    "/v1/figures?value_null=true&limit=2&sort=id",
    "/v1/figures?q=million&limit=2",
    "/v1/quotes?limit=3&include=speaker,addressee,event.place&sort=id",
    "/v1/quotes?speaker.kind=person&disputed=true&limit=2",
    "/v1/quotes?said_at_gte=2022-03-06&sort=said_at&limit=2",
    "/v1/quotes?q=refugees&q_language=en&limit=2",
    "/v1/sources?kind=person&include=affiliation,quotes&limit=2&sort=name",
    "/v1/places?include=events,figures&limit=2&sort=name",
    "/v1/briefings?include=publisher,events.place",
    f"/v1/events/{EVENT}?include=place,figures",
    f"/v1/figures/{FIGURE}",
    f"/v1/quotes/{QUOTE}?include=speaker.affiliation",
    f"/v1/sources/{SOURCE}?include=members",
    f"/v1/briefings/{BRIEFING}",
    "/v1/events.csv?limit=4",
    "/v1/events.ndjson?limit=4&sort=id",
    "/v1/events.geojson?limit=3",
    "/v1/figures.csv?limit=4&sort=id",
    "/v1/figures.geojson?limit=3",
    "/v1/quotes.ndjson?limit=3",
    "/v1/places.geojson?limit=3&sort=name",
    "/v1/events?disputd=true",
    "/v1/figures?value_gte=1",
    "/v1/events?sort=time&limit=0",
    "/v1/events?include=places",
    f"/v1/events/{QUOTE}",
    "/v1/events/evt_00000000000000000000000000",
    "/v1/events?cursor=x",
)

ALL_OF_EVENT = (
    "__typename id kind title summary startsAt endsAt timePrecision timeText status tags language disputed"
    " identifiers { scheme value } briefingId placeId place { id name country latitude longitude geoPrecision }"
)
ALL_OF_FIGURE = (
    "id measure population value valueLow valueHigh quantifier valueText boundsBasis unit asOf periodStart periodEnd"
    " basis status series caveat disputed eventId event { title }"
)
ALL_OF_QUOTE = (
    "id text context utterance certainty certaintyText language textOriginal languageOriginal quoteType speakerRole cue"
    " medium venue saidAt timePrecision disputed speakerId speaker { name kind affiliation { name } }"
)
CITED = "citations(first: 2) { nodes { stance sourceId source { name } via { name } excerpt { exact } } hasMore }"
DOCUMENTS = (
    f"{{ events(first: 3) {{ nodes {{ {ALL_OF_EVENT} {CITED} }} }} }}",
    "{ events(first: 2, orderBy: {field: ID}) { edges { cursor node { id } } pageInfo { hasNextPage } totalCount"
    " totalQuality } }",
    f"{{ figures(first: 3) {{ nodes {{ {ALL_OF_FIGURE} {CITED} }} }} }}",
    f"{{ quotes(first: 3) {{ nodes {{ {ALL_OF_QUOTE} }} }} }}",
    "{ figures(first: 3, filter: {measure: {in: KILLED}, value: {gte: 10}}, orderBy: {field: VALUE, direction: DESC})"
    " { nodes { id value } } }",
    '{ events(filter: {startsAt: {gte: "2022-03-06"}, disputed: true, or: [{kind: {in: SHELLING}}, {timePrecision:'
    " {in: [DAY, HOUR]}}]}, first: 2) { nodes { id title figures(first: 2) { nodes { value } hasMore } } } }",
    '{ events(filter: {search: {text: "corridor"}}, orderBy: {field: RELEVANCE}, first: 2) { nodes { title } } }',
    "{ events(filter: {near: {latitude: 50.45, longitude: 30.52, kilometres: 300}}, first: 2) { nodes { id } } }",
    "{ quotes(last: 2, orderBy: {field: SAID_AT}) { nodes { id saidAt } pageInfo { startCursor hasPreviousPage } } }",
    f'{{ event(id: "{EVENT}") {{ {ALL_OF_EVENT} related {{ nodes {{ relation event {{ title }} }} }} }} }}',
    f'{{ node(id: "{FIGURE}") {{ id ... on Figure {{ {ALL_OF_FIGURE} }} }} }}',
    f'{{ nodes(ids: ["{QUOTE}", "evt_1", "{SOURCE}"]) {{ __typename id }} }}',
    '{ __type(name: "Event") { fields { name description type { name kind } } } }',
    '{ __type(name: "FigureFilter") { inputFields { name } } places(first: 1) { nodes { name } } }',
    "{ figures(filter: {value: {gte: 1}}) { nodes { id } } }",
    "{ events { nodes { mood } } }",
    '{ event(id: "evt_00000000000000000000000000") { id } }',
)
