"""The Python modules of the operations: for each kind of record one class, and one more for asyncio."""

from __future__ import annotations

import keyword
from typing import Any

from contract import Contract, Operation, Resource

HEAD = '''"""{told} Generated from the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime
from typing import Literal, TypedDict
from typing import Unpack as _Unpack
from urllib.parse import quote as _quote

from briefing_sdk.door import AsyncDoor, Door
from briefing_sdk.{version} import models

'''
CLASS = '''
class {prefix}{title}:
    """{told}"""

    def __init__(self, door: {prefix}Door) -> None:
        self._door = door

    {wait}def list(self, **given: _Unpack[{title}List]) -> models.{page}:
        """One page of {name}."""
        return {awaited}self._door.read("{path}", given, models.{page}.from_dict)

    def each(self, **given: _Unpack[{title}List]) -> {prefix}Iterator[models.{record}]:
        """All {name} that the filters leave, read page after page as they are needed; `limit` is the page's."""
        return self._door.each("{path}", given, models.{page}.from_dict)

{get}    def export(self, form: Literal[{forms}], **given: _Unpack[{title}Export]) -> {prefix}Iterator[bytes]:
        """All {name} that the filters leave as a file, piece by piece."""
        return self._door.stream(f"{path}.{{form}}", given)
'''
GET = '''    {wait}def get(self, id: str, **given: _Unpack[{title}Get]) -> models.{record}:
        """One record. NotFound, or Withdrawn with the reason."""
        path = "{path}/" + _quote(id, safe="")
        return ({awaited}self._door.read(path, given, models.{answer}.from_dict)).data

'''
PACKAGE = '''"""Version {version} of the contract: its records, and what can be asked of them. Generated."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from briefing_sdk.door import AsyncDoor, Door
from briefing_sdk.{version} import models
from briefing_sdk.{version}.models import *
from briefing_sdk.{version}.types import UNSET, Unset

if TYPE_CHECKING:
    from briefing_sdk.{version}.graphql.async_client import AsyncGraphQL
    from briefing_sdk.{version}.graphql.client import GraphQL
'''
VERSION = '''

class {prefix}{title}:
    """All that version {version} offers."""

    def __init__(self, door: {prefix}Door) -> None:
        self._door = door
{fields}
    @cached_property
    def graphql(self) -> {prefix}GraphQL:
        """The operations of GraphQL."""
        from briefing_sdk.{version}.graphql.{file} import {prefix}GraphQL

        return {prefix}GraphQL(self._door, "/{version}/graphql")
'''
ME = '''
    {wait}def me(self) -> models.{record}:
        """{told}"""
        return ({awaited}self._door.read("{path}", {{}}, models.{answer}.from_dict)).data
'''
FIELD = '''
    @cached_property
    def {name}(self) -> {prefix}{title}:
        """{told}"""
        return {prefix}{title}(self._door)
'''


def resource_module(contract: Contract, resource: Resource) -> str:
    """Return the module of a kind of record."""
    title = _title(resource.name)
    exported = next(iter(resource.exports.values())).parameters
    taken = {one["name"] for one in exported}
    paged = [one for one in resource.listed.parameters if one["name"] not in taken]
    blocks = [
        HEAD.format(told=resource.told, version=contract.version),
        _given(contract, f"{title}Export", "TypedDict", "What an export takes.", exported),
        _given(contract, f"{title}List", f"{title}Export", "What a list takes.", paged),
        *_got(contract, resource, title),
        *(_class(resource, title, prefix) for prefix in ("", "Async")),
    ]
    return "\n".join(blocks)


def _got(contract: Contract, resource: Resource, title: str) -> list[str]:
    if resource.one is None:
        return []
    return [_given(contract, f"{title}Get", "TypedDict", "What one record takes.", resource.one.parameters)]


def package(contract: Contract) -> str:
    """Return the package of a version."""
    imports = "".join(
        f"from briefing_sdk.{contract.version}.{one.name} import Async{_title(one.name)}, {_title(one.name)}\n"
        for one in contract.resources
    )
    head, lazy = PACKAGE.format(version=contract.version).split("\nif TYPE_CHECKING")
    classes = (_version(contract, prefix, file) for prefix, file in (("", "client"), ("Async", "async_client")))
    # The public names of the package: its classes, the records, and the marks for fields that were not requested.
    ways = [f"{prefix}{name}" for name in (contract.version.upper(),) for prefix in ("", "Async")]
    ways += [f"{prefix}{_title(one.name)}" for one in contract.resources for prefix in ("", "Async")]
    public = f"\n__all__ = [*models.__all__, {', '.join(repr(one) for one in [*ways, 'UNSET', 'Unset'])}]\n"
    return f"{head}{imports}\nif TYPE_CHECKING{lazy}{public}{''.join(classes)}"


