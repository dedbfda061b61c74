"""The Python package: models and operations from the contracts, and the hand-written layer that they use."""

from __future__ import annotations

import json
import keyword
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from contract import Contract
from operations import operations
from resources import package, resource_module, versions_module

SOURCE = Path(__file__).parents[1] / "python"
BIN = Path(sys.executable).parent
GRAPHQL = """[tool.ariadne-codegen]
schema_path = "schema.graphql"
queries_path = "operations.graphql"
target_package_path = "."
target_package_name = "{package}"
client_name = "{client}"
client_file_name = "{file}"
base_client_name = "{base}"
base_client_file_path = {source}
async_client = {is_async}
include_comments = "none"
[tool.ariadne-codegen.scalars.DateTime]
type = "datetime.datetime"
[tool.ariadne-codegen.scalars.Date]
type = "datetime.date"
"""
MODELS = """literal_enums: true
project_name_override: {version}
package_name_override: {version}
post_hooks: []
"""


@dataclass(frozen=True)
class GraphQLClient:
    """A client of the operations that ariadne-codegen writes: its package, and the names in it."""

    package: str
    name: str
    module: str
    base: str
    is_async: bool

    def settings(self) -> str:
        """Return the settings of ariadne-codegen for it."""
        return GRAPHQL.format(
            package=self.package,
            client=self.name,
            file=self.module,
            base=self.base,
            is_async="true" if self.is_async else "false",
            source=json.dumps(str(SOURCE / "graphql_base.py")),
        )


# Both packages have the same models, so the client of the second one moves into the first one.
BLOCKING = GraphQLClient("graphql", "GraphQL", "client", "Base", is_async=False)
ASYNCIO = GraphQLClient("awaited", "AsyncGraphQL", "async_client", "AsyncBase", is_async=True)


def build(versions: list[Contract], release: str, work: Path, into: Path) -> None:
    """Build the wheel in `into`."""
    shutil.copytree(SOURCE, work, ignore=shutil.ignore_patterns("literals", "graphql_base.py", "__pycache__"))
    shutil.copy(SOURCE.parents[2] / "LICENSE", work)
    project = work / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "0"', f'version = "{release}"'), encoding="utf-8")
    home = work / "briefing_sdk"
    for contract in versions:
        _write_version(contract, home, work)
    (home / "versions.py").write_text(versions_module(versions, release), encoding="utf-8")
    _run(BIN / "hatchling", "build", "--target", "wheel", "--directory", into, at=work)


def _write_version(contract: Contract, home: Path, work: Path) -> None:
    folder = home / contract.version
    _write_models(contract, folder, work)
    for resource in contract.resources:
        module = resource_module(contract, resource)
        (folder / f"{resource.name}.py").write_text(module, encoding="utf-8")
    (folder / "__init__.py").write_text(package(contract), encoding="utf-8")
    _write_operations(contract, folder, work)


