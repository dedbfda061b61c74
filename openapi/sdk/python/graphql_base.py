"""The base classes of each version's generated GraphQL clients. They send the operations."""

from __future__ import annotations

from typing import Any, TypeVar

from briefing_sdk.answer import unreadable
from briefing_sdk.transport import AsyncTransport, Transport
from pydantic import ValidationError

from .base_model import BaseModel, UnsetType

M = TypeVar("M", bound=BaseModel)


class Input(BaseModel, extra="forbid"):
    """An argument of an operation. An unknown field is refused, because it would be a filter that does not filter."""


def build_body(query: str, operation_name: str | None, variables: dict[str, Any] | None) -> dict[str, Any]:
    """Return the body of a GraphQL request, without the variables that were not given."""
    present = {name: value for name, value in (variables or {}).items() if not isinstance(value, UnsetType)}
    return {"query": query, "operationName": operation_name, "variables": {k: _plain(v) for k, v in present.items()}}


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return [_plain(item) for item in value] if isinstance(value, list) else value


def made(path: str, model: type[M], data: dict[str, Any]) -> M:
    """Return the model of an answer. Unreadable if the answer is not what the contract says."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise unreadable(path, error) from error


class Base:
    """The base of clients that wait for each answer."""

    def __init__(self, transport: Transport, path: str) -> None:
        self._transport = transport
        self._path = path

    def execute(
        self, query: str, operation_name: str | None = None, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the data of an operation, which may be one of your own. Problem if the answer has errors."""
        return self._transport.ask(self._path, build_body(query, operation_name, variables))

    def get_data(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return the data that the generated operations read."""
        return response

    def made(self, model: type[M], data: dict[str, Any]) -> M:
        """Return an answer with its types. Unreadable if it is not what the contract says."""
        return made(self._path, model, data)


class AsyncBase:
    """The base of clients for asyncio."""

    def __init__(self, transport: AsyncTransport, path: str) -> None:
        self._transport = transport
        self._path = path

    async def execute(
        self, query: str, operation_name: str | None = None, variables: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return the data of an operation, which may be one of your own. Problem if the answer has errors."""
        return await self._transport.ask(self._path, build_body(query, operation_name, variables))

    def get_data(self, response: dict[str, Any]) -> dict[str, Any]:
        """Return the data that the generated operations read."""
        return response

    def made(self, model: type[M], data: dict[str, Any]) -> M:
        """Return an answer with its types. Unreadable if it is not what the contract says."""
        return made(self._path, model, data)
