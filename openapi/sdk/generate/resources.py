"""The Python modules of the operations: two classes for each kind of record, one of them for asyncio."""

from __future__ import annotations

import keyword
from dataclasses import dataclass

from contract import Contract, Operation, Resource, Schema, join_parameters

HEAD = '''"""{description} Generated from the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import date, datetime
from typing import Literal, TypedDict
from typing import Required as _Required
from typing import Unpack as _Unpack
from urllib.parse import quote as _quote

from briefing_sdk.transport import AsyncTransport, Transport
from briefing_sdk.{version} import models

'''
CLASS = '''
class {prefix}{title}:
    """{description}"""

    def __init__(self, transport: {prefix}Transport) -> None:
        self._transport = transport

    {define}def list(self, **parameters: _Unpack[{title}List]) -> models.{page}:
        """Return one page of {name}."""
        return {wait}self._transport.read("{path}", parameters, models.{page}.from_dict)

    def each(self, **parameters: _Unpack[{title}List]) -> {prefix}Iterator[models.{record}]:
        """Yield all {name} that match the filters. Pages are requested as they are needed. `limit` is the page
        size."""
        return self._transport.each("{path}", parameters, models.{page}.from_dict)

{methods}    def export(self, form: Literal[{forms}], **parameters: _Unpack[{title}Export]) -> {prefix}Iterator[bytes]:
        """Yield all {name} that match the filters as a file, piece by piece."""
        return self._transport.stream(f"{path}.{{form}}", parameters)
'''
GET = '''    {define}def get(self, id: str, **parameters: _Unpack[{title}Get]) -> models.{record}:
        """Return one record. NotFound if there is none, and Withdrawn with the reason if it was withdrawn."""
        path = "{path}/" + _quote(id, safe="")
        return ({wait}self._transport.read(path, parameters, models.{answer}.from_dict)).data

'''
REVISIONS = '''    {define}def revisions(self, id: str, **parameters: _Unpack[{title}Revisions]) -> models.{page}:
        """Return one page of the revisions of a record, newest first. NotFound if there is no such record."""
        path = "{path}/" + _quote(id, safe="") + "/revisions"
        return {wait}self._transport.read(path, parameters, models.{page}.from_dict)

    def each_revision(self, id: str, **parameters: _Unpack[{title}Revisions]) -> {prefix}Iterator[models.{revision}]:
        """Yield all revisions of a record, newest first. Pages are requested as they are needed."""
        path = "{path}/" + _quote(id, safe="") + "/revisions"
        return self._transport.each(path, parameters, models.{page}.from_dict)

'''
COUNTS = '''    {define}def counts(self, **parameters: _Unpack[{title}Counting]) -> models.{answer}:
        """Return the numbers of {name} that match the filters, in groups."""
        return {wait}self._transport.read("{path}", parameters, models.{answer}.from_dict)

'''
SERIES = '''    {define}def series(self, **parameters: _Unpack[{title}Series]) -> models.{answer}:
        """Return the {name} that match the filters, as series over time."""
        return {wait}self._transport.read("{path}", parameters, models.{answer}.from_dict)

'''
GROUPS_FILE = '''    def {method}(self, **parameters: _Unpack[{title}{parameters}]) -> {prefix}Iterator[bytes]:
        """{description}, piece by piece."""
        return self._transport.stream("{path}", parameters)

'''
DIFF = '''    {define}def diff(self, **parameters: _Unpack[{title}Diff]) -> models.{page}:
        """Return one page of the differences between two states of the list: from the earlier one, `from_`, to the
        later one, `to`."""
        return {wait}self._transport.read("{path}/diff", parameters, models.{page}.from_dict)

    def each_diff(self, **parameters: _Unpack[{title}Diff]) -> {prefix}Iterator[models.{difference}]:
        """Yield all differences between two states of the list. Pages are requested as they are needed."""
        return self._transport.each("{path}/diff", parameters, models.{page}.from_dict)

    def export_diff(self, form: Literal[{forms}], **parameters: _Unpack[{title}DiffExport]) -> {prefix}Iterator[bytes]:
        """Yield all differences between two states of the list as a file, piece by piece."""
        return self._transport.stream(f"{path}/diff.{{form}}", parameters)

'''
PACKAGE = '''"""Version {version} of the contract: its records and their operations. Generated."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from briefing_sdk.transport import AsyncTransport, Transport
from briefing_sdk.{version} import models
from briefing_sdk.{version}.models import *
from briefing_sdk.{version}.types import UNSET, Unset

if TYPE_CHECKING:
    from briefing_sdk.{version}.graphql.async_client import AsyncGraphQL
    from briefing_sdk.{version}.graphql.client import GraphQL
'''
VERSION = '''

class {prefix}{title}:
    """The resources of version {version}."""

    def __init__(self, transport: {prefix}Transport{moment_parameter}) -> None:
        self._transport = transport
{moment}{fields}
    @cached_property
    def graphql(self) -> {prefix}GraphQL:
        """The operations of GraphQL."""
        from briefing_sdk.{version}.graphql.{file} import {prefix}GraphQL

        return {prefix}GraphQL(self.{source}, "/{version}/graphql")
'''
MOMENT = '''        self._records = transport if known_at is None else transport.at(known_at)

    def at(self, known_at: datetime | date | str) -> {prefix}{title}:
        """Return the same records as they were known at a time, at the end of a day or in an edition (`e12345`)."""
        return {prefix}{title}(self._transport, known_at)
'''
ME = '''
    {define}def me(self) -> models.{record}:
        """{description}"""
        return ({wait}self._transport.read("{path}", {{}}, models.{answer}.from_dict)).data
'''
FIELD = '''
    @cached_property
    def {name}(self) -> {prefix}{title}:
        """{description}"""
        return {prefix}{title}(self.{source})
'''
# Python types of parameters by the format in their schema, or by the type if the format is not listed.
FORMATS = {"date-time": "datetime | date | str", "date": "date | str"}
TYPES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@dataclass(frozen=True)
class Flavour:
    """A way to call the client: blocking, or with asyncio. Classes for asyncio have a prefix."""

    prefix: str
    define: str
    wait: str
    graphql_module: str


