"""Find the deprecated parts that the parameters of a request use. Every answer shows all fields of a record, so a field
counts as used only if a parameter names it: in a filter, an order or an include."""

from __future__ import annotations

from collections.abc import Iterator

from api.catalog import DeprecatedPart, Field, Resource, Version
from api.catalog.lifecycle import missing_companions
from api.query.words import is_stemmed, unstemmed
from api.rest.parameters import deprecation, parameters, split


def outdated(version: Version, resource: Resource, texts: dict[str, str]) -> tuple[DeprecatedPart, ...]:
    """Return what a valid request should not use, each once: deprecated parameters, deprecated values of others, a
    language without a stemmer, and comparisons without the filters that they expect."""
    parts: list[DeprecatedPart] = []
    language = texts.get("q_language")
    if language is not None and not is_stemmed(language):
        parts.append(unstemmed(f"q_language={language}"))
    if version.deprecates:
        for name, text in texts.items():
            parts += _deprecated_parts(version, resource, name, text)
    parts += _comparisons_alone(version, resource, texts)
    return tuple(dict.fromkeys(parts))


def _comparisons_alone(version: Version, resource: Resource, texts: dict[str, str]) -> Iterator[DeprecatedPart]:
    """Yield comparisons and orders without the filters that they expect beside them."""
    rows = parameters(version, resource)
    for name in texts:
        row = rows.get(name)
        if row is None:
            continue
        instead = missing_companions([row.sibling(expected) for expected in row.condition.expects], texts)
        if instead:
            yield DeprecatedPart(name, instead)
    field = _sort_field(resource, texts.get("sort", ""))
    if field is None:
        return
    instead = missing_companions(field.expects, texts)
    if instead:
        yield DeprecatedPart(f"sort={field.name}", instead)


def _deprecated_parts(version: Version, resource: Resource, name: str, text: str) -> Iterator[DeprecatedPart]:
    """Yield the deprecated parts that one parameter uses."""
    if name == "sort":
        field = _sort_field(resource, text)
        if field is not None and field.deprecated:
            yield DeprecatedPart(f"sort={field.name}", field.deprecated)
    if name == "include":
        for path in split(text):
            yield from _deprecated_links(version, resource, path)
    row = parameters(version, resource).get(name)
    if row is None:
        return
    instead = deprecation(resource, row)
    if instead:
        yield DeprecatedPart(name, instead)
    if row.condition.type.name == "vocabulary" and row.takes == "list":
        terms = row.condition.type.of.outdated()
        for term in split(text):
            if term in terms:
                yield DeprecatedPart(f"{name}={term}", terms[term])


def _sort_field(resource: Resource, text: str) -> Field | None:
    return resource.fields.get(text.removeprefix("-"))


def _deprecated_links(version: Version, resource: Resource, path: str) -> Iterator[DeprecatedPart]:
    """Yield the deprecated links on a path of `include`."""
    for name in path.split("."):
        link = resource.links[name]
        if link.deprecated:
            yield DeprecatedPart(f"include={path}", link.deprecated)
        resource = version[link.target]
