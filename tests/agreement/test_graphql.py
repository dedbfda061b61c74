"""Every compiled GraphQL answer equals the one that graphql-core gives over the same rows, key by key.

BRIEFING_OPERATIONS sets how many operations are compared (300 by default), BRIEFING_SEED the first of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random
from typing import Any

from graphql import ExecutionResult, parse, validate

from api.model import CHILDREN
from tests.agreement.conftest import Apis
from tests.agreement.generator import Generator, Operation
from tests.agreement.reference import CURSOR, Reference, format_time
from tests.agreement.rows import Rows

OPERATIONS = int(os.environ.get("BRIEFING_OPERATIONS", "300"))
SEED = int(os.environ.get("BRIEFING_SEED", "1"))
# Codes that the reference returns with null, beside the rest of the data. All others refuse the whole request.
PARTIAL = {"not_found", "withdrawn"}


@dataclass
class Tally:
    """The number of operations by result, and the cursors to follow."""

    answers: int = 0
    refusals: int = 0
    invalid: int = 0
    too_large: int = 0
    followed: int = 0
    cursors: list[tuple[str, str]] = field(default_factory=list)


def codes(result: ExecutionResult) -> list[tuple[list[Any] | None, str]]:
    """Return the errors of the reference, by path and code."""
    return sorted(
        ((error.path, (error.extensions or {}).get("code", "invalid_request")) for error in result.errors or ()),
        key=repr,
    )


def differences(expected: Any, actual: Any, path: str, cursors: list[tuple[str, str]]) -> list[str]:
    """Return the differences between two answers: values, types, and the order of keys. Cursors are kept to be
    followed."""
    if isinstance(expected, str) and expected.startswith(CURSOR):
        cursors.append((expected, actual))
        return [] if isinstance(actual, str) else [f"{path}: no cursor but {actual!r}"]
    if isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual):
            return [f"{path}: keys {list(expected)} but {list(actual)}"]
        return [
            difference
            for key in expected
            for difference in differences(expected[key], actual[key], f"{path}.{key}", cursors)
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [difference for at, pair in pairs for difference in differences(*pair, f"{path}[{at}]", cursors)]
    same = expected == actual and isinstance(expected, bool) == isinstance(actual, bool)
    return [] if same else [f"{path}: {expected!r:.300} but {actual!r:.300}"]


# The fields that identify a row of a list, if it has no id.
KEYS = dict.fromkeys((name.capitalize() for name in CHILDREN), "recordId position")


async def compare(apis: Apis, reference: Reference, generated: Operation, tally: Tally) -> None:
    """Send the request to the service and to the reference, and compare the answers."""
    if validate(reference.schema, parse(generated.text)):
        status, answer = await apis.graphql(generated.text, generated.variables, generated.name)
        assert status == 400, generated.text
        # The size of a document is checked before it is validated.
        assert answer["errors"][0]["extensions"]["code"] in ("invalid_request", "too_expensive"), generated.text
        tally.invalid += 1
        return
    expected = reference.execute(generated.text, generated.variables, generated.name)
    status, answer = await apis.graphql(generated.text, generated.variables, generated.name)
    expected_codes = codes(expected)
    message = f"\n{generated.text}\n{generated.variables} {generated.name}\n{answer.get('errors')} {expected.errors}"
    if "data" not in answer:
        code = answer["errors"][0]["extensions"]["code"]
        if code == "too_expensive":
            tally.too_large += 1
            return
        assert code in {expected_code for _, expected_code in expected_codes} - PARTIAL, message
        assert status == 400
        tally.refusals += 1
        return
    assert status == 200
    errors = sorted(((error["path"], error["extensions"]["code"]) for error in answer.get("errors", ())), key=repr)
    assert errors == expected_codes, message
    differing = differences(expected.data, answer["data"], "data", tally.cursors)
    assert not differing, "\n".join(differing[:5]) + message
    tally.answers += 1


async def follow(apis: Apis, reference: Reference, random: Random, tally: Tally) -> None:
    """Compare the rows after and before some cursors, wherever a cursor was found."""
    for expected, actual in random.sample(tally.cursors, min(2, len(tally.cursors))):
        kind, narrowing, order, _ = reference.cursors[int(expected.removeprefix(CURSOR))]
        way, size = random.choice([("after", "first"), ("before", "last")])
        text = (
            f"query ($at: String, $filter: {kind}Filter, $order: {kind}Order) {{ {kind.lower()}s({way}: $at,"
            f" {size}: 3, filter: $filter, orderBy: $order) {{ nodes {{ {KEYS.get(kind, 'id')} }} edges {{ cursor }}"
            " pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }"
        )
        variables = {"filter": as_json(narrowing) or None, "order": order}
        reference_answer = reference.execute(text, {**variables, "at": expected})
        _, answer = await apis.graphql(text, {**variables, "at": actual})
        assert not reference_answer.errors and "data" in answer, (reference_answer.errors, answer, variables)
        differing = differences(reference_answer.data, answer["data"], "data", [])
        assert not differing, (differing, variables, way)
        tally.followed += 1
    tally.cursors.clear()
    reference.cursors.clear()


def as_json(value: Any) -> Any:
    """Return a coerced argument as a variable."""
    if isinstance(value, dict):
        return {key: as_json(element) for key, element in value.items()}
    if isinstance(value, list):
        return [as_json(element) for element in value]
    return format_time(value) if isinstance(value, date | datetime) else value


async def test_generated_operations_are_answered_as_graphql_core_answers_them(
    apis: Apis, reference: Reference, stored_rows: Rows
) -> None:
    tally = Tally()
    for seed in range(SEED, SEED + OPERATIONS):
        random = Random(seed)
        generated = Generator(reference.schema, stored_rows, random).operation()
        try:
            await compare(apis, reference, generated, tally)
            await follow(apis, reference, random, tally)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
    print(f"\n{tally}")
    assert tally.answers > 0.6 * OPERATIONS and tally.followed > 0.3 * OPERATIONS
