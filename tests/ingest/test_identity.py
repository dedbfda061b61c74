"""Public ids come from dataset, resource and key, and from nothing else."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from api.ingest.identity import ID, linked_id, public_id

DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


@given(st.text(), st.text())
def test_an_id_is_the_first_26_digits_of_the_hash_in_base32(dataset: str, key: str) -> None:
    try:
        digest = hashlib.sha256(f"{dataset}\x1fevent\x1f{key}".encode()).digest()
    except UnicodeEncodeError:
        return
    bits = "".join(f"{byte:08b}" for byte in digest)
    expected = "".join(DIGITS[int(bits[at : at + 5], 2)] for at in range(0, 130, 5))
    assert public_id(dataset, "event", key) == f"evt_{expected}"


def test_an_id_never_changes() -> None:
    """Ids are published: a change here would orphan every stored record."""
    assert public_id("a", "source", "b") == "src_4bja7sfk1cpg12k10gm8p214nv"


def test_equal_keys_of_other_resources_or_datasets_have_other_ids() -> None:
    assert len({public_id(dataset, name, "k")[4:] for dataset in ("a", "b") for name in ("event", "quote")}) == 4


def test_a_link_by_id_leads_there_and_one_by_key_to_the_same_dataset() -> None:
    identifier = public_id("a", "source", "b")
    assert ID.fullmatch(identifier)
    assert linked_id("other", "source", identifier) == identifier
    assert linked_id("a", "source", "b") == identifier
