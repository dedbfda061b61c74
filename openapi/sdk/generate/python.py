"""The Python package: models and operations from the contracts, and the hand-written layer that they stand on."""

from __future__ import annotations

import json
import keyword
import re
import shutil
import subprocess
import sys
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
async_client = {waits}
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


def build(found: list[Contract], release: str, work: Path, into: Path) -> None:
    """Build the wheel in `into`."""
    shutil.copytree(SOURCE, work, ignore=shutil.ignore_patterns("literals", "graphql_base.py", "__pycache__"))
    shutil.copy(SOURCE.parents[2] / "LICENSE", work)
    project = work / "pyproject.toml"
    project.write_text(project.read_text().replace('version = "0"', f'version = "{release}"'), encoding="utf-8")
    home = work / "briefing_sdk"
    for contract in found:
        _version(contract, home, work)
    (home / "versions.py").write_text(versions_module(found, release), encoding="utf-8")
    _run(BIN / "hatchling", "build", "--target", "wheel", "--directory", into, at=work)


def _version(contract: Contract, home: Path, work: Path) -> None:
    folder = home / contract.version
    _models(contract, folder, work)
    for resource in contract.resources:
        module = resource_module(contract, resource)
        (folder / f"{resource.name}.py").write_text(module, encoding="utf-8")
    (folder / "__init__.py").write_text(package(contract), encoding="utf-8")
    _operations(contract, folder, work)


def _models(contract: Contract, folder: Path, work: Path) -> None:
    """Generate the models from the schemas alone. The paths have a module of ours for each resource."""
    schemas = {"schemas": contract.document["components"]["schemas"]}
    given = work / f"{contract.version}.json"
    given.write_text(json.dumps({**contract.document, "paths": {}, "components": schemas}), encoding="utf-8")
    settings = work / f"{contract.version}.yaml"
    settings.write_text(MODELS.format(version=contract.version))
    _run(
        *(BIN / "openapi-python-client", "generate", "--path", given, "--config", settings, "--meta", "none"),
        *("--output-path", folder, "--custom-template-path", SOURCE / "literals", "--fail-on-warning"),
        at=work,
    )
    shutil.rmtree(folder / "api")
    for unused in ("client.py", "errors.py"):
        (folder / unused).unlink()


def _operations(contract: Contract, folder: Path, work: Path) -> None:
    at = work / f"{contract.version}-graphql"
    at.mkdir()
    (at / "schema.graphql").write_text(contract.sdl, encoding="utf-8")
    (at / "operations.graphql").write_text(operations(contract.sdl), encoding="utf-8")
    for name, client, file, base, waits in (
        ("graphql", "GraphQL", "client", "Base", "false"),
        ("awaited", "AsyncGraphQL", "async_client", "AsyncBase", "true"),
    ):
        source = json.dumps(str(SOURCE / "graphql_base.py"))
        settings = GRAPHQL.format(package=name, client=client, file=file, base=base, waits=waits, source=source)
        (at / f"{name}.toml").write_text(settings, encoding="utf-8")
        _run(BIN / "ariadne-codegen", "--config", f"{name}.toml", at=at)
    for module in (at / "graphql").glob("*.py"):
        module.write_text(_mended(module.read_text(encoding="utf-8")), encoding="utf-8")
    inputs = at / "graphql" / "input_types.py"
    text = inputs.read_text(encoding="utf-8")
    text = text.replace("from .base_model import BaseModel", "from .graphql_base import Input as BaseModel")
    inputs.write_text(text, encoding="utf-8")
    for module in (at / "graphql" / "client.py", at / "awaited" / "async_client.py"):
        text = _strict(module.read_text(encoding="utf-8"))
        (at / "graphql" / module.name).write_text(text, encoding="utf-8")
    shutil.move(at / "graphql", folder)


def _mended(text: str) -> str:
    """Return a module whose vocabularies take new terms, and whose arguments have their Python names: `in_`, which an
    alias hides from mypy."""
    text = re.sub(r'\balias="(\w+)"', r'validation_alias="\1", serialization_alias="\1"', text)
    return text.replace("from enum import Enum", "from briefing_sdk.terms import Term").replace("(str, Enum)", "(Term)")


def _strict(text: str) -> str:
    """Return the operations with the schema's own names, `filter` and not `filter_`, and without arguments that are
    ignored: a misspelt filter would not filter."""
    text = re.sub(r"\b(\w+)_(?=: Union\[)", lambda found: _plain(found[1]), text)
    text = re.sub(r'("\w+": )(\w+)_(?=,|\})', lambda found: found[1] + _plain(found[2]), text)
    text = re.sub(r"(\w+)\.model_validate\(data\)", r"self.made(\1, data)", text)
    return re.sub(r",?\s*\*\*kwargs(: Any)?", "", text)


def _plain(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _run(*command: Path | str, at: Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=at, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{Path(command[0]).name} failed:\n{done.stdout}\n{done.stderr}")
