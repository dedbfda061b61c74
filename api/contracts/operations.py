"""Compare two OpenAPI documents, and find what the change takes from clients of the one before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from api.contracts.shape import Direction, Finding, SchemaComparison, resolve

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# The attributes of a parameter that set how it is written into the URL.
WRITTEN = ("style", "explode", "allowReserved")

# A document, or an object in it.
Part = dict[str, Any]
# Where a parameter is, such as `query`, and its name.
ParameterKey = tuple[str, str]


def operations(before: Part, now: Part) -> Iterator[Finding]:
    """Yield each break: where it is, what happened, and its direction (`in`, `out` or `gone`)."""
    comparison = OperationComparison(before, now)
    yield from comparison.servers()
    for path, method in product(before["paths"], METHODS):
        old_operation = before["paths"][path].get(method)
        if old_operation is None:
            continue
        new_operation = now["paths"].get(path, {}).get(method)
        name = f"{method.upper()} {path}"
        if new_operation is None:
            yield name, "is gone", "gone"
        else:
            yield from comparison.operation(old_operation, new_operation, name)


class OperationComparison:
    """A comparison of two documents, one operation after another."""

    def __init__(self, before: Part, now: Part) -> None:
        self._before = before
        self._now = now
        self._schemas = SchemaComparison(before, now)
        self._seen: set[tuple[str, str]] = set()

    def servers(self) -> Iterator[Finding]:
        """Yield the servers that are gone, and the security schemes that are gone or changed."""
        current_urls = [server["url"] for server in self._now.get("servers", [])]
        for server in self._before.get("servers", []):
            if server["url"] not in current_urls:
                yield f"server {server['url']}", "is gone", "gone"
        new_schemes = _security_schemes(self._now)
        for name, old_scheme in _security_schemes(self._before).items():
            new_scheme = new_schemes.get(name, {})
            if _without_description(old_scheme) != _without_description(new_scheme):
                yield f"security {name}", "is gone or another", "gone"

    def operation(self, before: Part, now: Part, where: str) -> Iterator[Finding]:
        """Compare one operation: its name in clients, its security, its parameters and body, and its responses."""
        old_id = before.get("operationId")
        new_id = now.get("operationId")
        if old_id != new_id:
            yield where, f"its operationId was {old_id} and is {new_id}", "gone"
        yield from self._compare_security(before, now, where)
        yield from self._compare_parameters(before, now, where)
        yield from self._compare_body(before.get("requestBody"), now.get("requestBody"), where)
        yield from self._compare_responses(before["responses"], now["responses"], where)

    def _compare_security(self, before: Part, now: Part, where: str) -> Iterator[Finding]:
        """Yield each way to authenticate that is no longer enough. None at all means that every caller is accepted."""
        old_requirements = before.get("security", self._before.get("security", [])) or [{}]
        new_requirements = now.get("security", self._now.get("security", [])) or [{}]
        for old in old_requirements:
            if not any(new.items() <= old.items() for new in new_requirements):
                schemes = " and ".join(old) or "no key"
                yield where, f"{schemes} is not enough any more", "in"

    def _compare_parameters(self, before: Part, now: Part, where: str) -> Iterator[Finding]:
        old_parameters = _parameters(self._before, before)
        new_parameters = _parameters(self._now, now)
        for key, new in new_parameters.items():
            was_required = old_parameters.get(key, {}).get("required")
            if new.get("required") and not was_required:
                yield _describe_parameter(where, key), "must now be given", "in"
        for key, old in old_parameters.items():
            place = _describe_parameter(where, key)
            if key not in new_parameters:
                yield place, "is gone", "gone"
                continue
            new = new_parameters[key]
            for name in WRITTEN:
                if old.get(name) != new.get(name):
                    yield place, f"its {name} was {old.get(name)} and is {new.get(name)}", "in"
            yield from self._schemas.compare(old.get("schema", {}), new.get("schema", {}), "in", place)

    def _compare_body(self, before: Part | None, now: Part | None, where: str) -> Iterator[Finding]:
        place = f"{where}, body"
        old = resolve(self._before, before or {})
        new = resolve(self._now, now or {})
        if new.get("required") and not old.get("required"):
            yield place, "must now be given", "in"
        if old and not new:
            yield place, "is gone", "gone"
        elif old:
            yield from self._compare_media(old, new, "in", place)

    def _compare_responses(self, before: Part, now: Part, where: str) -> Iterator[Finding]:
        for status, old_response in before.items():
            place = f"{where}, answer {status}"
            if status not in now:
                # An error that no longer occurs breaks no client.
                if status < "4":
                    yield place, "is gone", "gone"
                continue
            new_response = now[status]
            references = (old_response.get("$ref"), new_response.get("$ref"))
            if all(references):
                if references in self._seen:
                    continue
                self._seen.add(references)
            old = resolve(self._before, old_response)
            new = resolve(self._now, new_response)
            yield from self._compare_headers(old.get("headers", {}), new.get("headers", {}), place)
            yield from self._compare_media(old, new, "out", place)

    def _compare_headers(self, before: Part, now: Part, where: str) -> Iterator[Finding]:
        for name, old_header in before.items():
            place = f"{where}, header {name}"
            if name not in now:
                yield place, "is gone", "gone"
                continue
            old = resolve(self._before, old_header)
            new = resolve(self._now, now[name])
            if old.get("required") and not new.get("required"):
                yield place, "may now be missing", "out"
            yield from self._schemas.compare(old.get("schema", {}), new.get("schema", {}), "out", place)

    def _compare_media(self, before: Part, now: Part, direction: Direction, where: str) -> Iterator[Finding]:
        """Compare the schemas of a body or a response, by media type."""
        new_media = now.get("content", {})
        for media_type, old in before.get("content", {}).items():
            place = f"{where}, {media_type}"
            if media_type not in new_media:
                yield place, "is gone", "gone"
                continue
            old_schema = old.get("schema", {})
            new_schema = new_media[media_type].get("schema", {})
            yield from self._schemas.compare(old_schema, new_schema, direction, place)


def _parameters(document: Part, operation: Part) -> dict[ParameterKey, Part]:
    """Return the parameters of an operation by where they are and their names."""
    parameters: dict[ParameterKey, Part] = {}
    for declared in operation.get("parameters", []):
        parameter = resolve(document, declared)
        parameters[parameter["in"], parameter["name"]] = parameter
    return parameters


def _describe_parameter(where: str, key: ParameterKey) -> str:
    location, name = key
    return f"{where}, {location} parameter {name}"


def _security_schemes(document: Part) -> dict[str, Part]:
    schemes: dict[str, Part] = document.get("components", {}).get("securitySchemes", {})
    return schemes


def _without_description(scheme: Part) -> Part:
    return {name: value for name, value in scheme.items() if name != "description"}