def versions_module(found: list[Contract], release: str) -> str:
    """Return the module that knows every version."""
    lines = ['"""The versions that this client knows. Generated."""', "", "from __future__ import annotations", ""]
    lines += ["from functools import cached_property", "from typing import TYPE_CHECKING", ""]
    lines += ["from briefing_sdk.door import AsyncDoor, Door", "", "if TYPE_CHECKING:"]
    names = {one.version: one.version.upper() for one in found}
    lines += [f"    from briefing_sdk.{name} import Async{title}, {title}" for name, title in names.items()]
    lines += ["", f'VERSION = "{release}"', ""]
    for prefix in ("", "Async"):
        lines += ["", f"class {prefix}Versions:", '    """The versions, by name."""', ""]
        lines += [f"    def __init__(self, door: {prefix}Door) -> None:", "        self._door = door", ""]
        for name in (one.version for one in found):
            made = f"{prefix}{name.upper()}"
            lines += ["    @cached_property", f"    def {name}(self) -> {made}:", f'        """Version {name}."""']
            lines += [f"        from briefing_sdk.{name} import {made}", "", f"        return {made}(self._door)", ""]
    return "\n".join(lines)


def _version(contract: Contract, prefix: str, file: str) -> str:
    fields = "".join(
        FIELD.format(name=one.name, title=_title(one.name), told=_safe(one.told), prefix=prefix)
        for one in contract.resources
    )
    title, version = contract.version.upper(), contract.version
    made = VERSION.format(prefix=prefix, title=title, version=version, fields=fields, file=file)
    return made + (_me(contract, contract.me, prefix) if contract.me else "")


def _me(contract: Contract, one: Operation, prefix: str) -> str:
    waits = ("async ", "await ") if prefix else ("", "")
    told = {"record": contract.data(one), "told": _safe(f"{one.told}."), "path": one.path, "answer": one.answer}
    return ME.format(wait=waits[0], awaited=waits[1], **told)


def _class(resource: Resource, title: str, prefix: str) -> str:
    waits = ("async ", "await ") if prefix else ("", "")
    named = {"title": title, "wait": waits[0], "awaited": waits[1], "path": resource.listed.path}
    named |= {"record": resource.record}
    return CLASS.format(
        **named,
        **{"prefix": prefix, "told": _safe(resource.told), "name": resource.name, "page": resource.listed.answer},
        get=GET.format(**named, answer=resource.one.answer) if resource.one else "",
        forms=", ".join(f'"{form}"' for form in resource.exports),
    )


def _given(contract: Contract, name: str, base: str, told: str, parameters: list[dict[str, Any]]) -> str:
    lines = [f"\nclass {name}({base}, total=False):", f'    """{told}"""', ""]
    for one in parameters:
        spelled = one["name"].replace(".", "__")
        spelled += "_" if keyword.iskeyword(spelled) else ""
        lines += [f"    {spelled}: {_type(contract, one['schema'])}", f'    """{_safe(one["description"])}"""']
    return "\n".join(lines) + "\n"


def _type(contract: Contract, schema: dict[str, Any]) -> str:
    """Return the type of a parameter."""
    found = contract.resolved(schema)
    if found.get("type") == "array":
        return f"Sequence[{_type(contract, found['items'])}]"
    if "enum" in found:
        if "$ref" in schema:
            return f"models.{schema['$ref'].rpartition('/')[2]}"
        return f"Literal[{', '.join(map(repr, found['enum']))}]"
    formats = {"date-time": "datetime | date | str", "date": "date | str"}
    plain = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
    return formats.get(found.get("format", ""), plain[found["type"]])


def _title(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _safe(text: str) -> str:
    """Return the text in a form that may stand in a docstring."""
    shown = text.replace("\\", "\\\\").replace('"""', "'''").replace("\n", " ")
    return shown + " " if shown.endswith('"') else shown
