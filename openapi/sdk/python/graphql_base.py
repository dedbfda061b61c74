"""How GraphQL operations are sent; each version's generated clients stand on it."""

from __future__ import annotations

from typing import Any, TypeVar

from briefing_sdk.answer import unreadable
from briefing_sdk.door import AsyncDoor, Door
from pydantic import ValidationError

from .base_model import BaseModel, UnsetType

M = TypeVar("M", bound=BaseModel)


class Input(BaseModel, extra="forbid"):
    """What an operation takes. A field that there is not is refused, for it would be a filter that does not filter."""


def body(query: str, operation_name: str | None, variables: dict[str, Any] | None) -> dict[str, Any]:
    """A request as it is posted, without the variables that were not given."""
    given = {name: value for name, value in (variables or {}).items() if not isinstance(value, UnsetType)}
    return {"query": query, "operationName": operation_name, "variables": {k: _plain(v) for k, v in given.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return [_plain(one) for one in value] if isinstance(value, list) else value


def made(path: str, model: type[M], data: dict[str, Any]) -> M:
    """The model of an answer."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise unreadable(path, error) from error


class Base:
    """Sends operations, and waits for the answer."""

    def __init__(self, door: Door, path: str) -> None:
        self._door = door
        self._path = path

    def execute(
        self, query: str, operation_name: str | None = None, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The data of an operation, which may be one of your own. Problem where the answer has errors."""
        return self._door.ask(self._path, body(query, operation_name, variables))

    def get_data(self, response: dict[str, Any]) -> dict[str, Any]:
        """What the generated operations read."""
        return response

    def made(self, model: type[M], data: dict[str, Any]) -> M:
        """An answer with its types. Unreadable where it is not what the contract says."""
        return made(self._path, model, data)


class AsyncBase:
    """Sends operations, for asyncio."""

    def __init__(self, door: AsyncDoor, path: str) -> None:
        self._door = door
        self._path = path

    async def execute(
        self, query: str, operation_name: str | None = None, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The data of an operation, which may be one of your own. Problem where the answer has errors."""
        return await self._door.ask(self._path, body(query, operation_name, variables))

    def get_data(self, response: dict[str, Any]) -> dict[str, Any]:
        """What the generated operations read."""
        return response

    def made(self, model: type[M], data: dict[str, Any]) -> M:
        """An answer with its types. Unreadable where it is not what the contract says."""
        return made(self._path, model, data)