BLOCKING = Flavour("", "", "", "client")
ASYNCIO = Flavour("Async", "async ", "await ", "async_client")
FLAVOURS = (BLOCKING, ASYNCIO)


def resource_module(contract: Contract, resource: Resource) -> str:
    """Return the module of a kind of record."""
    title = _title(resource.name)
    export_parameters = resource.export.parameters
    list_parameters = resource.listing.parameters
    common_names = {parameter["name"] for parameter in export_parameters}
    common_names &= {parameter["name"] for parameter in list_parameters}
    common_parameters = [parameter for parameter in export_parameters if parameter["name"] in common_names]
    only_export = [parameter for parameter in export_parameters if parameter["name"] not in common_names]
    only_list = [parameter for parameter in list_parameters if parameter["name"] not in common_names]
    blocks = [
        HEAD.format(description=resource.description, version=contract.version),
        _parameters_class(
            contract, f"{title}Filters", "TypedDict", "The parameters of lists and exports.", common_parameters
        ),
        _parameters_class(contract, f"{title}Export", f"{title}Filters", "The parameters of an export.", only_export),
        _parameters_class(contract, f"{title}List", f"{title}Filters", "The parameters of a list.", only_list),
    ]
    if resource.counts:
        parameters = resource.counts.parameters
        blocks.append(
            _parameters_class(contract, f"{title}Counting", "TypedDict", "The parameters of counts.", parameters)
        )
    if resource.series:
        parameters = resource.series.parameters
        blocks.append(
            _parameters_class(contract, f"{title}Series", "TypedDict", "The parameters of series.", parameters)
        )
    if resource.counts and resource.counts_file:
        blocks.append(_file_parameters(contract, f"{title}Counting", resource.counts, resource.counts_file))
    if resource.series and resource.series_file:
        blocks.append(_file_parameters(contract, f"{title}Series", resource.series, resource.series_file))
    if resource.read:
        parameters = resource.read.parameters
        blocks.append(
            _parameters_class(contract, f"{title}Get", "TypedDict", "The parameters of one record.", parameters)
        )
    if resource.revisions:
        parameters = resource.revisions.parameters
        description = "The parameters of the revisions of a record."
        blocks.append(_parameters_class(contract, f"{title}Revisions", "TypedDict", description, parameters))
    if resource.diff:
        blocks += _diff_parameters(contract, resource.diff.parameters, join_parameters(resource.diff_exports), title)
    blocks += [_resource_class(contract, resource, flavour) for flavour in FLAVOURS]
    return "\n".join(blocks)


