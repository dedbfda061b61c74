"""Find the deprecated parts that the parameters of a request use. Every answer shows all fields of a record, so a field
counts as used only if a parameter names it: in a filter, an order or an include."""

from __future__ import annotations

from collections.abc import Iterator

from api.catalog import DeprecatedPart, Resource, Version
from api.catalog.lifecycle import missing
from api.query.words import is_stemmed, unstemmed
from api.rest.parameters import parameters, split


def outdated(version: Version, resource: Resource, given: dict[str, str]) -> tuple[DeprecatedPart, ...]:
    """Return what a valid request should not use, each once: deprecated parameters, deprecated values of others, a
    language without a stemmer, and comparisons without the filters that they expect."""
    found = []
    if "q_language" in given and not is_stemmed(given["q_language"]):
        found.append(unstemmed(f"q_language={given['q_language']}"))
    if version.deprecates:
        found += [one for name, text in given.items() for one in _used(version, resource, name, text)]
    return tuple(dict.fromkeys([*found, *_alone(version, resource, given)]))


def _alone(version: Version, resource: Resource, given: dict[str, str]) -> Iterator[DeprecatedPart]:
    """Yield comparisons and orders without the filters that they expect beside them."""
    known = parameters(version, resource)
    for name in given:
        row = known.get(name)
        prefix = f"{row.link}." if row and row.link else ""
        if row and (instead := missing([prefix + one for one in row.condition.expects], given)):
            yield DeprecatedPart(name, instead)
    field = resource.fields.get(given.get("sort", "").removeprefix("-"))
    if field and (instead := missing(field.expects, given)):
        yield DeprecatedPart(f"sort={field.name}", instead)


def _used(version: Version, resource: Resource, name: str, text: str) -> Iterator[DeprecatedPart]:
    if name == "sort" and (field := resource.fields.get(text.removeprefix("-"))) and field.deprecated:
        yield DeprecatedPart(f"sort={field.name}", field.deprecated)
    if name == "include":
        yield from (one for path in split(text) for one in _included(version, resource, path))
    row = parameters(version, resource).get(name)
    if row is None:
        return
    through = resource.links[row.link].deprecated if row.link else ""
    if said := row.condition.deprecated or through:
        yield DeprecatedPart(name, said)
    if row.condition.type.name == "vocabulary" and row.takes == "list":
        terms = row.condition.type.of.outdated()
        yield from (DeprecatedPart(f"{name}={one}", terms[one]) for one in split(text) if one in terms)


def _included(version: Version, resource: Resource, path: str) -> Iterator[DeprecatedPart]:
    at = resource
    for name in path.split("."):
        link = at.links[name]
        if link.deprecated:
            yield DeprecatedPart(f"include={path}", link.deprecated)
        at = version[link.target]
