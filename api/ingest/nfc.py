"""Convert texts to normalization form C (NFC, Unicode Standard Annex 15), so that equal letters are equal text.

A record's id is made from its key. Ids never change, so the forms in which keys were written are kept until the store
has been asked which of them it knows (`KeyForm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any
from unicodedata import normalize

from api.ingest.identity import public_id
from api.store.staged import KeyForm

# Ranks of the ids of a key: made from the key as it is in the file, from the key in NFC, and from the decomposed key,
# which texts from macOS have.
AS_WRITTEN, COMPOSED, DECOMPOSED = 1, 2, 3
Originals = dict[str, set[str]]


def in_nfc(value: Any) -> Any:
    """Return a JSON value with all texts in NFC, the names in objects included. RecursionError if it is nested too
    deeply."""
    kind = value.__class__
    if kind is str:
        return value if value.isascii() else normalize("NFC", value)
    if kind is dict:
        composed: dict[str, Any] = {}
        for name, part in value.items():
            composed_name = name if name.isascii() else normalize("NFC", name)
            composed[composed_name] = in_nfc(part)
        return composed
    if kind is list:
        return [in_nfc(part) for part in value]
    return value


def object_in_nfc(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object with its names in NFC. It is shorter than the pairs if a name stands there twice."""
    members = dict(pairs)
    if "".join(members).isascii():
        return members
    return {normalize("NFC", name): value for name, value in pairs}


def originals(composed: Any, written: Any) -> Originals:
    """Return the texts of `written` that differ from the text at the same place of `composed`, by that text."""
    differing: Originals = {}
    for text, written_text in _pairs(composed, written):
        if text != written_text:
            differing.setdefault(text, set()).add(written_text)
    return differing


def key_forms(dataset: str, resource: str, key: str, written: Originals) -> Iterator[KeyForm]:
    """Yield the ids that a key may have, if it or its dataset has letters beyond ASCII. Both are in NFC."""
    if _has_one_form(dataset, written) and _has_one_form(key, written):
        return
    identifier = public_id(dataset, resource, key)
    written_datasets = {dataset} | written.get(dataset, set())
    written_keys = {key} | written.get(key, set())
    ranks: dict[str, int] = {}
    for other in _ids(resource, _decomposed(dataset), _decomposed(key)):
        ranks[other] = DECOMPOSED
    for other in _ids(resource, written_datasets, written_keys):
        ranks[other] = AS_WRITTEN
    ranks[identifier] = COMPOSED
    if len(ranks) == 1:
        yield KeyForm(identifier)
        return
    for other, rank in ranks.items():
        yield KeyForm(identifier, other, rank)


def _has_one_form(text: str, written: Originals) -> bool:
    return text.isascii() and text not in written


def _decomposed(text: str) -> set[str]:
    return {text, normalize("NFD", text)}


def _ids(resource: str, datasets: Iterable[str], keys: Iterable[str]) -> Iterator[str]:
    for dataset, key in product(sorted(datasets), sorted(keys)):
        yield public_id(dataset, resource, key)


def _pairs(composed: Any, written: Any) -> Iterator[tuple[str, str]]:
    """Yield the texts at the same places of two values, as far as the values have the same structure."""
    kind = composed.__class__
    if kind is not written.__class__:
        return
    if kind is str:
        yield composed, written
    elif kind is dict:
        for part, written_part in zip(composed.values(), written.values(), strict=False):
            yield from _pairs(part, written_part)
    elif kind is list:
        for part, written_part in zip(composed, written, strict=False):
            yield from _pairs(part, written_part)
