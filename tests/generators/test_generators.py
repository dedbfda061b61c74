"""Clients that popular generators make of the contract compile and work: docs/generators.md has their settings.

One generator for Python and one for TypeScript run always. `make test-full` runs the others."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.clients import ROOT, run
from tests.conftest import TOOLS
from tests.generators.answers import Answer
from tests.generators.conftest import CONTRACT, PROGRAMS, Services
from tests.guide.blocks import steps
from tests.installing import install_npm_packages, install_python_packages
from tests.sharing import once

SDK = ROOT / ".venv" / "sdk" / "bin"
NPM = ROOT / "build" / "sdk" / "npm" / "node_modules"
HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "generators.md"
COMPILER_OPTIONS = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noEmit": True,
    "skipLibCheck": True,
    "target": "ES2022",
    "module": "NodeNext",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
}


def compile_typescript(node_home: Path, folder: Path, types: list[str], **options: bool) -> None:
    """Check the types of the programs in a folder."""
    settings = {"compilerOptions": COMPILER_OPTIONS | {"types": types} | options, "include": ["*.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    run(node_home / "bin" / "node", NPM / "typescript" / "bin" / "tsc", "--project", "tsconfig.json", at=folder)


def test_openapi_python_client(sdk_packages: Path, python_home: Path, services: Services, work: Path) -> None:
    (block,) = re.findall(r"```yaml\n(content_type_overrides.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (work / "settings.yaml").write_text(f"{block}post_hooks: []\n", encoding="utf-8")
    run(SDK / "openapi-python-client", "generate", "--path", CONTRACT, "--meta", "none", "--config", "settings.yaml",
        "--output-path", work / "client", "--fail-on-warning", at=work)  # fmt: skip
    shutil.copy(PROGRAMS / "openapi_python_client.py", work / "program.py")
    # The generator writes a model with a field of its own name (`relation`) in a way that mypy takes for an error,
    # which its users do not see.
    run(python_home / "bin" / "python", "-m", "mypy", "--strict", "--follow-imports=silent", "program.py", at=work)
    services.check(python_home / "bin" / "python", "program.py", at=work)


def test_openapi_typescript_with_openapi_fetch(
    sdk_packages: Path, node: Callable[..., str], node_home: Path, services: Services, work: Path
) -> None:
    program = node_home / "bin" / "node"
    run(program, NPM / "openapi-typescript" / "bin" / "cli.js", CONTRACT, "--output", work / "rest.ts", at=work)
    node("-e", "")  # It installs openapi-fetch.
    (work / "node_modules").mkdir()
    (work / "node_modules" / "openapi-fetch").symlink_to(TOOLS / "node_modules" / "openapi-fetch")
    (work / "node_modules" / "openapi-typescript-helpers").symlink_to(
        TOOLS / "node_modules" / "openapi-typescript-helpers"
    )
    shutil.copy(PROGRAMS / "openapi_typescript.ts", work / "program.ts")
    (work / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (work / "process.d.ts").write_text("declare const process: { argv: string[] };\n", encoding="utf-8")
    compile_typescript(node_home, work, [])
    services.check(program, "--no-warnings", "--experimental-strip-types", "program.ts", at=work)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the generators that only the full tests run."""
    install = partial(install_python_packages, HERE / "requirements.txt")
    return once(tmp_path_factory, "generators", install)


