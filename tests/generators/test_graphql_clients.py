"""GraphQL clients and generators of clients work with the schema and over HTTP: docs/generators.md has their settings.

`make test-full` runs them. Each generates from the served schema or by introspection, is compiled strictly, and calls
the service."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, build_schema

from api.access.keys import Keys, NewKey
from api.ingest.load import load
from api.store.access import AccessStore
from tests.clients import ROOT, run
from tests.conftest import SAMPLE
from tests.installing import install_npm_packages, install_python_packages
from tests.serving import serving
from tests.sharing import once

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs" / "graphql"
PAGE = ROOT / "docs" / "generators.md"
# The address of the service in the page.
SHOWN = "http://127.0.0.1:8000"
LIST = "/v2/events?kind=shelling,air_strike&starts_at_gte=2022-02-01T00:00:00Z&limit=2"
COMPILER_OPTIONS = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "skipLibCheck": True,
    "target": "ES2022",
    "module": "NodeNext",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
    "types": ["node"],
    "outDir": "out",
}
# The method of a request, whether it had the document with the hash, and the status of the answer.
BY_GET = ["GET", False, 200]
BY_POST = ["POST", False, 200]

Test = Callable[..., None]
# The test of each client, by its row in the page.
TESTS: dict[str, Test] = {}


def client(row: str) -> Callable[[Test], Test]:
    """Mark the test of a client, and note the row that the page has for it."""

    def mark(test: Test) -> Test:
        TESTS[row] = test
        return pytest.mark.full(test)

    return mark


@dataclass(frozen=True)
class GraphQLServices:
    """The address of a service, that of one whose callers may request five lists of 20, and a key of the second one."""

    address: str
    limited: str
    key: str

    def check(self, *command: str | Path, at: Path) -> dict[str, Any]:
        """Run a program with a client and check what it prints: two pages with two values of a filter and a time, the
        codes of a missing record and of a wrong argument, a 429, and the length of a list that the key allows after
        the 429. Return what else it prints."""
        printed: dict[str, Any] = json.loads(run(*command, self.address, self.limited, self.key, at=at))
        refused = printed.pop("refused")
        common = {name: printed.pop(name) for name in ("pages", "missing", "invalid", "keyed")}
        assert common == {"pages": self.pages(), "missing": "not_found", "invalid": "invalid_request", "keyed": 20}
        assert refused[0] == "rate_limited" and refused[1] >= 1 and refused[2] == "minute"
        return printed

    def pages(self) -> list[list[str]]:
        """Return the ids of both pages, as REST lists them."""
        first = httpx2.get(f"{self.address}{LIST}").json()
        second = httpx2.get(f"{self.address}{LIST}&cursor={first['page']['next_cursor']}").json()
        return [[event["id"] for event in page["data"]] for page in (first, second)]

    def merged(self) -> list[str]:
        """Return the ids of both pages in one list."""
        first, second = self.pages()
        return first + second

    def settings(self, name: str) -> str:
        """Return the file of settings that the page shows, with the address of the service."""
        return documented_block(name).replace(SHOWN, self.address)


def documented_block(name: str) -> str:
    """Return the file with this name that the page shows."""
    (text,) = re.findall(rf"^`{re.escape(name)}`:\n\n```\w+\n(.*?)```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return str(text)


def without_mode(settings: str) -> str:
    """Return settings of GraphQL Code Generator for clients that take documents in parsed form."""
    changed = settings.replace("      documentMode: string\n", "")
    assert changed != settings
    return changed


@pytest.fixture(scope="session")
async def services(new_store: Callable[[], Awaitable[str]]) -> AsyncIterator[GraphQLServices]:
    """The services that the programs call."""
    url, small = await new_store(), await new_store()
    for store in (url, small):
        await load([str(SAMPLE)], store)
    access = AccessStore(small)
    created = await Keys(access, "live", "test").create(NewKey("a client", "free"))
    await access.close()
    connection = await asyncpg.connect(small)
    await connection.execute("update access.plan set burst = 100, points_minute = 2 where name = 'anonymous'")
    await connection.close()
    with serving(url, limits=True) as service, serving(small, limits=True) as limited:
        address = "http://127.0.0.1:{}"
        yield GraphQLServices(address.format(service.port), address.format(limited.port), created.secret.text)


@pytest.fixture(scope="session")
def packages(node_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients and generators from npm."""
    install = partial(install_npm_packages, node_home, HERE / "graphql" / "npm")
    return once(tmp_path_factory, "graphql-clients-npm", install)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the generators for Python."""
    install = partial(install_python_packages, HERE / "graphql" / "requirements.txt")
    return once(tmp_path_factory, "graphql-clients", install) / "bin"


@dataclass(frozen=True)
class Project:
    """A folder with a TypeScript program and the installed packages."""

    node: Path
    folder: Path
    services: GraphQLServices

    def start(self, program: str, **files: str) -> None:
        """Copy a program into the folder, and others by the names that it imports."""
        for name, source in {"program": program, **files}.items():
            shutil.copy(PROGRAMS / f"{source}.ts", self.folder / f"{name}.ts")
        self.write("package.json", '{"type": "module"}')
        self.write("tsconfig.json", json.dumps({"compilerOptions": COMPILER_OPTIONS, "include": ["*.ts"]}))

    def write(self, name: str, text: str) -> None:
        """Write a file into the folder."""
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, tool: str, *arguments: str) -> str:
        """Run a tool of a package, which is a script below node_modules."""
        return run(self.node, f"node_modules/{tool}", *arguments, at=self.folder)

    def generate(self, settings: str) -> None:
        """Run GraphQL Code Generator."""
        self.write("codegen.yml", settings)
        self.run("@graphql-codegen/cli/cjs/bin.js", "--config", "codegen.yml")

    def check(self, *options: str | Path) -> dict[str, Any]:
        """Compile the program strictly, run it and check what it prints. Return what it prints of the client's own."""
        self.run("typescript/bin/tsc")
        return self.services.check(self.node, "--no-warnings", *options, "out/program.js", at=self.folder)


