"""A cache bounded in bytes, so that no caller can make it grow. The items used least recently are dropped first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Memo(Generic[Item]):
    """Items by key, each with a weight in bytes. Together they weigh at most `most`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: OrderedDict[Hashable, tuple[Item, int]] = OrderedDict()
        self.weight = 0

    def get(self, key: Hashable) -> Item | None:
        """Return the item and make it the newest; None if there is none."""
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, item: Item, weight: int) -> None:
        """Keep an item, unless it weighs more than an eighth of `most`."""
        if weight > self._most // 8:
            return
        if key in self._items:
            self.weight -= self._items.pop(key)[1]
        self._items[key] = (item, weight)
        self.weight += weight
        while self.weight > self._most:
            self.weight -= self._items.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Forget all items."""
        self._items.clear()
        self.weight = 0

    def __len__(self) -> int:
        return len(self._items)
