"""The schema of a version: the root, and every type below it."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from api.catalog import Resource, Version, has_counts, has_series
from api.graphql.counts import counts_field, declare_counts
from api.graphql.declare import MAX_RECORDS, RECORDS_FIRST, declare
from api.graphql.series import declare_series, series_field
from api.graphql.shape import pascal
from api.graphql.types import SCALARS, Argument, OutputField, Types

MAX_NODES = 50
QUERY = (
    "The root of all queries. The header field `At-Least-Edition: e123` requests a response that contains every change "
    "up to that edition, which is the `Edition` of an earlier response. The response is 400 if the edition does not "
    "exist yet. A response with `Freshness: unconfirmed` may be out of date, because the primary store is unavailable."
)
REVISIONS_FIRST = 10
REQUIRED: Any = inspect.Parameter.empty


@cache
def schema(version: Version) -> strawberry.Schema:
    """Return Strawberry's schema."""
    types = Types(version)
    declare(types)
    if version.counts:
        declare_counts(types)
    for resource in version.lists.values():
        if has_series(version, resource):
            declare_series(types, resource)
    id_argument = _id_argument("its prefix identifies the type")
    in_time = _in_time(version)
    fields: list[OutputField] = [
        ("node", "Node | None", "The record with this id, of any type.", [id_argument, *in_time]),
        (
            "nodes",
            "list[Node | None]",
            f"The records with these ids, at most {MAX_NODES}. Null for an id without a record.",
            [("ids", "list[strawberry.ID]", REQUIRED, "The public ids."), *in_time],
        ),
    ]
    if version.history:
        fields.append(_revisions_field(in_time))
    for resource in version.lists.values():
        fields += _root_fields(version, resource)
        if has_counts(version, resource):
            fields.append(counts_field(resource, in_time))
        if has_series(version, resource):
            fields.append(series_field(resource, in_time))
    types.output("Query", QUERY, fields)
    records = [getattr(types.module, pascal(resource.name)) for resource in version.resources.values()]
    return strawberry.Schema(
        types.module.Query, types=records, config=StrawberryConfig(scalar_map=SCALARS, auto_camel_case=False)
    )


def core(version: Version) -> GraphQLSchema:
    """Return graphql-core's schema, which is behind Strawberry's."""
    core_schema: GraphQLSchema = schema(version)._schema
    return core_schema


def _in_time(version: Version) -> list[Argument]:
    """Return the argument of roots that names the edition as of which they are read."""
    if not version.history:
        return []
    description = (
        "Return the data as known at a time with its offset, at the end of a day in UTC, or in an edition (`e12345`)."
    )
    return [("knownAt", "str | None", strawberry.UNSET, description)]


def _revisions_field(in_time: list[Argument]) -> OutputField:
    """Return the root of the revisions of a record."""
    arguments: list[Argument] = [
        _id_argument("that of a withdrawn record is accepted, too"),
        ("first", "int", REVISIONS_FIRST, f"The number of revisions to return, at most {MAX_RECORDS}."),
        ("after", "str | None", strawberry.UNSET, "Only return records after this cursor."),
        *in_time,
    ]
    return ("revisions", "RevisionConnection | None", "The revisions of a record, newest first.", arguments)


def _root_fields(version: Version, resource: Resource) -> list[OutputField]:
    name = pascal(resource.name)
    unset: Any = strawberry.UNSET
    list_arguments: list[Argument] = [
        (
            "first",
            "int | None",
            unset,
            f"The number of records from the start, at most {MAX_RECORDS}. Defaults to {RECORDS_FIRST}.",
        ),
        ("after", "str | None", unset, "Only return records after this cursor."),
        ("last", "int | None", unset, f"The number of records from the end, at most {MAX_RECORDS}."),
        ("before", "str | None", unset, "Only return records before this cursor."),
        ("filter", f"{name}Filter | None", unset, f"A filter for {resource.plural}."),
        ("orderBy", f"{name}Order | None", unset, "The sort order."),
        *_in_time(version),
    ]
    page: OutputField = (resource.plural, f"{name}Connection", f"A page of {resource.plural}.", list_arguments)
    if not resource.prefix:
        return [page]
    arguments = [_id_argument(f"{resource.prefix}_ …"), *_in_time(version)]
    record: OutputField = (resource.name, f"{name} | None", f"One {resource.name} by its id.", arguments)
    return [record, page]


def _id_argument(hint: str) -> Argument:
    return ("id", "strawberry.ID", REQUIRED, f"The public id: {hint}.")
