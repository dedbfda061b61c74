"""The Strawberry types of a version, made from the catalog's tables."""

from __future__ import annotations

import enum
import inspect
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType, ModuleType
from typing import Annotated, Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from api.catalog import Version
from api.query.parse import read_date, read_timestamp

DateTime = NewType("DateTime", datetime)
Date = NewType("Date", date)
Argument = tuple[str, str, Any, str]
OutputField = tuple[str, str, str, list[Argument]]
NOTHING: Mapping[str, str] = MappingProxyType({})


def _scalar(name: str, description: str, url: str, read: Any) -> Any:
    def parse(value: Any) -> Any:
        if not isinstance(value, str):
            raise GraphQLError(f"{name} expects a string.")
        try:
            return read(value)
        except ValueError as error:
            raise GraphQLError(str(error)) from None

    def literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
        try:
            return parse(value_from_ast_untyped(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from None

    return strawberry.scalar(
        name=name, description=description, specified_by_url=url, parse_value=parse, parse_literal=literal
    )


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: _scalar(
        "DateTime",
        "A time with its offset, as 2022-03-06T12:00:00Z (RFC 3339); answers are in UTC."
        " As input a date is its midnight in UTC.",
        "https://www.rfc-editor.org/rfc/rfc3339",
        read_timestamp,
    ),
    Date: _scalar(
        "Date", "A day, as 2022-03-06 (ISO 8601).", "https://www.iso.org/iso-8601-date-and-time-format.html", read_date
    ),
}


@dataclass
class Types:
    """The types of one version. They live in a module of their own, where annotations find one another by name."""

    version: Version
    module: ModuleType = field(init=False)

    def __post_init__(self) -> None:
        self.module = ModuleType(f"api.graphql.{self.version.name}")
        sys.modules[self.module.__name__] = self.module
        for name, value in (
            ("strawberry", strawberry),
            ("Annotated", Annotated),
            ("DateTime", DateTime),
            ("Date", Date),
        ):
            setattr(self.module, name, value)

    def has(self, name: str) -> bool:
        """Return True if the type exists already."""
        return hasattr(self.module, name)

    def output(
        self,
        name: str,
        description: str,
        fields: Iterable[OutputField],
        node: bool = False,
        deprecated: Mapping[str, str] = NOTHING,
    ) -> None:
        """Make an object type. Each field is its name, annotation, description and arguments. `deprecated` maps the
        deprecated fields to what to do instead."""
        made = {}
        notes = {}
        for key, annotation, text, arguments in fields:
            notes[key] = annotation
            resolved = {"resolver": self._resolver(arguments, annotation)} if arguments else {}
            old = deprecated.get(key) or None
            made[key] = strawberry.field(name=key, description=text, deprecation_reason=old, **resolved)
        bases = (self.module.Node,) if node else ()
        cls = type(name, bases, {"__annotations__": notes, "__module__": self.module.__name__, **made})
        setattr(self.module, name, strawberry.type(cls, description=description))

    def interface(self, name: str, description: str, fields: Iterable[tuple[str, str, str]]) -> None:
        """Make an interface type."""
        rows = list(fields)
        made = {key: strawberry.field(name=key, description=text) for key, _, text in rows}
        notes = {key: annotation for key, annotation, _ in rows}
        cls = type(name, (), {"__annotations__": notes, "__module__": self.module.__name__, **made})
        setattr(self.module, name, strawberry.interface(cls, description=description))

    def input(
        self,
        name: str,
        description: str,
        fields: Iterable[tuple[str, str, str]],
        deprecated: Mapping[str, str] = NOTHING,
    ) -> None:
        """Make an input type. A field whose annotation allows None may be left out. `deprecated` is as in `output`."""
        made: dict[str, Any] = {}
        notes = {}
        for key, annotation, text in fields:
            notes[f"{key}_"] = annotation
            default = strawberry.UNSET if annotation.endswith("| None") else ...
            given = {} if default is ... else {"default": default}
            old = deprecated.get(key) or None
            made[f"{key}_"] = strawberry.field(name=key, description=text, deprecation_reason=old, **given)
        cls = type(name, (), {"__annotations__": notes, "__module__": self.module.__name__, **made})
        setattr(self.module, name, strawberry.input(cls, description=description))

    def enumeration(self, name: str, description: str, terms: dict[str, str]) -> None:
        """Make an enum. Its terms are in capitals, as GraphQL writes them."""
        values = {
            term.upper(): strawberry.enum_value(
                term, description=str(text), deprecation_reason=getattr(text, "deprecated", None)
            )
            for term, text in terms.items()
        }
        made = enum.Enum(name, values, module=self.module.__name__)  # type: ignore[misc]
        setattr(self.module, name, strawberry.enum(made, description=description))

    def _resolver(self, arguments: list[Argument], annotation: str) -> Any:
        """Return a function from which Strawberry reads a field's arguments. It is never called: Postgres answers."""

        def resolver(**_: Any) -> None:
            raise NotImplementedError

        parameters = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default=default,
                annotation=self._described(kind, text),
            )
            for name, kind, default, text in arguments
        ]
        resolver.__module__ = self.module.__name__
        resolver.__signature__ = inspect.Signature(parameters, return_annotation=annotation)  # type: ignore[attr-defined]
        resolver.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": annotation}
        return resolver

    def _described(self, kind: str, description: str) -> str:
        """Return an annotation with a description. The module contains what its text names."""
        name = f"described_{len(vars(self.module))}"
        setattr(self.module, name, strawberry.argument(description=description))
        return f"Annotated[{kind}, {name}]"
