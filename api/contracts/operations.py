"""Compare two OpenAPI documents, and find what the change takes from clients of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from api.contracts.shape import Found, SchemaComparison, resolved

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# The attributes of a parameter that set how it is written into the URL.
WRITTEN = ("style", "explode", "allowReserved")


def operations(before: Any, now: Any) -> Iterator[Found]:
    """Yield each break: where it is, what happened, and its direction (`in`, `out` or `gone`)."""
    compared = OperationComparison(before, now)
    yield from compared.servers()
    for path, method in product(before["paths"], METHODS):
        old, new = before["paths"][path].get(method), now["paths"].get(path, {}).get(method)
        name = f"{method.upper()} {path}"
        if old is not None and new is None:
            yield name, "is gone", "gone"
        elif old is not None:
            yield from compared.operation(old, new, name)


class OperationComparison:
    """A comparison of two documents, one operation after another."""

    def __init__(self, before: Any, now: Any) -> None:
        self._before = before
        self._now = now
        self._shapes = SchemaComparison(before, now)
        self._seen: set[tuple[str, str]] = set()

    def servers(self) -> Iterator[Found]:
        """Yield the servers that are gone, and the security schemes that are gone or changed."""
        there = [one["url"] for one in self._now.get("servers", [])]
        for one in self._before.get("servers", []):
            if one["url"] not in there:
                yield f"server {one['url']}", "is gone", "gone"
        old, new = (one.get("components", {}).get("securitySchemes", {}) for one in (self._before, self._now))
        for name, scheme in old.items():
            if _told(scheme) != _told(new.get(name, {})):
                yield f"security {name}", "is gone or another", "gone"

    def operation(self, before: Any, now: Any, where: str) -> Iterator[Found]:
        """Compare one operation: its name in clients, its security, its parameters and body, and its responses."""
        if before.get("operationId") != now.get("operationId"):
            yield where, f"its operationId was {before.get('operationId')} and is {now.get('operationId')}", "gone"
        yield from self._security(before, now, where)
        yield from self._parameters(before, now, where)
        yield from self._body(before.get("requestBody"), now.get("requestBody"), where)
        yield from self._responses(before["responses"], now["responses"], where)

    def _security(self, before: Any, now: Any, where: str) -> Iterator[Found]:
        """Yield each way to authenticate that is no longer enough. None at all means that every caller is accepted."""
        old = before.get("security", self._before.get("security", [])) or [{}]
        new = now.get("security", self._now.get("security", [])) or [{}]
        for one in old:
            if not any(other.items() <= one.items() for other in new):
                yield where, f"{' and '.join(one) or 'no key'} is not enough any more", "in"

    def _parameters(self, before: Any, now: Any, where: str) -> Iterator[Found]:
        old, new = _by_name(self._before, before), _by_name(self._now, now)
        for key, one in new.items():
            if one.get("required") and not old.get(key, {}).get("required"):
                yield f"{where}, {key[0]} parameter {key[1]}", "must now be given", "in"
        for key, one in old.items():
            place = f"{where}, {key[0]} parameter {key[1]}"
            if key not in new:
                yield place, "is gone", "gone"
                continue
            for name in WRITTEN:
                if one.get(name) != new[key].get(name):
                    yield place, f"its {name} was {one.get(name)} and is {new[key].get(name)}", "in"
            yield from self._shapes.compare(one.get("schema", {}), new[key].get("schema", {}), "in", place)

    def _body(self, before: Any, now: Any, where: str) -> Iterator[Found]:
        old, new = resolved(self._before, before or {}), resolved(self._now, now or {})
        if new.get("required") and not old.get("required"):
            yield f"{where}, body", "must now be given", "in"
        if old and not new:
            yield f"{where}, body", "is gone", "gone"
        elif old:
            yield from self._media(old, new, "in", f"{where}, body")

    def _responses(self, before: Any, now: Any, where: str) -> Iterator[Found]:
        for status, answer in before.items():
            place = f"{where}, answer {status}"
            if status not in now:
                # An error that no longer occurs breaks no client.
                if status < "4":
                    yield place, "is gone", "gone"
                continue
            names = (answer.get("$ref"), now[status].get("$ref"))
            if all(names):
                if names in self._seen:
                    continue
                self._seen.add(names)
            old, new = resolved(self._before, answer), resolved(self._now, now[status])
            yield from self._headers(old.get("headers", {}), new.get("headers", {}), place)
            yield from self._media(old, new, "out", place)

    def _headers(self, before: Any, now: Any, where: str) -> Iterator[Found]:
        for name, header in before.items():
            place = f"{where}, header {name}"
            old, new = resolved(self._before, header), resolved(self._now, now.get(name, {}))
            if name not in now:
                yield place, "is gone", "gone"
                continue
            if old.get("required") and not new.get("required"):
                yield place, "may now be missing", "out"
            yield from self._shapes.compare(old.get("schema", {}), new.get("schema", {}), "out", place)

    def _media(self, before: Any, now: Any, way: Any, where: str) -> Iterator[Found]:
        there = now.get("content", {})
        for name, held in before.get("content", {}).items():
            if name not in there:
                yield f"{where}, {name}", "is gone", "gone"
            else:
                schemas = held.get("schema", {}), there[name].get("schema", {})
                yield from self._shapes.compare(*schemas, way, f"{where}, {name}")


def _by_name(document: Any, operation: Any) -> dict[tuple[str, str], Any]:
    found = [resolved(document, one) for one in operation.get("parameters", [])]
    return {(one["in"], one["name"]): one for one in found}


def _told(scheme: Any) -> Any:
    return {name: value for name, value in scheme.items() if name != "description"}
