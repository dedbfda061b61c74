"""The reference and the store of these tests know every record, child and link of the versions."""

from __future__ import annotations

import pytest

from api.catalog import VERSIONS, Resource
from api.model import ENTITIES
from tests.agreement import dataset, reference

EACH = {
    f"{version.name}.{resource.name}": resource
    for version in VERSIONS.values()
    for resource in (*version.resources.values(), *version.children.values())
}


def test_the_store_has_rows_of_each_record_and_child() -> None:
    rows = {name for name, rows in dataset.make().tables.items() if rows}
    assert ENTITIES.keys() - rows == set(), "tests/agreement/dataset.py makes no rows of them"


@pytest.mark.parametrize("resource", EACH.values(), ids=EACH)
def test_the_reference_knows_each_link(resource: Resource) -> None:
    links = reference.LINKS.get(resource.name.capitalize(), {})
    assert resource.links.keys() - links.keys() == set(), "LINKS in tests/agreement/reference.py does not have them"


@pytest.mark.parametrize("resource", EACH.values(), ids=EACH)
def test_the_reference_knows_the_order_of_each_list(resource: Resource) -> None:
    if not resource.listed:
        return
    name, descending = reference.ORDERS.get(resource.name.capitalize(), ("id", False))
    order = f"{'-' * descending}{reference.snake(name)}"
    tie = reference.TIES.get(resource.name.capitalize(), "id")
    assert (order, tie) == (resource.sort, resource.key), "ORDERS and TIES in tests/agreement/reference.py differ"