def _diff_parameters(contract: Contract, diff_parameters: list[Schema], export: Operation, title: str) -> list[str]:
    """Return the classes of the keyword arguments of the differences between two states of a list."""
    return [
        _parameters_class(contract, f"{title}{name}", "TypedDict", description, parameters)
        for name, description, parameters in (
            ("Diff", "The parameters of the differences between two states.", diff_parameters),
            ("DiffExport", "The parameters of an export of the differences.", export.parameters),
        )
    ]


def package(contract: Contract) -> str:
    """Return the package of a version."""
    imports = ""
    for resource in contract.resources:
        title = _title(resource.name)
        imports += f"from briefing_sdk.{contract.version}.{resource.name} import Async{title}, {title}\n"
    head, lazy = PACKAGE.format(version=contract.version).split("\nif TYPE_CHECKING")
    classes = "".join(_version_class(contract, flavour) for flavour in FLAVOURS)
    names = ", ".join(repr(name) for name in _public_names(contract))
    public = f"\n__all__ = [*models.__all__, {names}]\n"
    return f"{head}{imports}\nif TYPE_CHECKING{lazy}{public}{classes}"


def _public_names(contract: Contract) -> list[str]:
    """Return the public names of the package other than the records: its classes, and the markers for fields that were
    not requested."""
    names = []
    for title in (contract.version.upper(), *(_title(resource.name) for resource in contract.resources)):
        names += [title, f"Async{title}"]
    return [*names, "UNSET", "Unset"]


def versions_module(versions: list[Contract], release: str) -> str:
    """Return the module with a property for each version."""
    lines = ['"""The versions that this client knows. Generated."""', "", "from __future__ import annotations", ""]
    lines += ["from functools import cached_property", "from typing import TYPE_CHECKING", ""]
    lines += ["from briefing_sdk.transport import AsyncTransport, Transport", "", "if TYPE_CHECKING:"]
    for contract in versions:
        title = contract.version.upper()
        lines.append(f"    from briefing_sdk.{contract.version} import Async{title}, {title}")
    lines += ["", f'VERSION = "{release}"', ""]
    for flavour in FLAVOURS:
        prefix = flavour.prefix
        lines += ["", f"class {prefix}Versions:", '    """The versions, by name."""', ""]
        lines += [
            f"    def __init__(self, transport: {prefix}Transport) -> None:",
            "        self._transport = transport",
            "",
        ]
        for contract in versions:
            name = contract.version
            class_name = f"{prefix}{name.upper()}"
            lines += ["    @cached_property", f"    def {name}(self) -> {class_name}:"]
            lines += [f'        """Version {name}."""', f"        from briefing_sdk.{name} import {class_name}", ""]
            lines += [f"        return {class_name}(self._transport)", ""]
    return "\n".join(lines)


def _version_class(contract: Contract, flavour: Flavour) -> str:
    source = "_records" if contract.has_history else "_transport"
    moment = moment_parameter = ""
    if contract.has_history:
        moment = MOMENT.format(prefix=flavour.prefix, title=contract.version.upper())
        moment_parameter = ", known_at: datetime | date | str | None = None"
    fields = ""
    for resource in contract.resources:
        description = _safe(resource.description)
        title = _title(resource.name)
        fields += FIELD.format(
            name=resource.name, title=title, description=description, prefix=flavour.prefix, source=source
        )
    definition = VERSION.format(
        source=source,
        moment=moment,
        moment_parameter=moment_parameter,
        prefix=flavour.prefix,
        title=contract.version.upper(),
        version=contract.version,
        fields=fields,
        file=flavour.graphql_module,
    )
    if contract.me:
        definition += _me_method(contract, contract.me, flavour)
    return definition


def _me_method(contract: Contract, operation: Operation, flavour: Flavour) -> str:
    return ME.format(
        define=flavour.define,
        wait=flavour.wait,
        record=contract.data_schema(operation),
        description=_safe(f"{operation.summary}."),
        path=operation.path,
        answer=operation.answer,
    )