@pytest.fixture
def project(packages: Path, node_home: Path, services: GraphQLServices, tmp_path: Path) -> Project:
    """A folder for a TypeScript program."""
    (tmp_path / "node_modules").symlink_to(packages / "node_modules")
    return Project(node_home / "bin" / "node", tmp_path, services)


@client("GraphQL Code Generator, client preset")
def test_graphql_code_generator(project: Project) -> None:
    project.start("codegen")
    project.generate(project.services.settings("codegen.yml"))
    assert project.check() == {}


@client("gql.tada")
def test_gql_tada(project: Project) -> None:
    project.start("gql_tada")
    plugin = json.loads(documented_block("tsconfig.json"))["compilerOptions"]["plugins"]
    settings = {"compilerOptions": COMPILER_OPTIONS | {"plugins": plugin}, "include": ["*.ts"]}
    project.write("tsconfig.json", json.dumps(settings))
    tool = "gql.tada/bin/cli.js"
    project.run(tool, "generate-schema", f"{project.services.address}/v2/graphql", "--output", "schema.graphql")
    project.run(tool, "generate-output")
    project.run(tool, "check", "--fail-on-warn")
    assert project.check() == {}


@client("Apollo Client")
def test_apollo_client(project: Project) -> None:
    """The first request of a document has its hash alone. The answer to it makes Apollo send both by POST."""
    project.start("apollo", tracing="tracing")
    project.write("apollo-cache.ts", documented_block("apollo-cache.ts"))
    project.generate(without_mode(project.services.settings("codegen.yml")))
    assert project.check() == {
        "merged": project.services.merged(),
        "byGet": [["GET", False, 400], ["POST", True, 200], BY_GET],
        "byPost": [["POST", False, 400], ["POST", True, 200], BY_POST],
        "normalised": ["Event", "changed"],
    }


@client("urql with graphcache")
def test_urql_with_graphcache(project: Project) -> None:
    """The schema, which the program reads by introspection, tells graphcache that a field that it lacks may be null."""
    project.start("graphcache", tracing="tracing")
    project.write("graphcache-options.ts", documented_block("graphcache-options.ts"))
    project.generate(without_mode(project.services.settings("codegen.yml")))
    printed = project.check()
    known, record = printed.pop("normalised")
    assert record["id"] == project.services.merged()[0] and record["summary"]
    assert known == record | {"summary": None}
    assert printed == {
        "merged": project.services.merged(),
        "byGet": [BY_GET, ["GET", True, 200], BY_GET],
        "byPost": [BY_POST, ["POST", True, 200], BY_POST],
        "warnings": [],
    }


