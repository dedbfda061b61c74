"""Generate random requests that make the store look at much: negations, alternatives, long lists, filters through
links, sets below heavy parents, many roots, phrases, relevance, counts and odd orders, over the whole grammar of a
version.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import quote

import asyncpg

from api.catalog import VERSIONS, Condition, Link, Resource, Version
from api.graphql.shape import FilterShape, camel, filter_fields, pascal
from api.rest.parameters import Parameter, parameters
from tests.hostile.effort.measure import Request

TIMES = ("1999-01-01T00:00:00Z", "2021-06-01T00:00:00Z", "2025-01-01T00:00:00Z", "2031-01-01T00:00:00Z")
SIZES = (1, 1, 2, 10, 50, 200)
LISTS = (1, 1, 2, 10, 100, 190)


@dataclass
class StoreValues:
    """Values of the store: ids by resource (those with most records below them come first), words and tags."""

    ids: dict[str, list[str]]
    words: list[str]
    tags: list[str]

    @classmethod
    async def read(cls, connection: asyncpg.Connection[Any]) -> StoreValues:
        ids = {}
        heavy = {
            "source": "select speaker_id from v1.quote group by 1 order by count(*) desc limit 3",
            "event": "select event_id from v1.figure group by 1 order by count(*) desc limit 3",
            "place": "select place_id from v1.event group by 1 order by count(*) desc limit 3",
        }
        for name in VERSIONS["v1"].resources:
            rows = await connection.fetch(f"select id from v1.{name} order by id limit 190")
            first = await connection.fetch(heavy[name]) if name in heavy else []
            ids[name] = [row[0] for row in (*first, *rows)]
        texts = await connection.fetch("select lower(text) from v1.quote limit 500")
        count: dict[str, int] = {}
        for word in " ".join(row[0] for row in texts).split():
            count[word] = count.get(word, 0) + 1
        words = sorted(count, key=lambda word: -count[word])
        tags = await connection.fetch("select distinct unnest(tags) from v1.event limit 190")
        return cls(ids, words[:40] + words[-10:], [row[0] for row in tags])


class Greedy:
    """Generates one request after another."""

    def __init__(self, store_values: StoreValues, seed: int) -> None:
        self._store_values = store_values
        self._random = Random(seed)
        self._version: Version = VERSIONS["v2"]
        self._variables: dict[str, Any] = {}
        self._declarations: list[str] = []

    def request(self) -> Request:
        """Return a request over REST or GraphQL."""
        self._version = VERSIONS[self._random.choice(list(VERSIONS))]
        return self._rest() if self._random.random() < 0.35 else self._graphql()

    # REST

    def _rest(self) -> Request:
        resource = self._random.choice(list(self._version.lists.values()))
        rows = parameters(self._version, resource)
        params = {}
        for parameter in self._random.sample(list(rows.values()), min(len(rows), self._random.choice((1, 1, 2, 3, 5)))):
            params[parameter.name] = self._parameter_text(parameter)
            if needed := parameter.condition.needs:
                prefix = f"{parameter.link}." if parameter.link else ""
                params.setdefault(prefix + needed, "killed")
        sorts = [f"{sign}{name}" for name in resource.sortable for sign in ("", "-")]
        if resource.searched and self._random.random() < 0.4:
            params["q"] = self._search()
            sorts.append("relevance")
        if self._random.random() < 0.5:
            params["sort"] = self._random.choice(sorts)
            if params["sort"] in ("value", "-value"):
                params.setdefault("measure", "killed")
        if self._random.random() < 0.2:
            params["count"] = self._random.choice(("exact", "estimated"))
        params["limit"] = str(self._random.choice(SIZES))
        pairs = "&".join(f"{name}={quote(value, safe=',')}" for name, value in params.items())
        return Request(f"/{resource.plural}?{pairs}", None, self._version.name)

    def _parameter_text(self, parameter: Parameter) -> str:
        condition = parameter.condition
        match parameter.takes:
            case "boolean":
                return self._random.choice(("true", "false"))
            case "bbox":
                return self._random.choice(("-180,-90,180,90", "0,0,0.001,0.001", "170,-60,-170,60"))
            case "near":
                return self._random.choice(("0,0,0.001", "10,10,20000", "48,37,500"))
            case "identifier":
                return ",".join(f"wikidata:x{n}" for n in range(self._random.choice(LISTS)))
            case "list":
                return ",".join(map(str, self._values(condition)))
            case _:
                return str(self._value(condition))

    # GraphQL

    def _graphql(self) -> Request:
        self._variables, self._declarations = {}, []
        roots = self._random.choice((1, 1, 1, 2, 5, 10))
        text = " ".join(f"r{n}: {self._root()}" for n in range(roots))
        declaration = f"query({', '.join(self._declarations)}) " if self._declarations else ""
        return Request(f"{declaration}{{ {text} }}", self._variables, self._version.name)

    def _root(self) -> str:
        resource = self._random.choice(list(self._version.resources.values()))
        if self._random.random() < 0.3:
            identifier = self._random.choice(self._store_values.ids[resource.name][:5])
            return f'{camel(resource.name)}(id: "{identifier}") {{ id {self._sets(resource, 2)} }}'
        filter = self._filter(resource, 3) if self._random.random() < 0.9 else {}
        arguments = [f"first: {self._random.choice(SIZES)}", f"filter: {self._variable(resource, filter)}"]
        terms = [name for name in resource.sortable if name != "value"] + ["relevance"] * ("search" in filter)
        if self._random.random() < 0.5:
            way = self._random.choice(("ASC", "DESC"))
            arguments.append(f"orderBy: {{field: {self._random.choice(terms).upper()}, direction: {way}}}")
        fields = self._random.choice(("nodes { id }", "nodes { id }", "totalCount", "totalCount nodes { id }"))
        if "nodes" in fields and self._random.random() < 0.4:
            fields = fields.replace("{ id }", f"{{ id {self._sets(resource, 2)} }}")
        return f"{camel(resource.plural)}({', '.join(arguments)}) {{ {fields} }}"

    def _sets(self, resource: Resource, depth: int) -> str:
        links = list(resource.links.values())
        fields = []
        for n in range(self._random.choice((0, 1, 1, 2, 8)) if depth == 2 else self._random.choice((0, 0, 1))):
            link = self._random.choice(links)
            target = self._version[link.target]
            below = self._sets(target, depth - 1) if depth else ""
            name = f"s{depth}{n}: {camel(link.name)}"
            selection = f"{{ __typename {below} }}"
            if link.kind in ("one", "several"):
                fields.append(f"{name} {selection}")
                continue
            filter = self._variable(target, self._filter(target, 1)) if self._random.random() < 0.8 else "{}"
            size = self._random.choice((1, 1, 10, 50))
            fields.append(f"{name}(first: {size}, filter: {filter}) {{ nodes {selection} }}")
        return " ".join(fields)

    def _variable(self, resource: Resource, filter: dict[str, Any]) -> str:
        name = f"f{len(self._declarations)}"
        self._declarations.append(f"${name}: {pascal(resource.name)}Filter")
        self._variables[name] = filter
        return f"${name}"

    def _filter(self, resource: Resource, depth: int) -> dict[str, Any]:
        conditions: dict[str, Any] = {}
        rows = list(filter_fields(self._version, resource).values())
        for row in self._random.sample(rows, min(len(rows), self._random.choice((1, 1, 1, 2, 3)))):
            conditions[row.name] = self._test(row, depth)
        if conditions.keys() & {"value"} and "measure" not in conditions:
            conditions["measure"] = {"in": ["KILLED"]}
        if resource.searched and self._random.random() < 0.25:
            conditions["search"] = {"text": self._search()}
        if depth and self._random.random() < 0.6:
            word = self._random.choice(("not", "not", "or", "and"))
            count = self._random.choice((1, 2, 5))
            below = [self._filter(resource, depth - 1) for _ in range(count)]
            conditions[word] = below[0] if word == "not" else below
            if self._random.random() < 0.6:
                return {word: conditions[word]}
        return conditions

    def _test(self, row: FilterShape, depth: int) -> Any:
        if row.link is not None:
            return self._through(row.link, depth)
        operator = self._random.choice(list(row.conditions))
        condition = row.conditions[operator]
        match operator:
            case "is":
                return self._random.choice((True, False))
            case "bbox":
                return {"west": -180, "south": -90, "east": 180, "north": self._random.choice((90, -89.9))}
            case "near":
                return {"latitude": 1, "longitude": 2, "kilometres": self._random.choice((0.001, 20000))}
            case "null":
                return {"isNull": self._random.choice((True, False))}
            case "identifier" | "subject":
                key = "value" if operator == "identifier" else "code"
                entries = [{"scheme": "wikidata", key: f"x{n}"} for n in range(self._random.choice(LISTS))]
                return {"has": entries}
            case "in" | "has":
                values = self._values(condition)
                if condition.type.name == "vocabulary":
                    values = [str(value).upper() for value in values]
                return {operator: values}
            case _:
                return {operator: self._value(condition)}

    def _through(self, link: Link, depth: int) -> dict[str, Any]:
        target = self._version[link.target]
        below = self._filter(target, max(0, depth - 1))
        return below if link.single else {"some": below}

    # Values

    def _values(self, condition: Condition) -> list[Any]:
        return list(dict.fromkeys(self._value(condition) for _ in range(self._random.choice(LISTS))))

    def _value(self, condition: Condition) -> Any:
        kind = condition.type
        if kind.name == "vocabulary":
            return self._random.choice(list(kind.of.terms()))
        if kind.of is not None:
            unknown = f"{kind.of.prefix}_{'0' * 26}"
            return self._random.choice([*self._store_values.ids[kind.of.name], unknown])
        if condition.format == "id":
            return self._random.choice(self._store_values.ids[self._random.choice(("event", "figure", "quote"))])
        if condition.format == "country":
            return self._random.choice(("UA", "SY", "NR", "FR"))
        if condition.format == "language":
            return self._random.choice(("en", "uk", "aa"))
        if kind.name == "timestamp":
            return self._random.choice(TIMES)
        if kind.name == "date":
            return self._random.choice(TIMES)[:10]
        if kind.name in ("number", "integer", "float"):
            return self._random.choice((0, 5, 100_000))
        return self._random.choice([*self._store_values.tags, "no such thing"])

    def _search(self) -> str:
        parts = []
        for _ in range(self._random.choice((1, 1, 2, 3, 14))):
            word, second_word = self._random.choices([*self._store_values.words, "zzzz"], k=2)
            parts.append(self._random.choice((word, f'"{word} {second_word}"', f"-{word}")))
        return self._random.choice((" ", " or ")).join(parts)
