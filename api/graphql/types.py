"""The Strawberry types of a version, made from the catalog's tables."""

from __future__ import annotations

import enum
import inspect
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType, ModuleType
from typing import Annotated, Any, NewType

import strawberry
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from strawberry.types.scalar import ScalarDefinition

from api.catalog import Version
from api.graphql.shape import ID, camel, type_annotation
from api.model.types import Term
from api.query.parse import read_date, read_timestamp
from api.query.parts import Part

DateTime = NewType("DateTime", datetime)
Date = NewType("Date", date)
# Name, annotation, default and description.
Argument = tuple[str, str, Any, str]
# Name, annotation, description and arguments.
OutputField = tuple[str, str, str, list[Argument]]
# Name, annotation and description.
InputField = tuple[str, str, str]
NOTHING: Mapping[str, str] = MappingProxyType({})


def part_field(part: Part[Any]) -> OutputField:
    """Return the field of an object that shows a part of counts or of series."""
    annotation = ID if part.key == "id" else type_annotation(part.type)
    if part.type.nullable:
        annotation = f"{annotation} | None"
    return (camel(part.key), annotation, part.description, [])


def _make_scalar(name: str, description: str, url: str, read: Callable[[str], date]) -> ScalarDefinition:
    def parse(value: object) -> date:
        if not isinstance(value, str):
            raise GraphQLError(f"{name} expects a string.")
        try:
            return read(value)
        except ValueError as error:
            raise GraphQLError(str(error)) from None

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> date:
        try:
            return parse(value_from_ast_untyped(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from None

    return strawberry.scalar(
        name=name, description=description, specified_by_url=url, parse_value=parse, parse_literal=parse_literal
    )


SCALARS: dict[object, ScalarDefinition] = {
    DateTime: _make_scalar(
        "DateTime",
        "A time with its offset, as 2022-03-06T12:00:00Z (RFC 3339). Responses are in UTC."
        " In input, a date means midnight UTC.",
        "https://www.rfc-editor.org/rfc/rfc3339",
        read_timestamp,
    ),
    Date: _make_scalar(
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
        # The names that annotations contain besides those of the types.
        vars(self.module).update(strawberry=strawberry, Annotated=Annotated, DateTime=DateTime, Date=Date)

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
        """Make an object type. `deprecated` maps the deprecated fields to what to do instead."""
        attributes: dict[str, Any] = {}
        annotations: dict[str, str] = {}
        for key, annotation, text, arguments in fields:
            annotations[key] = annotation
            options: dict[str, Any] = {}
            if arguments:
                options["resolver"] = self._make_resolver(arguments, annotation)
            attributes[key] = strawberry.field(
                name=key, description=text, deprecation_reason=deprecated.get(key) or None, **options
            )
        bases = (self.module.Node,) if node else ()
        cls = self._make_class(name, bases, attributes, annotations)
        setattr(self.module, name, strawberry.type(cls, description=description))

    def interface(self, name: str, description: str, fields: Iterable[InputField]) -> None:
        """Make an interface type."""
        attributes: dict[str, Any] = {}
        annotations: dict[str, str] = {}
        for key, annotation, text in fields:
            annotations[key] = annotation
            attributes[key] = strawberry.field(name=key, description=text)
        cls = self._make_class(name, (), attributes, annotations)
        setattr(self.module, name, strawberry.interface(cls, description=description))

    def input(
        self,
        name: str,
        description: str,
        fields: Iterable[InputField],
        deprecated: Mapping[str, str] = NOTHING,
    ) -> None:
        """Make an input type. A field whose annotation allows None may be left out. `deprecated` is as in `output`."""
        attributes: dict[str, Any] = {}
        annotations: dict[str, str] = {}
        for key, annotation, text in fields:
            options: dict[str, Any] = {}
            if annotation.endswith("| None"):
                options["default"] = strawberry.UNSET
            # With an underscore, because the name of a field may be a keyword of Python.
            attribute = f"{key}_"
            annotations[attribute] = annotation
            attributes[attribute] = strawberry.field(
                name=key, description=text, deprecation_reason=deprecated.get(key) or None, **options
            )
        cls = self._make_class(name, (), attributes, annotations)
        setattr(self.module, name, strawberry.input(cls, description=description))

    def enumeration(self, name: str, description: str, terms: dict[str, str]) -> None:
        """Make an enum. Its terms are in capitals, as GraphQL writes them."""
        members: dict[str, Any] = {}
        for term, text in terms.items():
            reason = text.deprecated if isinstance(text, Term) else None
            members[term.upper()] = strawberry.enum_value(term, description=str(text), deprecation_reason=reason)
        cls = enum.Enum(name, members, module=self.module.__name__)  # type: ignore[misc]
        setattr(self.module, name, strawberry.enum(cls, description=description))

    def _make_class(
        self, name: str, bases: tuple[type, ...], attributes: dict[str, Any], annotations: dict[str, str]
    ) -> type:
        return type(name, bases, {"__annotations__": annotations, "__module__": self.module.__name__, **attributes})

    def _make_resolver(self, arguments: list[Argument], annotation: str) -> Any:
        """Return a function from which Strawberry reads a field's arguments. It is never called: Postgres answers."""

        def resolver(**_: Any) -> None:
            raise NotImplementedError

        parameters: list[inspect.Parameter] = []
        annotations: dict[str, str] = {}
        for name, kind, default, text in arguments:
            annotations[name] = self._describe(kind, text)
            parameters.append(
                inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotations[name])
            )
        resolver.__module__ = self.module.__name__
        resolver.__signature__ = inspect.Signature(parameters, return_annotation=annotation)  # type: ignore[attr-defined]
        resolver.__annotations__ = annotations | {"return": annotation}
        return resolver

    def _describe(self, annotation: str, description: str) -> str:
        """Return the annotation with a description. The description is in the module, under a name of its own."""
        name = f"described_{len(vars(self.module))}"
        setattr(self.module, name, strawberry.argument(description=description))
        return f"Annotated[{annotation}, {name}]"
