"""The base classes of each version's generated GraphQL clients. They send the operations."""

from __future__ import annotations

from typing import Any, TypeVar

from briefing_sdk.answer import unreadable
from briefing_sdk.transport import AsyncTransport, Transport
from pydantic import ValidationError

from .base_model import BaseModel, UnsetType

M = TypeVar("M", bound=BaseModel)


class Input(BaseModel, extra="forbid"):
    """An argument of an operation. Unknown fields are refused, because a misspelt filter would not filter."""


def build_body(query: str, operation_name: str | None, variables: dict[str, Any] | None) -> dict[str, Any]:
    """Return the body of a GraphQL request, without the variables that are unset."""
    variables_json = {
        name: _to_json(value) for name, value in (variables or {}).items() if not isinstance(value, UnsetType)
    }
    return {"query": query, "operationName": operation_name, "variables": variables_json}


def _to_json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return [_to_json(item) for item in value] if isinstance(value, list) else value


def parse_answer(path: str, model: type[M], data: dict[str, Any]) -> M:
    """Return an answer as an instance of its model. Unreadable if it does not follow the contract."""
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

    def parse_answer(self, model: type[M], data: dict[str, Any]) -> M:
        """Return an answer as an instance of its model. Unreadable if it does not follow the contract."""
        return parse_answer(self._path, model, data)


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

    def parse_answer(self, model: type[M], data: dict[str, Any]) -> M:
        """Return an answer as an instance of its model. Unreadable if it does not follow the contract."""
        return parse_answer(self._path, model, data)
