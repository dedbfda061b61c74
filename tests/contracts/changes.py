"""One change of each kind to a contract: those that break its clients, and those that only add."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

LIST = "/v1/events"
RECORD = "/v1/events/{id}"
FILE = "/v1/events.csv"


class Change(NamedTuple):
    """A function that changes a document in place. `message` is what the refusal says about it."""

    make: Callable[[Any], Any]
    message: str
    # True if oasdiff, with its severity file, sees it as well.
    outside: bool = True


def parameter(document: Any, name: str, path: str = LIST) -> Any:
    """Return a parameter of this operation alone. Shared parameters are copied into the operation first."""
    operation_ = document["paths"][path]["get"]
    shared = document["components"]["parameters"]
    operation_["parameters"] = [
        deepcopy(shared[item["$ref"].rpartition("/")[2]]) if "$ref" in item else item
        for item in operation_["parameters"]
    ]
    return next(item for item in operation_["parameters"] if item["name"] == name)


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def field(document: Any, name: str, of: str = "Event") -> Any:
    return schema(document, of)["properties"][name]


def operation(document: Any, path: str = LIST, method: str = "get") -> Any:
    return document["paths"][path][method]


def drop_parameter(document: Any, name: str) -> None:
    parameter_ = parameter(document, name)
    operation(document)["parameters"].remove(parameter_)


def drop_field(document: Any, name: str, required: bool = True) -> None:
    del schema(document, "Event")["properties"][name]
    if required:
        schema(document, "Event")["required"].remove(name)


def add_parameter(document: Any, **more: Any) -> None:
    operation(document)["parameters"].append({"name": "weather", "in": "query", "schema": {"type": "string"}, **more})


def not_null(schema: Any) -> None:
    schema["type"] = schema["type"][0]


def nullable(schema: Any) -> None:
    schema["type"] = [schema["type"], "null"]


BREAKS: dict[str, Change] = {
    "a path is gone": Change(lambda d: d["paths"].pop(LIST), f"GET {LIST}: is gone"),
    "a method is gone": Change(lambda d: d["paths"][LIST].pop("get"), f"GET {LIST}: is gone"),
    "an operation has another name": Change(
        lambda d: operation(d).update(operationId="find_events"), "its operationId was list_events and is find_events"
    ),
    "a parameter is gone": Change(lambda d: drop_parameter(d, "kind"), "query parameter kind: is gone"),
    "a parameter has another name": Change(
        lambda d: parameter(d, "kind").update(name="type"), "query parameter kind: is gone"
    ),
    "a parameter must be given": Change(
        lambda d: parameter(d, "kind").update(required=True), "kind: must now be given"
    ),
    "a new parameter must be given": Change(lambda d: add_parameter(d, required=True), "weather: must now be given"),
    "a parameter has another type": Change(
        lambda d: parameter(d, "limit").update(schema={"type": "string"}), "its type was integer and is string"
    ),
    "a parameter lost a term": Change(
        lambda d: schema(d, "CountMode")["enum"].remove("exact"), "the terms exact are gone"
    ),
    "a parameter of a list lost a term": Change(
        lambda d: schema(d, "EventInclude")["enum"].remove("figures"), "the terms figures are gone",
        outside=False,
    ),
    "a parameter takes listed terms only": Change(
        lambda d: parameter(d, "q")["schema"].update(enum=["war"]), "it takes only listed terms now"
    ),
    "a parameter has a lower maximum": Change(
        lambda d: parameter(d, "limit")["schema"].update(maximum=100), "its maximum was 200 and is 100"
    ),
    "a parameter has a higher minimum": Change(
        lambda d: parameter(d, "limit")["schema"].update(minimum=2), "its minimum was 1 and is 2"
    ),
    "a parameter takes fewer values": Change(
        lambda d: parameter(d, "kind")["schema"].update(maxItems=2), "its maxItems was"
    ),
    "a parameter takes shorter texts": Change(
        lambda d: parameter(d, "q")["schema"].update(maxLength=3), "its maxLength was"
    ),
    "a parameter has a pattern": Change(
        lambda d: parameter(d, "cursor")["schema"].update(pattern="^a"), "its pattern was not set and is ^a"
    ),
    "a parameter has another format": Change(
        lambda d: parameter(d, "starts_at_gte")["schema"].update(format="date"), "its format was date-time and is date"
    ),
    "a parameter has another default": Change(
        lambda d: parameter(d, "limit")["schema"].update(default=10), "its default was 50 and is 10"
    ),
    "a list is written otherwise": Change(
        lambda d: parameter(d, "kind").update(explode=True), "its explode was False and is True", outside=False
    ),
    "a key is needed": Change(
        lambda d: (
            d["components"].update(securitySchemes={"bearer": {"type": "http", "scheme": "bearer"}}),
            d.update(security=[{"bearer": []}]),
        ),
        "no key is not enough any more", outside=False,
    ),
    "a field is gone": Change(lambda d: drop_field(d, "title"), "Event.title: is gone"),
    "a field that is not always there is gone": Change(
        lambda d: drop_field(d, "figures", required=False), "Event.figures: is gone"
    ),
    "a field may be missing": Change(
        lambda d: schema(d, "Event")["required"].remove("title"), "Event.title: may now be missing"
    ),
    "a field may be null": Change(lambda d: nullable(field(d, "title")), "Event.title: may now be null too"),
    "a field has another type": Change(
        lambda d: field(d, "title").update(type="integer"), "Event.title: its type was string and is integer"
    ),
    "a field has another format": Change(
        lambda d: field(d, "updated_at").update(format="date"), "its format was date-time and is date", outside=False
    ),
    "a field has no format": Change(
        lambda d: field(d, "updated_at").pop("format"), "its format was date-time and is not set"
    ),
    "a field leads to something else": Change(
        lambda d: field(d, "id").update({"$ref": "#/components/schemas/PlaceId"}), "Event.id: its pattern was",
        outside=False,
    ),
    "a term is gone": Change(
        lambda d: schema(d, "EventKind")["enum"].pop(0), "EventKind: the terms"
    ),
    "a field is no longer of listed terms": Change(
        lambda d: schema(d, "EventKind").pop("enum"), "EventKind: it is no longer one of listed terms"
    ),
    "a list holds something else": Change(
        lambda d: field(d, "data", "EventPage").update(items={"$ref": "#/components/schemas/Place"}),
        "EventPage.data[]",
    ),
    "an id is longer": Change(
        lambda d: schema(d, "EventId").update(pattern="^evt_.*$"), "EventId: its pattern was"
    ),
    "an answer is gone": Change(lambda d: operation(d)["responses"].pop("200"), "answer 200: is gone"),
    "an answer is of another media type": Change(
        lambda d: operation(d, FILE)["responses"]["200"].update(content={"text/plain": {"schema": {"type": "string"}}}),
        "text/csv: is gone",
    ),
    "a header of an answer is gone": Change(
        lambda d: operation(d)["responses"]["200"]["headers"].pop("ETag"), "answer 200, header ETag: is gone"
    ),
    "a field of problems is gone": Change(
        lambda d: (schema(d, "Problem")["properties"].pop("code"), schema(d, "Problem")["required"].remove("code")),
        "Problem.code: is gone",
    ),
    "a rule that nobody here can judge": Change(
        lambda d: schema(d, "Event").update(dependentRequired={"title": ["kind"]}),
        "its dependentRequired is another, and whether that breaks cannot be told", outside=False,
    ),
}  # fmt: skip

ADDITIONS: dict[str, Callable[[Any], Any]] = {
    "a path": lambda d: d["paths"].update({"/v1/things": {"get": operation(d) | {"operationId": "list_things"}}}),
    "a parameter": add_parameter,
    "a term of a parameter": lambda d: schema(d, "CountMode")["enum"].append("fast"),
    "a higher maximum": lambda d: parameter(d, "limit")["schema"].update(maximum=500),
    "a longer text": lambda d: parameter(d, "q")["schema"].update(maxLength=9000),
    "a pattern that is gone": lambda d: parameter(d, "q_language")["schema"].pop("pattern"),
    "a field": lambda d: schema(d, "Event")["properties"].update(mood={"type": "string"}),
    "a field that is always there": lambda d: (
        schema(d, "Event")["properties"].update(mood={"type": ["string", "null"]}),
        schema(d, "Event")["required"].append("mood"),
    ),
    "a field that is never null any more": lambda d: not_null(field(d, "summary")),
    "a field that is always there now": lambda d: schema(d, "Event")["required"].append("figures"),
    "a term": lambda d: schema(d, "EventKind")["enum"].append("truce"),
    "another error": lambda d: operation(d)["responses"].update({"451": {"description": "Not here."}}),
    "a header": lambda d: operation(d)["responses"]["200"]["headers"].update(
        {"Sunset": {"description": "When.", "schema": {"type": "string"}}}
    ),
    "another media type": lambda d: operation(d)["responses"]["200"]["content"].update(
        {"text/plain": {"schema": {"type": "string"}}}
    ),
    "words": lambda d: (field(d, "title").update(description="New."), operation(d).update(summary="New.")),
    "an example": lambda d: field(d, "title").update(examples=["New."]),
    "a deprecation": lambda d: (
        field(d, "title").update(deprecated=True),
        parameter(d, "kind").update(deprecated=True),
    ),
}