def _resource_class(contract: Contract, resource: Resource, flavour: Flavour) -> str:
    title = _title(resource.name)
    get_method = ""
    if resource.read:
        get_method = GET.format(
            define=flavour.define,
            wait=flavour.wait,
            title=title,
            record=resource.record,
            path=resource.listing.path,
            answer=resource.read.answer,
        )
    if resource.revisions:
        get_method += REVISIONS.format(
            prefix=flavour.prefix,
            define=flavour.define,
            wait=flavour.wait,
            title=title,
            path=resource.listing.path,
            page=resource.revisions.answer,
            revision=contract.data_schema(resource.revisions),
        )
    counts_method = series_method = ""
    if resource.counts:
        counts_method = _groups_method(COUNTS, resource, resource.counts, flavour)
    if resource.counts_file:
        description = f"Yield the numbers of {resource.name} that match the filters, in groups, as CSV"
        counts_method += _file_method(
            "counts_csv", "CountingFile", description, resource, resource.counts_file, flavour
        )
    if resource.series:
        series_method = _groups_method(SERIES, resource, resource.series, flavour)
    if resource.series_file:
        description = f"Yield the {resource.name} that match the filters, as series over time, as CSV"
        series_method += _file_method("series_csv", "SeriesFile", description, resource, resource.series_file, flavour)
    if resource.diff:
        get_method += DIFF.format(
            prefix=flavour.prefix,
            define=flavour.define,
            wait=flavour.wait,
            title=title,
            path=resource.listing.path,
            page=resource.diff.answer,
            difference=contract.data_schema(resource.diff),
            forms=", ".join(f'"{form}"' for form in resource.diff_exports),
        )
    return CLASS.format(
        prefix=flavour.prefix,
        define=flavour.define,
        wait=flavour.wait,
        title=title,
        description=_safe(resource.description),
        name=resource.name,
        record=resource.record,
        path=resource.listing.path,
        page=resource.listing.answer,
        methods=counts_method + series_method + get_method,
        forms=", ".join(f'"{form}"' for form in resource.exports),
    )


def _groups_method(template: str, resource: Resource, operation: Operation, flavour: Flavour) -> str:
    return template.format(
        define=flavour.define,
        wait=flavour.wait,
        title=_title(resource.name),
        name=resource.name,
        path=operation.path,
        answer=operation.answer,
    )


def _file_method(
    method: str, parameters: str, description: str, resource: Resource, operation: Operation, flavour: Flavour
) -> str:
    return GROUPS_FILE.format(
        method=method,
        title=_title(resource.name),
        parameters=parameters,
        prefix=flavour.prefix,
        description=description,
        path=operation.path,
    )


def _file_parameters(contract: Contract, base: str, operation: Operation, file: Operation) -> str:
    """Return the class of the parameters of a CSV file. It adds those that the operation itself does not have."""
    names = {parameter["name"] for parameter in operation.parameters}
    only_file = [parameter for parameter in file.parameters if parameter["name"] not in names]
    return _parameters_class(contract, f"{base}File", base, "The parameters of the CSV file.", only_file)


def _parameters_class(contract: Contract, name: str, base: str, description: str, parameters: list[Schema]) -> str:
    """Return the class of the keyword arguments of an operation."""
    lines = [f"\nclass {name}({base}, total=False):", f'    """{description}"""', ""]
    for parameter in parameters:
        kind = _type(contract, parameter["schema"])
        if parameter.get("required"):
            kind = f"_Required[{kind}]"
        lines.append(f"    {_argument_name(parameter['name'])}: {kind}")
        lines.append(f'    """{_safe(parameter["description"])}"""')
    return "\n".join(lines) + "\n"


def _argument_name(parameter_name: str) -> str:
    """Return the name of a parameter in Python: `place__country` for `place.country`."""
    name = parameter_name.replace(".", "__")
    return f"{name}_" if keyword.iskeyword(name) else name


def _type(contract: Contract, schema: Schema) -> str:
    """Return the type of a parameter."""
    resolved = contract.resolve(schema)
    if resolved.get("type") == "array":
        return f"Sequence[{_type(contract, resolved['items'])}]"
    if "enum" in resolved:
        # A vocabulary is open, because a newer service may know more terms. The choices of a parameter are closed.
        if "$ref" in schema and "x-enum-varnames" not in resolved:
            return f"models.{schema['$ref'].rpartition('/')[2]}"
        terms = ", ".join(repr(term) for term in resolved["enum"])
        return f"Literal[{terms}]"
    scalar_type = TYPES[resolved["type"]]
    return FORMATS.get(resolved.get("format", ""), scalar_type)


def _title(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _safe(text: str) -> str:
    """Return the text escaped for a docstring."""
    text = text.replace("\\", "\\\\").replace('"""', "'''").replace("\n", " ")
    # A quote at the end would be read as one of the three that end the docstring.
    return f"{text} " if text.endswith('"') else text