@pytest.fixture(scope="session")
def packages(node_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the generators from npm that only the full tests run."""
    install = partial(install_npm_packages, node_home, HERE / "npm")
    return once(tmp_path_factory, "generators-npm", install)


def generate(tools: Path, generator: str, folder: Path, *options: str) -> None:
    """Run openapi-generator, with the Java that comes with it."""
    command = tools / "bin" / "openapi-generator-cli"
    run(command, "generate", "-i", CONTRACT, "-g", generator, "-o", folder, *options)


@pytest.mark.full
def test_openapi_generator_for_python(tools: Path, services: Services, work: Path) -> None:
    generate(tools, "python", work)
    shutil.copy(PROGRAMS / "openapi_generator.py", work / "program.py")
    services.check(tools / "bin" / "python", "program.py", at=work)


@pytest.mark.full
def test_openapi_generator_for_go(tools: Path, services: Services, work: Path) -> None:
    generate(
        tools, "go", work, "--additional-properties=enumClassPrefix=true,packageName=client",
        "--global-property=apiTests=false,modelTests=false", "--git-host=example.org", "--git-user-id=.",
        "--git-repo-id=client",
    )  # fmt: skip
    shutil.rmtree(work / "test", ignore_errors=True)
    (work / "go.mod").write_text("module example.org/client\n\ngo 1.23\n", encoding="utf-8")
    (work / "program").mkdir()
    shutil.copy(PROGRAMS / "openapi_generator.go", work / "program" / "main.go")
    go = tools / "bin" / "go"
    offline = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOCACHE": str(work / "cache"), "HOME": str(work)}
    run(go, "vet", "./...", at=work, **offline)
    run(go, "build", "-o", "program/run", "./program", at=work, **offline)
    services.check(work / "program" / "run", at=work)


@pytest.mark.full
def test_openapi_generator_for_typescript_fetch(
    tools: Path, sdk_packages: Path, packages: Path, node_home: Path, services: Services, work: Path
) -> None:
    generate(tools, "typescript-fetch", work / "fetch", "--additional-properties=importFileExtension=.js")
    shutil.copy(PROGRAMS / "typescript_fetch.ts", work / "program.ts")
    compile_and_run(packages, node_home, services, work)


@pytest.mark.full
def test_hey_api(packages: Path, sdk_packages: Path, node_home: Path, services: Services, work: Path) -> None:
    program = packages / "node_modules" / "@hey-api" / "openapi-ts" / "bin" / "run.js"
    run(node_home / "bin" / "node", program, "-i", CONTRACT, "-o", work / "hey", "-c", "@hey-api/client-fetch", at=work)
    shutil.copy(PROGRAMS / "hey_api.ts", work / "program.ts")
    compile_and_run(packages, node_home, services, work)


def use_page(work: Path) -> None:
    """Write the contract and the files of the page into a folder."""
    shutil.copy(CONTRACT, work / "openapi.json")
    for step in steps(PAGE):
        if step.file:
            (work / step.file).write_text(step.text, encoding="utf-8")


@pytest.mark.full
def test_hey_api_with_zod(
    packages: Path, sdk_packages: Path, node_home: Path, services: Services, answers: list[Answer], work: Path
) -> None:
    use_page(work)
    program = packages / "node_modules" / "@hey-api" / "openapi-ts" / "bin" / "run.js"
    run(node_home / "bin" / "node", program, "-f", "openapi-ts.config.mjs", at=work)
    shutil.copy(PROGRAMS / "hey_api_zod.ts", work / "program.ts")
    compile_and_run(packages, node_home, services, work, answers)


@pytest.mark.full
def test_orval(
    packages: Path, sdk_packages: Path, node_home: Path, services: Services, answers: list[Answer], work: Path
) -> None:
    use_page(work)
    program = packages / "node_modules" / "orval" / "dist" / "bin" / "orval.mjs"
    run(node_home / "bin" / "node", program, "--config", "orval.config.mjs", at=work)
    (work / "server.ts").write_text('export const server = { address: "" };\n', encoding="utf-8")
    shutil.copy(PROGRAMS / "orval.ts", work / "program.ts")
    compile_and_run(packages, node_home, services, work, answers)


@pytest.mark.full
def test_kubb(
    packages: Path, sdk_packages: Path, node_home: Path, services: Services, answers: list[Answer], work: Path
) -> None:
    use_page(work)
    (work / "node_modules").symlink_to(packages / "node_modules")  # Its settings import its plugins.
    program = packages / "node_modules" / "@kubb" / "cli" / "bin" / "kubb.cjs"
    run(node_home / "bin" / "node", program, "generate", "--config", "kubb.config.mjs", at=work)
    shutil.copy(PROGRAMS / "kubb.ts", work / "program.ts")
    compile_and_run(packages, node_home, services, work, answers)


@pytest.mark.full
def test_datamodel_code_generator(tools: Path, services: Services, answers: list[Answer], work: Path) -> None:
    use_page(work)
    (command,) = (step.text for step in steps(PAGE) if step.text.startswith("datamodel-codegen "))
    program, *options = shlex.split(command.replace("\\\n", " "))
    run(tools / "bin" / program, *options, at=work)
    shutil.copy(PROGRAMS / "datamodel_codegen.py", work / "program.py")
    run(tools / "bin" / "python", "-m", "mypy", "--strict", "program.py", "client", at=work)
    services.check(tools / "bin" / "python", "program.py", at=work, answers=answers)


def compile_and_run(
    packages: Path, node_home: Path, services: Services, work: Path, answers: Sequence[Answer] = ()
) -> None:
    """Compile a program strictly to JavaScript, and run it."""
    if not (work / "node_modules").exists():
        (work / "node_modules").symlink_to(packages / "node_modules")
    (work / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    settings = {
        "compilerOptions": COMPILER_OPTIONS
        | {"noEmit": False, "outDir": "out", "types": ["node"], "module": "ESNext", "moduleResolution": "Bundler"}
        | {"exactOptionalPropertyTypes": False},
        "include": ["program.ts"],
    }
    (work / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    run(node_home / "bin" / "node", NPM / "typescript" / "bin" / "tsc", "--project", "tsconfig.json", at=work)
    resolve = work / "resolve.mjs"
    resolve.write_text(RESOLVE, encoding="utf-8")
    command = (node_home / "bin" / "node", "--no-warnings", "--import", "./resolve.mjs", "out/program.js")
    services.check(*command, at=work, answers=answers)


# Bundlers find modules without the end of their names. Node does so with this hook.
RESOLVE = """import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith(".")) return next(specifier, context);
    for (const end of ["", ".js", "/index.js"]) {
      try {
        return next(specifier + end, context);
      } catch {}
    }
    return next(specifier, context);
  },
});
"""


@pytest.mark.full
@pytest.mark.parametrize(("generator", "options"), [("java", ["--library", "native"]), ("kotlin", [])])
def test_the_text_of_clients_for_the_jvm(tools: Path, work: Path, generator: str, options: list[str]) -> None:
    """Their libraries come from Maven Central, so only what was written is checked."""
    generate(tools, generator, work, *options)
    suffix = {"java": "java", "kotlin": "kt"}[generator]
    names = [path.stem for path in work.rglob(f"*.{suffix}")]
    assert {"Event", "EventPage", "Problem", "EventKind", "EventSort", "EventsApi"} <= set(names)
    assert not [name for name in names if name.endswith("200Response") or name.startswith("ModelObject")]
    text = next(work.rglob(f"EventsApi.{suffix}")).read_text(encoding="utf-8")
    assert "listEvents" in text and "exportEventsCsv" in text
