"""Generate GraphQL operations with all features of the language, over the schema of the contract and values that occur.

They have aliases, fragments (on types, on Node, without a condition, nested and spread twice), repeated fields,
variables (with defaults, null and absent), `@skip` and `@include`, several operations, and introspection beside data.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from api import model
from tests.agreement.dataset import identifier
from tests.agreement.reference import LINKS, PREFIXES, SHORT, format_time, snake
from tests.agreement.rows import SEARCHES, Row, Rows

CHILDREN = tuple(name.capitalize() for name in model.CHILDREN)
WITHIN = {name: prefix for prefix, name in PREFIXES.items()}
INTROSPECTION = [
    "__schema { queryType { name } mutationType { name } directives { name locations } }",
    '__type(name: "Event") { kind name fields { name type { name kind ofType { name } } args { name defaultValue } } }',
    '__type(name: "Stance") { __typename enumValues { name description } }',
    '__type(name: "FigureFilter") { inputFields { name type { name } } }',
    '__type(name: "Nothing") { name }',
]


class Term(str):
    """An enum's value, which has no quotes in a document."""


@dataclass
class Operation:
    """A GraphQL request."""

    text: str
    variables: dict[str, Any]
    name: str | None


@dataclass
class Generator:
    """Generates one operation after another. `rows` has the values that occur."""

    schema: GraphQLSchema
    rows: Rows
    random: Random
    declarations: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: dict[str, tuple[str, str]] = field(default_factory=dict)
    arguments: dict[tuple[str, str], str] = field(default_factory=dict)
    names: int = 0
    aliases: int = 0
    directives: int = 0
    remaining: int = 0

    def operation(self) -> Operation:
        """Return one request."""
        self.declarations, self.variables, self.fragments, self.arguments = [], {}, {}, {}
        self.names, self.aliases, self.directives, self.remaining = 0, 0, 0, 70
        roots = [self._root() for _ in range(self.random.choice([1, 1, 2, 3, 4]))]
        if self._chance(0.1):
            roots.append(self._with_alias("__typename"))
        if self._chance(0.12):
            roots.append(self._with_alias(self.random.choice(INTROSPECTION)))
        self.random.shuffle(roots)
        if self._chance(0.1):
            roots[0] = f"... on Query {self._directive()} {{ {roots[0]} }}"
        if self._chance(0.1):
            roots.append(f"...{self._fragment('Query', ' '.join(roots[:1]))}")
        name = self.random.choice(["", "Asked"]) or ("Asked" if self.declarations else "")
        declaration = f"({', '.join(self.declarations)})" if self.declarations else ""
        parts = [f"query {name}{declaration} {{ {' '.join(roots)} }}" if name else f"{{ {' '.join(roots)} }}"]
        parts += [f"fragment {key} on {on} {text}" for key, (on, text) in self.fragments.items()]
        operation_name = None
        if name and self._chance(0.3):
            parts.append("query Other($size: Int = 1) { nodes(ids: []) { id } places(first: $size) { __typename } }")
            operation_name = name
        self.random.shuffle(parts)
        return Operation("\n".join(parts), self.variables, operation_name)

    @property
    def _kinds(self) -> list[str]:
        """The types of records that the schema has."""
        return [kind for kind in WITHIN if kind in self.schema.type_map]

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _root(self) -> str:
        roll = self.random.random()
        if roll < 0.1:
            text = f"node(id: {self._value(self._type('ID!'), self._id())}) {self._selection('Node', 3)}"
        elif roll < 0.2:
            ids = [self._id() for _ in range(self.random.randrange(6))]
            text = f"nodes(ids: {self._value(self._type('[ID!]!'), ids)}) {self._selection('Node', 3)}"
        elif roll < 0.3:
            kind = self.random.choice(self._kinds)
            target = kind if self._chance(0.9) else "Place"
            text = f"{kind.lower()}(id: {self._value(self._type('ID!'), self._id(target))}) {self._selection(kind, 4)}"
        else:
            assert self.schema.query_type is not None
            query_fields = self.schema.query_type.fields
            # Without rows there are no values to filter by.
            lists = [
                kind for kind in (*CHILDREN, "Withdrawal") if f"{kind.lower()}s" in query_fields and self._rows_of(kind)
            ]
            records = ["Event", "Event", "Event", "Figure", "Figure", "Quote", "Quote", *self._kinds]
            kind = self.random.choice([*records, *lists])
            text = f"{kind.lower()}s{self._page(kind)} {self._selection(kind + 'Connection', 5)}"
        return self._with_alias(text + "", always=True)

    def _with_alias(self, text: str, always: bool = False) -> str:
        """Return the field under an alias of its own, and perhaps under a condition."""
        self.names += 1
        alias = f"r{self.names}: " if always or self._chance(0.5) else ""
        if not self._chance(0.08) or "{" not in text:
            return alias + text
        head, brace, tail = text.partition(" {")
        if "(" in head and head.count("(") != head.count(")"):
            return alias + text
        return f"{alias}{head} {self._directive()}{brace}{tail}"

    def _page(self, kind: str) -> str:
        arguments = []
        way = self.random.choice(["first", "first", "first", "last", ""])
        if way:
            arguments.append(f"{way}: {self._argument('Int', self.random.choice([1, 2, 3, 5, 8, 25]))}")
        narrowing = self._filter(kind, 3) if self._chance(0.65) else {}
        if narrowing or self._chance(0.1):
            arguments.append(f"filter: {self._argument(f'{kind}Filter', narrowing)}")
        if self._chance(0.5):
            arguments.append(f"orderBy: {self._order(kind, narrowing)}")
        if self._chance(0.01):
            arguments.append(f"{self.random.choice(['after', 'before'])}: {json.dumps('WyJ4Iiwi')}")
        self.random.shuffle(arguments)
        return f"({', '.join(arguments)})" if arguments else ""

    def _order(self, kind: str, narrowing: Row) -> str:
        terms = list(self.schema.type_map[f"{kind}OrderField"].values)  # type: ignore[attr-defined]
        needs = {"VALUE": "measure", "RELEVANCE": "search"}
        needing = [term for term in terms if needs.get(term) in narrowing]
        terms = needing if needing and self._chance(0.6) else [term for term in terms if term not in needs]
        order: Row = {"field": Term(self.random.choice(terms))}
        if self._chance(0.6):
            order["direction"] = Term(self.random.choice(["ASC", "DESC"]))
        return self._argument(f"{kind}Order", order)

    def _selection(self, kind: str, depth: int) -> str:
        on = self.schema.type_map[kind]
        assert isinstance(on, GraphQLObjectType | GraphQLInterfaceType)
        parts = [self._item(on, depth) for _ in range(self.random.choice([1, 2, 2, 3, 4, 5]))]
        shallow = all(part.startswith("...") for part in parts)
        return f"{{ {' '.join(parts)}{' __typename' if shallow and self._chance(0.5) else ''} }}"

    def _item(self, on: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        self.remaining -= 1
        roll = self.random.random()
        if roll < 0.06:
            return self._alias("__typename")
        if isinstance(on, GraphQLInterfaceType):
            if roll < 0.2:
                return self._alias("id")
            return self._spread(self.random.choice([*self._kinds, "Node"]), depth)
        if roll < 0.25 and self.remaining > 0:
            return self._spread(
                self.random.choice([on.name, on.name, *[interface.name for interface in on.interfaces]]), depth
            )
        return self._field(on, depth)

    def _spread(self, kind: str, depth: int) -> str:
        if self._chance(0.4):
            fragments = [name for name, (on, _) in self.fragments.items() if on == kind]
            name = (
                self.random.choice(fragments) if fragments and self._chance(0.5) else self._fragment(kind, depth=depth)
            )
            return f"...{name} {self._maybe_directive()}"
        condition = f"on {kind} " if self._chance(0.8) or kind not in ("",) else ""
        return f"... {condition}{self._maybe_directive()} {self._selection(kind, depth - 1)}"

    def _fragment(self, kind: str, text: str = "", depth: int = 1) -> str:
        self.names += 1
        name = f"F{self.names}"
        self.fragments[name] = (kind, f"{{ {text} }}" if text else self._selection(kind, depth - 1))
        return name

    def _field(self, on: GraphQLObjectType, depth: int) -> str:
        leaves = {name: field for name, field in on.fields.items() if is_leaf_type(get_named_type(field.type))}
        # Facets are compared with counts (test_facets.py): the reference executor has neither.
        deep = {name: field for name, field in on.fields.items() if name not in leaves and name != "facets"}
        if deep and depth > 0 and self.remaining > 0 and (self._chance(0.8 if len(leaves) < 4 else 0.4) or not leaves):
            name = self.random.choice(list(deep))
            return self._deep(on, name, deep[name], depth)
        if not leaves:
            return "__typename"
        return self._alias(self.random.choice(list(leaves)))

    def _deep(self, on: GraphQLObjectType, name: str, field: GraphQLField, depth: int) -> str:
        kind = get_named_type(field.type).name
        if not field.args:
            return f"{self._alias(name)} {self._maybe_directive()} {self._selection(kind, depth - 1)}"
        target = LINKS[on.name][name][1]
        # A field without an alias of its own may occur again. Then it needs the same arguments.
        if self.aliases < 25 and self._chance(0.5):
            self.names += 1
            self.aliases += 1
            return f"a{self.names}: {name}{self._set(target)} {self._selection(kind, depth - 1)}"
        if (on.name, name) not in self.arguments:
            self.arguments[on.name, name] = self._set(target)
        return f"{name}{self.arguments[on.name, name]} {self._maybe_directive()} {self._selection(kind, depth - 1)}"

    def _set(self, target: str) -> str:
        arguments = []
        if self._chance(0.5):
            size = self.random.choice([1, 2, 3, 10, 50] if target == "Citation" else [1, 2, 3])
            arguments.append(f"first: {self._value(self._type('Int!'), size, default=True)}")
        if self._chance(0.4):
            arguments.append(f"filter: {self._argument(f'{target}Filter', self._filter(target, 2))}")
        return f"({', '.join(arguments)})" if arguments else ""

    def _alias(self, name: str) -> str:
        if self.aliases < 25 and self._chance(0.25):
            self.aliases += 1
            self.names += 1
            return f"a{self.names}: {name}"
        return name

    def _maybe_directive(self) -> str:
        return self._directive() if self._chance(0.12) else ""

    def _directive(self) -> str:
        if self.directives >= 4:
            return ""
        self.directives += 1
        keep = self._value(self._type("Boolean!"), self._chance(0.6))
        return f"@{self.random.choice(['include', 'skip'])}(if: {keep})"

    # Values

    def _type(self, text: str) -> Any:
        if text.endswith("!"):
            return GraphQLNonNull(self._type(text[:-1]))
        if text.startswith("["):
            return GraphQLList(self._type(text[1:-1]))
        return self.schema.type_map[text]

    def _argument(self, kind: str, value: Any) -> str:
        """Return a value for an argument that may be left out, so its variable may be null or absent."""
        if not self._chance(0.06):
            return self._value(self._type(kind), value)
        self.names += 1
        self.declarations.append(f"$v{self.names}: {kind}")
        if self._chance(0.5):
            self.variables[f"v{self.names}"] = None
        return f"$v{self.names}"

    def _value(self, kind: Any, value: Any, default: bool = False) -> str:
        """Return a value as a literal or as a variable: given, left to its default, or given over its default."""
        if not self._chance(0.25):
            return self._literal(kind, value)
        self.names += 1
        name = f"v{self.names}"
        if default and self._chance(0.3):
            # `first: Int! = 10` accepts a nullable variable that is absent.
            self.declarations.append(f"${name}: Int")
            return f"${name}"
        roll = self.random.random()
        if roll < 0.35:
            self.declarations.append(f"${name}: {kind} = {_plain(value)}")
            if roll < 0.15:
                self.variables[name] = _json(value)
        else:
            self.declarations.append(f"${name}: {kind}")
            self.variables[name] = _json(value)
        return f"${name}"

    def _literal(self, kind: Any, value: Any) -> str:
        bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(value, list) and isinstance(bare, GraphQLList):
            if len(value) == 1 and self._chance(0.2):
                return self._literal(bare.of_type, value[0])
            return f"[{', '.join(self._value(bare.of_type, element) for element in value)}]"
        if isinstance(value, dict) and isinstance(bare, GraphQLInputObjectType):
            pairs = [f"{key}: {self._value(bare.fields[key].type, element)}" for key, element in value.items()]
            if bare.name.endswith("Filter") and self._chance(0.03):
                absent = next((key for key in bare.fields if key not in value), None)
                if absent:
                    self.names += 1
                    self.declarations.append(f"$v{self.names}: {bare.fields[absent].type}")
                    pairs.append(f"{absent}: $v{self.names}")
            return f"{{{', '.join(pairs)}}}"
        return _plain(value)

    def _filter(self, kind: str, depth: int) -> Row:
        on = self.schema.type_map[f"{kind}Filter"]
        assert isinstance(on, GraphQLInputObjectType)
        result: Row = {}
        for _ in range(self.random.choice([0, 1, 1, 1, 2, 3])):
            name = self.random.choice(
                [*on.fields, *(field for field in ("search", "value", "tags") if field in on.fields)]
            )
            value = self._test(kind, name, on, depth)
            if value is not None:
                result[name] = value
        if kind == "Figure" and "value" in result and "measure" not in result:
            result["measure"] = {"in": [Term("KILLED")]}
        return result

    def _test(self, kind: str, name: str, on: GraphQLInputObjectType, depth: int) -> Any:
        random = self.random
        if name in ("and", "or", "not"):
            if not depth:
                return None
            if name == "not":
                return self._filter(kind, depth - 1)
            return [self._filter(kind, depth - 1) for _ in range(random.randint(1, 3))]
        if name == "search":
            words, language = random.choice(SEARCHES)
            return {"text": words} if language == "en" and self._chance(0.7) else {"text": words, "language": language}
        if name in LINKS[kind]:
            if not depth:
                return None
            how, target, _ = LINKS[kind][name]
            target_filter = self._filter(target, depth - 1)
            return target_filter if how == "one" else {"some": target_filter}
        owner, column = kind, name
        while column in SHORT.get(owner, ()):
            link, column = SHORT[owner][column]
            owner = LINKS[owner][link][1]
        test = get_named_type(on.fields[name].type)
        if test.name == "Boolean":
            return self._chance(0.5)
        if test.name in ("Box", "Near"):
            return self._box() if test.name == "Box" else self._near()
        assert isinstance(test, GraphQLInputObjectType)
        keys = random.sample(list(test.fields), random.choice([1, 1, min(2, len(test.fields))]))
        return {key: self._wanted(owner, column, key, test) for key in keys}

    def _wanted(self, owner: str, name: str, key: str, test: GraphQLInputObjectType) -> Any:
        if key == "isNull":
            return self._chance(0.5)
        kind = get_named_type(test.fields[key].type)
        column = "value_floor" if name == "value" else snake(name)
        rows = self._rows_of(owner)
        values = [row[column] for row in rows if row.get(column) not in (None, [])]
        # The longest numbers that a figure may have do not fit into a float.
        values = [value for value in values if not isinstance(value, Decimal) or abs(value) < 10**12]
        picked = self.random.choices(values, k=self.random.randint(1, 3)) if values else []
        if key == "has":
            picked = [self.random.choice(options) for options in picked]
        if isinstance(kind, GraphQLInputObjectType):
            picked = [{name: entry[name] for name in kind.fields} for entry in picked]
        if isinstance(kind, GraphQLEnumType):
            picked = [Term(term.upper()) for term in picked] or [Term(next(iter(kind.values)))]
        if key in ("gte", "lt", "after"):
            return _as_argument(self.random.choice(picked)) if picked else None
        if kind.name == "ID" and not picked:
            picked = [identifier(self.random, WITHIN["Source"])]
        return picked

    def _rows_of(self, kind: str) -> list[Row]:
        if kind == "Withdrawal":
            return self.rows.withdrawals
        if kind in self.rows.records:
            return list(self.rows.records[kind].values())
        return [row for children in self.rows.children[kind].values() for row in children]

    def _id(self, kind: str = "") -> str:
        kind = kind or self.random.choice(self._kinds)
        roll = self.random.random()
        if roll < 0.12 and self.rows.withdrawn[kind]:
            return self.random.choice(list(self.rows.withdrawn[kind]))
        if roll < 0.2:
            other = identifier(self.random, WITHIN[kind])
            return self.random.choice(["", "evt_", "x", "no_such", other, other.upper(), f"{other}0", "evt_é\\\"'"])
        # The skew is on the first records.
        ids = list(self.rows.records[kind])
        return ids[0] if roll < 0.4 else self.random.choice(ids)

    def _box(self) -> Row:
        west, south, east, north = self.random.choice(
            [
                (22.0, 44.0, 41.0, 53.0),
                (170.0, -30.0, -170.0, 10.0),
                (-180.0, -90.0, 180.0, 90.0),
                (30, 40, 20, 60),
                (-180.0, 80.0, 180.0, 90.0),
                (180.0, -90.0, -180.0, 90.0),
                (37.5434, 47.0971, 37.5434, 47.0971),
                (170.0, -30.0, 190.5, 10.0),
                (177.0, -30.0, 180.0, 10.0),
                (-190, -30, -179.75, 10),
                (20.0, 89.0, 30.0, 90.0),
                (-540.0, -90.0, 180.0, 90.0),
            ]
        )
        return {"west": west, "south": south, "east": east, "north": north}

    def _near(self) -> Row:
        latitude, longitude, kilometres = self.random.choice(
            [
                (50.45, 30.52, 500),
                (-17.6, 179.9, 120.5),
                (-17.6, -179.9, 120.5),
                (89.9, 100.0, 200),
                (-89.0, 0.0, 300.0),
                (0.0, -180.0, 50.0),
                (-17.6, 180.1, 120.5),
                (-17.6, -540, 60.0),
                (0, 0, 20016),
                (47.0971, 37.5434, 0.001),
                (60.0, 0.0, 9000),
            ]
        )
        return {"latitude": latitude, "longitude": longitude, "kilometres": kilometres}


def _as_argument(value: Any) -> Any:
    """Return a value of a row as a client writes it."""
    if isinstance(value, datetime | date):
        return format_time(value)
    return float(value) if isinstance(value, Decimal) else value


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_json(element) for element in value]
    return _as_argument(value)


def _plain(value: Any) -> str:
    """Return a value as a literal without variables."""
    if isinstance(value, Term):
        return str(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_plain(element)}' for key, element in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_plain, value))}]"
    return json.dumps(_as_argument(value), ensure_ascii=False)