def _write_models(contract: Contract, folder: Path, work: Path) -> None:
    """Generate the models from the schemas alone. resources.py writes the modules of the paths."""
    schemas = {"schemas": contract.document["components"]["schemas"]}
    document = work / f"{contract.version}.json"
    document.write_text(json.dumps({**contract.document, "paths": {}, "components": schemas}), encoding="utf-8")
    settings = work / f"{contract.version}.yaml"
    settings.write_text(MODELS.format(version=contract.version))
    _run(
        *(BIN / "openapi-python-client", "generate", "--path", document, "--config", settings, "--meta", "none"),
        *("--output-path", folder, "--custom-template-path", SOURCE / "literals", "--fail-on-warning"),
        at=work,
    )
    for module in (folder / "models").glob("*.py"):
        module.write_text(_adapt_record(module.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.rmtree(folder / "api")
    for unused in ("client.py", "errors.py"):
        (folder / unused).unlink()


def _adapt_record(text: str) -> str:
    """Return the module of a model with `Record` as its base class, and without the generator's incomplete mapping
    methods: `record["title"]` worked, but `dict(record)` failed. A model whose members may have any name becomes a
    complete mapping."""
    if "@_attrs_define\n" not in text:
        return text
    text = re.sub(r"\n    @property\n    def additional_keys.*\Z", "\n", text, flags=re.DOTALL)
    text = text.replace("@_attrs_define\n", "@_attrs_define(repr=False)\n")
    base = name = "Record"
    members = re.search(r"additional_properties: dict\[str, (?!Any\b)(\w+)\]", text)
    if members:
        name, base = "RecordMap", f'RecordMap["{members[1]}"]'
    text = re.sub(r"^class (\w+):", rf"class \1({base}):", text, flags=re.MULTILINE)
    return re.sub(
        r"^(from attrs import define as _attrs_define)$",
        rf"\1\nfrom briefing_sdk.record import {name}",
        text,
        count=1,
        flags=re.MULTILINE,
    )


def _write_operations(contract: Contract, folder: Path, work: Path) -> None:
    """Generate the clients of GraphQL into the package `graphql` of the version."""
    at = work / f"{contract.version}-graphql"
    at.mkdir()
    (at / "schema.graphql").write_text(contract.sdl, encoding="utf-8")
    (at / "operations.graphql").write_text(operations(contract.sdl), encoding="utf-8")
    for client in (BLOCKING, ASYNCIO):
        settings = f"{client.package}.toml"
        (at / settings).write_text(client.settings(), encoding="utf-8")
        _run(BIN / "ariadne-codegen", "--config", settings, at=at)
    package_folder = at / BLOCKING.package
    for module in package_folder.glob("*.py"):
        module.write_text(_adapt_models(module.read_text(encoding="utf-8")), encoding="utf-8")
    inputs = package_folder / "input_types.py"
    text = inputs.read_text(encoding="utf-8")
    text = text.replace("from .base_model import BaseModel", "from .graphql_base import Input as BaseModel")
    inputs.write_text(text, encoding="utf-8")
    for client in (BLOCKING, ASYNCIO):
        module = at / client.package / f"{client.module}.py"
        text = _adapt_operations(module.read_text(encoding="utf-8"))
        (package_folder / module.name).write_text(text, encoding="utf-8")
    shutil.move(package_folder, folder)


def _adapt_models(text: str) -> str:
    """Return a module whose vocabularies accept new terms, and whose arguments keep their Python names such as `in_`,
    which a plain alias would hide from mypy."""
    text = re.sub(r'\balias="(\w+)"', r'validation_alias="\1", serialization_alias="\1"', text)
    return text.replace("from enum import Enum", "from briefing_sdk.terms import Term").replace("(str, Enum)", "(Term)")


def _adapt_operations(text: str) -> str:
    """Return the operations with the schema's own names, `filter` and not `filter_`, and without arguments that are
    ignored: a misspelt filter would not filter."""

    def restore_argument(name: re.Match[str]) -> str:
        return _original_name(name[1])

    def restore_variable(variable: re.Match[str]) -> str:
        key, name = variable.groups()
        return f"{key}{_original_name(name)}"

    text = re.sub(r"\b(\w+)_(?=: Union\[)", restore_argument, text)
    text = re.sub(r'("\w+": )(\w+)_(?=,|\})', restore_variable, text)
    text = re.sub(r"(\w+)\.model_validate\(data\)", r"self.parse_answer(\1, data)", text)
    return re.sub(r",?\s*\*\*kwargs(: Any)?", "", text)


def _original_name(name: str) -> str:
    """Return a name without the underscore after it, unless it is a keyword of Python."""
    return f"{name}_" if keyword.iskeyword(name) else name


def _run(*command: Path | str, at: Path) -> None:
    process = subprocess.run([str(part) for part in command], cwd=at, capture_output=True, text=True)
    if process.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed:\n{process.stdout}\n{process.stderr}")