@client("Relay compiler and runtime")
def test_relay(project: Project) -> None:
    project.start("relay", documents="relay_documents")
    project.write("schema.graphql", httpx2.get(f"{project.services.address}/v2/schema.graphql").text)
    project.write("relay.config.json", documented_block("relay.config.json"))
    (project.folder / "artifacts").mkdir()
    project.run("relay-compiler/cli.js")
    printed = project.check("--import", PROGRAMS / "relay_artifacts.mjs")
    assert printed == {"merged": project.services.merged(), "normalised": ["Event", "changed"]}


@client("ariadne-codegen")
def test_ariadne_codegen(python: Path, services: GraphQLServices, tmp_path: Path) -> None:
    shutil.copy(PROGRAMS / "operations.graphql", tmp_path)
    shutil.copy(PROGRAMS / "ariadne_codegen.py", tmp_path / "program.py")
    (tmp_path / "ariadne.toml").write_text(services.settings("ariadne.toml"), encoding="utf-8")
    run(python / "ariadne-codegen", "--config", "ariadne.toml", at=tmp_path)
    (tmp_path / "mypy.ini").write_text("[mypy]\nplugins = pydantic.mypy\n", encoding="utf-8")
    # The base class that it generates has an error of its own, which mypy does not report to users of the client.
    run(python / "mypy", "--strict", "--follow-imports=silent", "program.py", at=tmp_path)
    assert services.check(python / "python", "program.py", at=tmp_path) == {}


@client("sgqlc")
def test_sgqlc(python: Path, services: GraphQLServices, tmp_path: Path) -> None:
    shutil.copy(PROGRAMS / "operations.graphql", tmp_path)
    shutil.copy(PROGRAMS / "sgqlc_client.py", tmp_path / "program.py")
    run(python / "python", "-m", "sgqlc.introspection", f"{services.address}/v2/graphql", "schema.json", at=tmp_path)
    generate = python / "sgqlc-codegen"
    run(generate, "schema", "--docstrings", "schema.json", "schema.py", at=tmp_path)
    run(generate, "operation", "--schema", "schema.json", "schema", "operations.py", "operations.graphql", at=tmp_path)
    # Neither the package nor what it generates has types.
    run(python / "mypy", "--strict", "--follow-imports=silent", "--ignore-missing-imports", "program.py", at=tmp_path)
    assert services.check(python / "python", "program.py", at=tmp_path) == {}


def test_the_page_has_a_row_for_each_client() -> None:
    page = PAGE.read_text(encoding="utf-8")
    section = page.split("\n## GraphQL\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    assert rows[0] == ["client", "result", "settings"]
    assert {name: result for name, result, _ in rows[2:]} == dict.fromkeys(TESTS, "works")


def test_the_cache_that_the_page_shows_names_all_types_and_lists() -> None:
    schema = build_schema((ROOT / "openapi" / "v2.graphql").read_text(encoding="utf-8"))
    assert schema.query_type is not None
    objects = {name: kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLObjectType)}
    lists = {name for name, field in schema.query_type.fields.items() if "after" in field.args}
    records = {kind.name for kind in objects.values() if "Node" in {parent.name for parent in kind.interfaces}}
    # Cursors and pages are those of lists, which are joined as wholes.
    own = [
        kind
        for name, kind in objects.items()
        if not name.startswith("__") and not name.endswith(("Connection", "Edge"))
    ]
    types = {field.type for kind in own if kind is not schema.query_type for field in kind.fields.values()}
    single = {kind.of_type if isinstance(kind, GraphQLNonNull) else kind for kind in types}
    parts = {kind.name for kind in single if isinstance(kind, GraphQLObjectType) and "id" not in kind.fields}
    declared = re.findall(r"^const (\w+) = \[(.*?)\];$", documented_block("apollo-cache.ts"), re.M | re.S)
    names = {name: set(re.findall(r'"(\w+)"', text)) for name, text in declared}
    assert names == {"RECORDS": records, "LISTS": lists, "PARTS": parts}


def test_no_lock_file_of_npm_contains_an_address() -> None:
    files = [file for file in HERE.rglob("package-lock.json") if "node_modules" not in file.parts]
    assert len(files) >= 2
    assert [str(file) for file in files if "://" in file.read_text(encoding="utf-8")] == []
