"""Parts of the page of a list besides its records: the same search in other lists, and the names of records that its
filters give by id. The names are roots of the same Query, and so come with the same statement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from api.catalog import Resource
from api.pages.explore.filter_form import is_of_ids
from api.pages.explore.page_url import PageUrl, write_query
from api.pages.explore.words import MEASURES, cut, humanize, plain_line
from api.query import ColumnField, Item, Object, Query, Record
from api.query.query import as_of
from api.rest.parameters import parameters, split

# The key of the list in an answer that has other roots too.
LIST = "list"
# Ids whose names are read, and the letters of a name.
MAX_NAMED = 10
MAX_LETTERS = 60
# The fields by which a record is named, if it has them.
NAMED_BY = ("title", "name", "description", "text", "url", "population", "measure")
# Fields whose terms are words that readers search for: the search of a list does not look into vocabularies.
WORDED = {"figure": "measure"}


def with_names(url: PageUrl, query: Query) -> Query:
    """Return the Query of a page with the names of the records that its filters give by id."""
    own = query.root.selection if isinstance(query.root, Object) else (Item(LIST, query.root),)
    known_at = as_of(own[0].value)
    names = []
    for identifier, resource in _named_ids(url).items():
        columns = tuple(Item(name, ColumnField(name)) for name in NAMED_BY if name in resource.fields)
        names.append(Item(identifier, Record(resource.name, identifier, columns, known_at)))
    return replace(query, root=Object((*own, *names))) if names else query


def read_names(url: PageUrl, answer: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answer without the names, and the names of records by their ids."""
    records = {identifier: answer[identifier] for identifier in _named_ids(url)}
    names = {identifier: _name(record) or identifier for identifier, record in records.items() if record is not None}
    return answer.get(LIST, answer), names


def other_searches(url: PageUrl) -> list[tuple[str, str]]:
    """Return the lists in which a page offers the same search, with their addresses below the explorer: all lists that
    can be searched, and its own one if the words mean something else there. They have no numbers: to count them would
    take more points than a caller without a key has."""
    texts = url.texts
    if "q" not in texts or "cursor" in texts or url.view:
        return []
    searches = []
    for resource in url.version.lists.values():
        pairs = worded_search(resource, texts["q"])
        if not resource.searched or (resource is url.resource and pairs == [("q", texts["q"])]):
            continue
        kept = ("q_language", "known_at") if "q" in dict(pairs) else ("known_at",)
        pairs += [(name, texts[name]) for name in kept if name in texts]
        searches.append((resource.plural, f"{resource.plural}{write_query(pairs)}"))
    return searches


def worded_search(resource: Resource, words: str) -> list[tuple[str, str]]:
    """Return the parameters of a search. Words that are terms of a vocabulary become a filter: of "civilians killed",
    figures have `measure=killed` and search for "civilians"."""
    field = WORDED.get(resource.name)
    members = words.split()
    has_operators = not all(member.isalnum() and member.lower() != "or" for member in members)
    if field is None or has_operators:
        return [("q", words)]
    terms = resource.fields[field].type.of.terms()
    chosen: list[str] = []
    rest: list[str] = []
    for member in members:
        if member.lower() in terms:
            chosen.append(member.lower())
        else:
            rest.append(member)
    pairs = [(field, ",".join(chosen)), ("q", " ".join(rest))]
    return [(name, value) for name, value in pairs if value]


def _named_ids(url: PageUrl) -> dict[str, Resource]:
    """Return the ids in the filters of a page, with the resource of each, except the ids of its own records."""
    rows = parameters(url.version, url.resource)
    named: dict[str, Resource] = {}
    for name, text in url.filters:
        row = rows.get(name)
        if row is not None and row.takes == "list" and row.condition.name != "id" and is_of_ids(row):
            named |= dict.fromkeys(split(text), row.condition.type.of)
    return dict(list(named.items())[:MAX_NAMED])


def _name(record: dict[str, Any]) -> str:
    name = next((record[field] for field in NAMED_BY if record.get(field)), "")
    if "measure" in record:
        measure = record["measure"]
        name = f"{record['population'] or ''} {MEASURES.get(measure, humanize(measure))}"
    return cut(plain_line(name), MAX_LETTERS)
