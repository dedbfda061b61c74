"""Parse and validate documents, and remember them, because parsing and validating cost more than answering."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Token,
    TokenKind,
    parse,
    validate,
)

from api.cache import SizedCache
from api.errors import BriefingError
from api.graphql.limits import MAX_TOKENS, check_lines, check_size

MAX_ERRORS = 10
MAX_DIGITS = 400
NUMBERS = (TokenKind.INT, TokenKind.FLOAT)
MAX_DOCUMENTS = 16 * 1024 * 1024
# An upper bound of the bytes of a parsed document: a fixed part, and a part for each character of its text. Measured
# with tracemalloc: 9 kB for 16 characters, 27 kB for 208, 153 kB for 766 (tests/graphql/test_document.py).
WEIGHT_OF_ONE = 8192
WEIGHT_OF_LETTER = 200
# The part of a long planning time that is left after a short one. After 20 short ones it is about a tenth.
PLANNING_FORGOTTEN = 0.9


class DocumentRefused(BriefingError):
    """GraphQL's own errors of a request, with locations. Nothing was executed."""

    code = "invalid_request"

    def __init__(self, errors: list[GraphQLError], hint: str = "") -> None:
        super().__init__(errors[0].message, hint)
        self.errors = errors


@dataclass
class PlanningTime:
    """The most processor time, in seconds, that a document took lately to read its variables and plan it."""

    longest_seconds: float = 0.0

    def note(self, seconds: float) -> None:
        """Remember how long it took. Longer times are forgotten slowly, because the variables make the difference."""
        self.longest_seconds = max(seconds, self.longest_seconds * PLANNING_FORGOTTEN)


@dataclass(frozen=True)
class ParsedDocument:
    """A valid document: its operations by name and its fragments."""

    operations: dict[str, OperationDefinitionNode]
    fragments: dict[str, FragmentDefinitionNode]
    planning: PlanningTime = field(default_factory=PlanningTime)

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Return the operation to execute (GraphQL specification, 6.1). DocumentRefused if there is none."""
        if name is None:
            if len(self.operations) != 1:
                raise DocumentRefused(
                    [GraphQLError("Must provide operation name if query contains multiple operations.")]
                )
            return next(iter(self.operations.values()))
        if name not in self.operations:
            raise DocumentRefused([GraphQLError(f"Unknown operation named {name[:100]!r}.")])
        return self.operations[name]


Check = Callable[[ParsedDocument], None]


class DocumentCache:
    """The documents of one schema. `hints` are remedies for errors of validation, by how their messages begin."""

    def __init__(self, schema: GraphQLSchema, hints: Mapping[str, str] | None = None) -> None:
        self._schema = schema
        self._hints = hints or {}
        self._known: SizedCache[ParsedDocument] = SizedCache(MAX_DOCUMENTS)

    def known(self, text: str) -> ParsedDocument | None:
        """Return the document if it was read before, and is remembered."""
        return self._known.get(text)

    def read(self, text: str, hide_suggestions: bool = False, check: Check | None = None) -> ParsedDocument:
        """Return the parsed and validated document. `check` is called before the validation and may raise.
        DocumentRefused or TooExpensive if the document is not valid."""
        document = self._known.get(text)
        if document is None:
            document = self._read(text, hide_suggestions, check)
            self._known.put(text, document, weight(text))
        elif check is not None:
            check(document)
        return document

    def _read(self, text: str, hide_suggestions: bool = False, check: Check | None = None) -> ParsedDocument:
        check_lines(text)
        try:
            parsed = parse(text, max_tokens=MAX_TOKENS)
        except GraphQLError as error:
            raise DocumentRefused([error]) from None
        _check_numbers(parsed)
        check_size(parsed)
        document = _collect_definitions(parsed)
        if check is not None:
            check(document)
        errors = validate(self._schema, parsed, max_errors=MAX_ERRORS, hide_suggestions=hide_suggestions)
        if errors:
            raise DocumentRefused(errors, self._find_hint(errors))
        return document

    def _find_hint(self, errors: list[GraphQLError]) -> str:
        for begins, hint in self._hints.items():
            if any(error.message.startswith(begins) for error in errors):
                return hint
        return ""


def _check_numbers(parsed: DocumentNode) -> None:
    # Python refuses to read an integer of more than 4,300 digits, with an error that explains how to lift the limit.
    # graphql-core repeats it to the caller.
    assert parsed.loc is not None
    token: Token | None = parsed.loc.start_token
    while token is not None:
        if token.kind in NUMBERS and token.end - token.start > MAX_DIGITS:
            detail = f"A number may have at most {MAX_DIGITS} characters."
            raise DocumentRefused([GraphQLError(detail, None, parsed.loc.source, [token.start])])
        token = token.next


def weight(text: str) -> int:
    """Return an upper bound of the bytes that the document of this text takes."""
    return WEIGHT_OF_ONE + WEIGHT_OF_LETTER * len(text)


def _collect_definitions(parsed: DocumentNode) -> ParsedDocument:
    """Return the operations and fragments of a document by name. An operation without a name is under ''."""
    operations: dict[str, OperationDefinitionNode] = {}
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in parsed.definitions:
        if isinstance(definition, OperationDefinitionNode):
            name = definition.name.value if definition.name else ""
            operations[name] = definition
        elif isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
    if not operations:
        raise DocumentRefused([GraphQLError("Must provide an operation.")])
    return ParsedDocument(operations, fragments)


def is_query(operation: OperationDefinitionNode) -> bool:
    """Return True if the operation only reads."""
    return operation.operation == OperationType.QUERY


def is_mutation(document: ParsedDocument, name: str | None) -> bool:
    """Return True if the operation with this name, or the only one, is a mutation."""
    if name is None:
        operation: OperationDefinitionNode | None = next(iter(document.operations.values()))
    else:
        operation = document.operations.get(name)
    return operation is not None and operation.operation == OperationType.MUTATION
