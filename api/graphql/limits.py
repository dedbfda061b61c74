"""Check the size of a document before it is validated, in time linear in its text.

A fragment is measured once, however often it is spread. So doubling fragments, which are an exponential number of
fields, take a linear amount of work. (Walking them anew at each spread blocks a process for 25 s on 837 bytes.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from api.errors import Fault, TooExpensive

MAX_TOKENS = 1000
# To find the line of an error, graphql-core scans all lines before it: 0.5 s for ten errors in 60,000 empty lines.
MAX_LINES = 3000
MAX_FIELDS = 300
MAX_ALIASES = 30
MAX_DIRECTIVES = 10
MAX_ROOTS = 10
MAX_DEPTH = 12
# The usual introspection query is 15 levels deep. It reads the schema, never the store.
MAX_INTROSPECTION_DEPTH = 20
MAX_INTROSPECTION_FIELDS = 300
# Some clients ask for each description under a condition: the introspection of sgqlc has 11 directives.
MAX_INTROSPECTION_DIRECTIVES = 50


@dataclass(frozen=True)
class SelectionSize:
    """The size of a selection with its fragments written out."""

    depth: int = 0
    introspection: int = 0
    introspected: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    introspection_directives: int = 0

    def beside(self, other: SelectionSize) -> SelectionSize:
        """Return the size of both selections, one beside the other."""
        return SelectionSize(
            max(self.depth, other.depth),
            max(self.introspection, other.introspection),
            self.introspected + other.introspected,
            self.fields + other.fields,
            self.aliases + other.aliases,
            self.directives + other.directives,
            self.introspection_directives + other.introspection_directives,
        )


def check_lines(text: str) -> None:
    """Raise TooExpensive if the text has too many lines."""
    _check("lines", text.count("\n") + text.count("\r") + 1, MAX_LINES)


def check_size(document: DocumentNode) -> None:
    """Raise TooExpensive, naming the limit, if an operation of the document is too large."""
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in document.definitions:
        if isinstance(definition, FragmentDefinitionNode):
            fragments[definition.name.value] = definition
    measure = _Measure(fragments)
    for name in fragments:
        measure.measure_fragment(name)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            size = measure.measure_selection(definition.selection_set)
            _check("directives", size.directives + len(definition.directives or ()), MAX_DIRECTIVES)
            _check("fields", size.fields, MAX_FIELDS)
            _check("aliases", size.aliases, MAX_ALIASES)
            _check("levels of depth", size.depth, MAX_DEPTH)
            _check("fields of introspection", size.introspected, MAX_INTROSPECTION_FIELDS)
            _check("directives of introspection", size.introspection_directives, MAX_INTROSPECTION_DIRECTIVES)
            _check("levels of introspection", size.introspection, MAX_INTROSPECTION_DEPTH)


def check_roots(count: int) -> None:
    """Raise TooExpensive if an operation asks for too many root fields."""
    _check("root fields", count, MAX_ROOTS)


def _check(what: str, count: int, limit: int) -> None:
    if count <= limit:
        return
    shown_count = str(count) if count < 10**9 else "over 10^9"
    detail = f"The operation has {shown_count} {what}; it may have {limit}."
    raise TooExpensive(detail, (Fault("query", detail, "too_expensive"),), "Ask for less, or in several requests.")


class _Measure:
    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._sizes: dict[str, SelectionSize] = {}
        # The fragments that are being measured.
        self._open: set[str] = set()

    def measure_selection(self, selections: SelectionSetNode | None) -> SelectionSize:
        """Return the size of a selection. Nesting is bounded by the tokens and by the parser."""
        size = SelectionSize()
        if selections is None:
            return size
        for node in selections.selections:
            if isinstance(node, FieldNode):
                size = size.beside(self._measure_field(node))
                continue
            directives = SelectionSize(directives=len(node.directives or ()))
            if isinstance(node, InlineFragmentNode):
                size = size.beside(self.measure_selection(node.selection_set)).beside(directives)
            elif isinstance(node, FragmentSpreadNode):
                size = size.beside(self.measure_fragment(node.name.value)).beside(directives)
        return size

    def measure_fragment(self, name: str) -> SelectionSize:
        """Return the size of a fragment. If it spreads itself or does not exist, validation reports that."""
        if name in self._sizes:
            return self._sizes[name]
        if name in self._open or name not in self._fragments:
            return SelectionSize()
        self._open.add(name)
        size = self.measure_selection(self._fragments[name].selection_set)
        self._open.discard(name)
        self._sizes[name] = size
        return size

    def _measure_field(self, node: FieldNode) -> SelectionSize:
        below = self.measure_selection(node.selection_set)
        directives = below.directives + len(node.directives or ())
        if node.name.value in ("__schema", "__type"):
            # Introspection never reaches the store, so it has limits of its own. They count what stands below a field
            # of introspection, whatever stands beside it.
            return replace(
                below,
                depth=1,
                introspection=1 + max(below.depth, below.introspection),
                introspected=below.fields + below.introspected,
                fields=1,
                directives=0,
                introspection_directives=directives + below.introspection_directives,
            )
        aliases = below.aliases + 1 if node.alias else below.aliases
        return replace(below, depth=1 + below.depth, fields=1 + below.fields, aliases=aliases, directives=directives)
