"""A cache bounded in bytes, so that no caller can make it grow. The items used least recently are dropped first."""

from __future__ import annotations

from collections.abc import Hashable
from operator import itemgetter
from typing import Generic, TypeVar

from cachetools import LRUCache

Item = TypeVar("Item")

# The bytes that the cache itself needs for an item, above a dictionary's: 180 were measured with cachetools 8.0.
OVERHEAD = 200
# An item that weighs more than this part (an eighth) of the capacity is not kept: it would drop too many others.
LARGEST_PART = 8


class SizedCache(Generic[Item]):
    """Items by key, each with a weight in bytes. Together, and with what the cache needs for each, they weigh at most
    `capacity`."""

    def __init__(self, capacity: int) -> None:
        self._items: LRUCache[Hashable, tuple[Item, int]] = LRUCache(capacity, getsizeof=itemgetter(1))
        self._largest = capacity // LARGEST_PART

    @property
    def weight(self) -> int:
        """The bytes of all items."""
        return int(self._items.currsize)

    def get(self, key: Hashable) -> Item | None:
        """Return the item and make it the newest; None if there is none."""
        entry = self._items.get(key)
        return None if entry is None else entry[0]

    def put(self, key: Hashable, item: Item, weight: int) -> None:
        """Keep an item, unless it weighs more than an eighth of the capacity."""
        if weight <= self._largest:
            self._items[key] = (item, weight + OVERHEAD)

    def discard(self, key: Hashable) -> None:
        """Forget an item, if it is kept."""
        self._items.pop(key, None)

    def clear(self) -> None:
        """Forget all items."""
        self._items.clear()

    def __len__(self) -> int:
        return len(self._items)
