"""Write the call behind a page, to be copied: with curl, with the client for Python, and as a GraphQL document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Any

from api.catalog import Condition, Group, Resource, Version
from api.catalog.operators import OPERATORS
from api.graphql.shape import camel
from api.model import StoredField, Type
from api.pages.explore.page_url import PageUrl, write_query
from api.pages.explore.words import list_title
from api.rest.include import Tree, read_include
from api.rest.parameters import Parameter, parameters, split
from api.rest.url import LIMIT

PYTHON = """from briefing_sdk import Briefing

with Briefing("{origin}") as briefing:
{body}
"""
IFRAME_HEIGHT = 480
FRAME_NOTE = (
    "Put it into a page that a web server sends. In a file that is opened from a disk, browsers leave the frame empty."
)
# Marks of direction (Unicode Standard Annex 9, table 4).
OF_DIRECTION = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# The types whose values GraphQL writes without quotes.
BARE = ("integer", "number", "float")


@dataclass(frozen=True)
class Call:
    """A call to copy: how it is named, its text, and what to know before it is used."""

    name: str
    text: str
    note: str = ""

    @property
    def anchor(self) -> str:
        """The id of its text on a page, which opens it if an address ends with it."""
        return self.name.lower().replace(" ", "-")


def list_calls(url: PageUrl, origin: str) -> tuple[Call, ...]:
    """Return the calls that answer with the records of a page."""
    version, resource = url.version, url.resource
    return (
        Call("curl", f"curl '{origin}/{version.name}/{resource.plural}{_shell(write_query(url.pairs))}'"),
        Call("Python", _python_list(url, origin)),
        Call("GraphQL", graphql_list(url)),
    )


def record_calls(
    version: Version, resource: Resource, identifier: str, origin: str, known_at: str = ""
) -> tuple[Call, ...]:
    """Return the calls that answer with a record, at present or as of the edition `known_at`."""
    query = f"?known_at={known_at}" if known_at else ""
    argument = f', known_at="{known_at}"' if known_at else ""
    graphql_argument = f', knownAt: "{known_at}"' if known_at else ""
    call = f'    print(briefing.{version.name}.{resource.plural}.get("{identifier}"{argument}))'
    selection = "\n".join(_indent(_selection(version, resource, {}), 4))
    return (
        Call("curl", f"curl '{origin}/{version.name}/{resource.plural}/{identifier}{query}'"),
        Call("Python", PYTHON.format(origin=origin, body=call).rstrip()),
        Call("GraphQL", f'{{\n  {resource.name}(id: "{identifier}"{graphql_argument}) {{\n{selection}\n  }}\n}}'),
    )


def embed_list(url: PageUrl, origin: str) -> Call:
    """Return the element by which another site shows the list."""
    # A frame has no views: it is a table.
    query = url.query(limit="", cursor="", count="", include="", view="", bucket="")
    address = f"{origin}/embed/{url.resource.plural}{query}"
    return Call("Embed", _iframe(address, list_title(url.resource.plural)), FRAME_NOTE)


def embed_record(
    resource: Resource, identifier: str, title: str, origin: str, edition: str, *, is_present: bool
) -> Iterator[Call]:
    """Yield the elements by which another site shows a record: as it is at any time, if the page shows the present, and
    as the page shows it, for good."""
    address = f"{origin}/embed/{resource.plural}/{identifier}"
    if is_present:
        yield Call("Embed", _iframe(address, title), FRAME_NOTE)
    if edition:
        name = "Embed as it is now" if is_present else "Embed"
        yield Call(name, _iframe(f"{address}?known_at={edition}", title), FRAME_NOTE)


def _iframe(address: str, title: str) -> str:
    attributes = f'width="100%" height="{IFRAME_HEIGHT}" loading="lazy" style="border: 1px solid #ccc"'
    return f'<iframe src="{escape(address)}" title="{escape(title)}" {attributes}></iframe>'


def graphql_list(url: PageUrl) -> str:
    """Return the GraphQL document that answers with the records of a page."""
    version, resource, texts = url.version, url.resource, url.texts
    arguments = [f"first: {texts.get('limit', LIMIT)}"]
    if "cursor" in texts:
        arguments.append(f"after: {_quote(texts['cursor'])}")
    filters = _graphql_filters(url)
    if filters:
        arguments.append(f"filter: {_write_object(filters)}")
    if "known_at" in texts:
        arguments.append(f"knownAt: {_quote(texts['known_at'])}")
    if "sort" in texts:
        name = texts["sort"].removeprefix("-")
        direction = "DESC" if texts["sort"].startswith("-") else "ASC"
        arguments.append(f"orderBy: {{field: {name.upper()}, direction: {direction}}}")
    tree: Tree = {}
    if "include" in texts:
        tree = read_include(version, resource, split(texts["include"]))
    selection = "\n".join(_indent(_selection(version, resource, tree), 6))
    return (
        f"{{\n  {camel(resource.plural)}({', '.join(arguments)}) {{\n    nodes {{\n{selection}\n    }}\n"
        "    pageInfo { hasNextPage endCursor }\n  }\n}"
    )


def _shell(query: str) -> str:
    """Return a query that can stand in single quotes."""
    return query.replace("'", "%27")


def _python_list(url: PageUrl, origin: str) -> str:
    rows = parameters(url.version, url.resource)
    arguments = []
    for name, text in url.pairs:
        value = _python_value(rows.get(name), name, text)
        arguments.append(f"{name.replace('.', '__')}={value}")
    call = f"briefing.{url.version.name}.{url.resource.plural}.list({', '.join(arguments)})"
    body = f"    page = {call}\n    for record in page.data:\n        print(record)"
    return PYTHON.format(origin=origin, body=body).rstrip()


def _python_value(row: Parameter | None, name: str, text: str) -> str:
    """Return the value of a parameter as Python writes it."""
    if name == "limit":
        return text
    if name in ("include", "facets"):
        return repr(split(text))
    if row is None:
        return repr(text)
    if row.takes in ("bbox", "near"):
        return f"[{', '.join(map(_number, text.split(',')))}]"
    if row.takes_several:
        return repr(split(text))
    if row.takes == "boolean":
        return str(row.filter(text) and text.lower() in ("true", "1"))
    return _number(text) if row.condition.type.name in BARE else repr(text)


def _number(text: str) -> str:
    """Return a number of a URL as programs write it. There it may begin with a plus or with zeros."""
    return f"{Decimal(text):f}"


Filters = dict[str, Any]


def _graphql_filters(url: PageUrl) -> Filters:
    """Return the filter argument: names with literals, or with objects of the same kind."""
    rows = parameters(url.version, url.resource)
    filters: Filters = {}
    for name, text in url.filters:
        row = rows.get(name)
        if row is None:
            continue
        place = filters
        if row.link:
            place = filters.setdefault(camel(row.link), {})
            if not url.resource.links[row.link].single:
                place = place.setdefault("some", {})
        condition = row.condition
        literal = _graphql_literal(row, text)
        if row.takes in ("bbox", "near") or condition.operator == "is":
            place[camel(condition.name)] = literal
        else:
            place.setdefault(camel(condition.name), {})[OPERATORS[condition.operator].key] = literal
    texts = url.texts
    if "q" in texts:
        filters["search"] = {"text": _quote(texts["q"])}
        if "q_language" in texts:
            filters["search"]["language"] = _quote(texts["q_language"])
    return filters


def _graphql_literal(row: Parameter, text: str) -> Any:
    condition = row.condition
    match row.takes:
        case "list":
            literals = [_literal(condition.type, value) for value in split(text)]
            return f"[{', '.join(literals)}]"
        case "boolean":
            return "true" if text.lower() in ("true", "1") else "false"
        case "identifier":
            identifiers = [_identifier(condition, value) for value in split(text)]
            return f"[{', '.join(identifiers)}]"
        case "bbox":
            return _numbers(("west", "south", "east", "north"), text)
        case "near":
            return _numbers(("latitude", "longitude", "kilometres"), text)
    return _literal(condition.type, text)


def _numbers(names: tuple[str, ...], text: str) -> dict[str, str]:
    """Return the numbers of a text by their names. They are written anew, because a URL may have spaces in them."""
    return {name: repr(float(number)) for name, number in zip(names, text.split(","), strict=True)}


def _identifier(condition: Condition, text: str) -> str:
    scheme, _, code = text.partition(":")
    key = "code" if condition.operator == "subject" else "value"
    return f"{{scheme: {_quote(scheme)}, {key}: {_quote(code)}}}"


def _literal(kind: Type, text: str) -> str:
    if kind.name == "vocabulary":
        return text.upper()
    return _number(text) if kind.name in BARE else _quote(text)


def _quote(text: str) -> str:
    """Return a text as GraphQL and JSON write it. Marks of direction are escaped: they change how a call looks."""
    return OF_DIRECTION.sub(lambda mark: f"\\u{ord(mark[0]):04x}", json.dumps(text, ensure_ascii=False))


def _write_object(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    members = [f"{name}: {_write_object(member)}" for name, member in value.items()]
    return f"{{{', '.join(members)}}}"


def _selection(version: Version, resource: Resource, tree: Tree) -> list[str]:
    """Return the lines of a selection: the fields of a record, and of the links that are in the tree or shown whole."""
    lines = []
    for part in resource.layout:
        if isinstance(part, Group):
            members = [_field(key, field) for key, field in resource.within(part).items()]
            lines.append(f"{camel(part.name)} {{ {' '.join(members)} }}")
        elif not part.deprecated:
            lines.append(_field(part.name, part))
    for link in resource.links.values():
        if not (link.name in tree or link.embedded) or link.deprecated:
            continue
        inner = _selection(version, version[link.target], tree.get(link.name, {}))
        if link.kind in ("many", "children"):
            inner = ["nodes {", *_indent(inner, 2), "}"]
        lines += [f"{camel(link.name)} {{", *_indent(inner, 2), "}"]
    return lines


def _indent(lines: list[str], spaces: int) -> list[str]:
    """Return lines that begin so many spaces further to the right."""
    return [" " * spaces + line for line in lines]


def _field(key: str, field: StoredField) -> str:
    if field.type.name != "value":
        return camel(key)
    names = [camel(name) for name in field.type.of.fields()]
    return f"{camel(key)} {{ {' '.join(names)} }}"


def graphiql_address(url: PageUrl, root: str) -> str:
    """Return the address of GraphiQL with the document of a page."""
    return f"{root}{url.version.name}/graphql{write_query([('query', graphql_list(url))])}"
