"""List, create, change and remove plans. A change holds in every process half a second later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from api.access.plan import ANONYMOUS, Plan, check, from_row
from api.errors import Conflict, NotFound, Unknown
from api.query.parse import listed
from api.store.access import AccessStore, Row


class Plans:
    """The plans of one store. `actor` is the name in the audit log."""

    def __init__(self, store: AccessStore, actor: str) -> None:
        self._store = store
        self._actor = actor

    async def all(self) -> list[Row]:
        """Return the plans, each with the number of its `keys` that work."""
        return await self._store.read("plans")

    async def get(self, name: str) -> Plan:
        """Return the plan of this name. NotFound, with the nearest name, if there is none."""
        plans = {row["name"]: from_row(row) for row in await self.all()}
        if name not in plans:
            raise NotFound(f"There is no such plan; there are {listed(plans)}.", unknown=Unknown(name, plans))
        return plans[name]

    async def create(self, plan: Plan) -> Plan:
        """Create a plan and return it. InvalidRequest names the values that are not valid; Conflict if the name is
        taken."""
        if not await self._store.change(self._actor, "create_plan", *_list_values(check(plan))):
            raise Conflict(f"There is a plan {plan.name} already.", "Change that one, or choose another name.")
        return plan

    async def change(self, name: str, **changes: Any) -> Plan:
        """Change some values of a plan and return it. InvalidRequest as in `create`; NotFound if there is none."""
        await self.get(name)

        def apply_changes(row: Row) -> tuple[Any, ...]:
            # Other values keep what another operator has changed meanwhile.
            plan = replace(from_row(row), **changes)
            return _list_values(check(plan))

        rows = await self._store.revise(self._actor, "lock_plan", name, "change_plan", apply_changes)
        if not rows:
            raise NotFound(f"There is no plan {name} any more.")
        return from_row(rows[0])

    async def remove(self, name: str) -> None:
        """Remove a plan. Conflict if a key or a document was ever given it, or if it is the plan `anonymous`."""
        await self.get(name)
        if name == ANONYMOUS:
            raise Conflict(
                f"The plan {ANONYMOUS} cannot be removed.", "Close it instead: then every request needs a key."
            )
        if not await self._store.change(self._actor, "remove_plan", name):
            raise Conflict(f"The plan {name} has keys or documents.", "The log names the plan of each key for good.")


def _list_values(plan: Plan) -> tuple[Any, ...]:
    return (
        plan.name,
        plan.points_minute,
        plan.points_day,
        plan.burst,
        plan.at_once,
        plan.page_most,
        plan.export_most,
        list(plan.formats),
        plan.trusted_only,
        plan.open,
    )
