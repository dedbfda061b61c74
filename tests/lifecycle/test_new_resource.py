"""A rehearsal of another resource: a copy of the tree gets `claim` by the edits that CONTRIBUTING.md lists.

The claims are then loaded, requested, exported and withdrawn. If an edit is left out, something fails and says so.
"""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import asyncpg
import httpx2
import pytest

from tests.clients import CLEAN
from tests.lifecycle.claims import LOADING, SAMPLE, add_claims
from tests.lifecycle.trees import ROOT, briefing, copy_tree, run, serve_tree, suites

pytestmark = pytest.mark.full

MIGRATION = "sql/migrations/0099_claims.sql"
# The suites that go through all resources, run in the copy.
SUITES = (
    "tests/agreement/test_corners.py",
    "tests/agreement/test_declared.py",
    "tests/agreement/test_graphql.py",
    "tests/catalog",
    "tests/ingest/test_contract.py",
    "tests/ingest/test_loading_doc.py",
    "tests/rest/test_contract.py",
    "tests/rest/test_examples.py",
    "tests/store/test_columns.py",
    "tests/store/test_model.py",
    "tests/store/test_roles.py",
    "tests/store/test_versions.py",
)
DATASET = {"dataset": "rehearsal"}
SOURCES = [
    {"resource": "source", **DATASET, "key": key, "name": key.title(), "kind": "person"} for key in ("ada", "ben")
]
BRIEFINGS = [
    {"resource": "briefing", **DATASET, "key": key, "title": f"Briefing {key}", "language": "en"}
    | {"published_at": "2026-01-02T00:00:00Z"}
    for key in ("first", "second")
]
EVENT = {"resource": "event", **DATASET, "key": "talks", "kind": "negotiation", "title": "Talks", "status": "occurred"}
EVENT |= {"starts_at": "2026-01-01T00:00:00Z", "time_precision": "day", "briefing": "first"}


def claim(key: str, text: str, **fields: Any) -> dict[str, Any]:
    """Return a claim as a line of a load file."""
    return {"resource": "claim", **DATASET, "key": key, "text": text, "speaker": "ada", **fields}


AGREED = claim("agreed", "The parties agreed.", event="talks", briefing="first", claimed_at="2026-01-01T10:00:00Z")
REFUTED = AGREED | {
    "status": "refuted",
    "verdicts": [{"rating": "incorrect", "source": "ben", "statement": "They did not."}],
}
RETURNED = claim("returned", "Refugees are returning.", briefing="first", claimed_at="2026-01-01T09:00:00Z")
RETURNED |= {
    "status": "supported",
    "verdicts": [{"rating": "correct", "source": "ben"}, {"rating": "mixed", "source": "ada"}],
}
MISTAKEN = claim("mistaken", "It rained.")
LOST = claim("lost", "A corridor is open.", event="talks")
DEPENDENT = claim("dependent", "The talks failed.", briefing="second")
OTHERS = [*SOURCES, BRIEFINGS[0], EVENT]
WITHDRAWN = {"withdrawn": {"reason": "It was not said."}}
# Loads, one after the other: new claims, an update, withdrawals of a claim and of a briefing, and a complete file.
LOADS: tuple[tuple[list[dict[str, Any]], tuple[str, ...]], ...] = (
    ([*OTHERS, BRIEFINGS[1], AGREED, RETURNED, MISTAKEN, LOST, DEPENDENT], ()),
    ([REFUTED], ()),
    ([{"resource": "claim", **DATASET, "key": "mistaken"} | WITHDRAWN], ()),
    ([{"resource": "briefing", **DATASET, "key": "second"} | WITHDRAWN], ("--cascade",)),
    ([*OTHERS, REFUTED, RETURNED], ("--complete", "--yes")),
)
FOLLOWED = "select key, status from v2_at.claim($1) where dataset = 'rehearsal' order by key"
CLAIMS = """
    select id, digest, withdrawn, to_jsonb(held) - 'revision' - 'created_at' - 'updated_at' - 'digest' - 'since'
    from store.claim held order by id"""
CHECKED = "select to_jsonb(held) - 'since' from store.verdict held order by record_id, position"
VERDICTS = "select record_id, position, rating from v2_at.verdict($1) order by record_id, position"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with claims."""
    copy = copy_tree(tmp_path_factory.mktemp("tree") / "copy")
    add_claims(copy)
    return copy


def output_of(result: subprocess.CompletedProcess[str]) -> str:
    """Return the output of a program that must succeed."""
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-6000:]
    return result.stdout


@dataclass(frozen=True)
class ClaimStore:
    """A store of the copy, the editions that the loads left, and its service."""

    url: str
    editions: tuple[int, ...]
    base: str

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Return the answer to a request of version 2."""
        return httpx2.get(f"{self.base}/v2{path}", headers=headers)

    def keys(self, path: str) -> list[str]:
        """Return the keys of the records of a list."""
        data = self.get(path).raise_for_status().json()["data"]
        return [record["key"] for record in data]


@pytest.fixture(scope="module")
async def url(tree: Path, fresh_database: Callable[[], Awaitable[str]]) -> str:
    """The URL of a store of the copy. It contains the sample, with a claim."""
    url = await fresh_database()
    output_of(briefing(tree, "migrate", url=url))
    output_of(briefing(tree, "load", "--quiet", str(tree / SAMPLE), url=url))
    return url


@pytest.fixture(scope="module")
def contract(tree: Path, postgres_url: str) -> str:
    """Write the answers of the examples again, then the contracts, and return what is printed."""
    result = suites(tree, postgres_url, "tests/rest/test_examples.py", "-k", "kept", BRIEFING_WRITE_EXAMPLES="1")
    output_of(result)
    return output_of(briefing(tree, "contract"))


@pytest.fixture(scope="module")
async def claim_store(tree: Path, url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClaimStore]:
    """The store after all loads."""
    connection = await asyncpg.connect(url)
    editions: list[int] = []
    for number, (lines, options) in enumerate(LOADS):
        file = tmp_path_factory.mktemp("load") / f"{number}.ndjson"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        output_of(briefing(tree, "load", "--quiet", *options, str(file), url=url))
        editions.append(await connection.fetchval("select max(seq) from store.edition"))
    await connection.close()
    with serve_tree(tree, url) as base:
        yield ClaimStore(url, tuple(editions), base)


LISTS = {
    "/claims": ["agreed", "returned", "corridor-kept"],
    "/claims?sort=claimed_at": ["corridor-kept", "returned", "agreed"],
    "/claims?status=refuted,unverified": ["agreed", "corridor-kept"],
    "/claims?claimed_at_lt=2026-01-01T10:00:00Z&language=en": ["returned", "corridor-kept"],
    "/claims?event_id_null=true": ["returned"],
    "/claims?q=refugee": ["returned"],
    # Through links of claims, and through links to them.
    "/claims?event.kind=negotiation&speaker.kind=person": ["agreed", "corridor-kept"],
    "/claims?verdicts.rating=mixed": ["returned", "corridor-kept"],
    "/events?claims.status=refuted": ["talks"],
    "/briefings?claims.status=supported": ["first"],
    "/sources?claims.status=refuted": ["ada"],
}


@pytest.mark.parametrize("path", LISTS)
def test_lists_are_filtered_searched_and_sorted(claim_store: ClaimStore, path: str) -> None:
    assert claim_store.keys(path) == LISTS[path]


def test_verdicts_are_shown_with_their_claim_and_in_a_list_of_their_own(claim_store: ClaimStore) -> None:
    [claim] = claim_store.get("/claims?status=refuted&include=speaker,verdicts.source").json()["data"]
    [verdict] = claim["verdicts"]["data"]
    assert (claim["revision"], claim["speaker"]["key"], verdict["source"]["key"]) == (2, "ada", "ben")
    [list_row] = claim_store.get(f"/verdicts?claim_id={claim['id']}").json()["data"]
    assert list_row == {"record_id": claim["id"], "position": 0} | {
        name: value for name, value in verdict.items() if name != "source"
    }


def test_a_record_and_its_list_have_tags(claim_store: ClaimStore) -> None:
    [record] = claim_store.get("/claims?status=refuted").json()["data"]
    for path in ("/claims", f"/claims/{record['id']}", "/verdicts"):
        first = claim_store.get(path)
        assert first.status_code == 200 and int(first.headers["edition"]) > 0
        assert claim_store.get(path, **{"if-none-match": first.headers["etag"]}).status_code == 304


async def test_a_withdrawn_claim_answers_410_with_the_reason(claim_store: ClaimStore) -> None:
    connection = await asyncpg.connect(claim_store.url)
    ids = {row["key"]: row["id"] for row in await connection.fetch("select key, id from store.claim")}
    await connection.close()
    for key in ("mistaken", "dependent", "lost"):
        answer = claim_store.get(f"/claims/{ids[key]}")
        assert (answer.status_code, answer.json()["code"]) == (410, "withdrawn")
    assert "It was not said." in claim_store.get(f"/claims/{ids['mistaken']}").json()["detail"]
    withdrawn = claim_store.get("/withdrawals?resource=claim").json()["data"]
    assert {record["id"] for record in withdrawn} == {ids[key] for key in ("mistaken", "dependent", "lost")}


def test_graphql_has_its_connection_and_links(claim_store: ClaimStore) -> None:
    document = """{
        claims(filter: {status: {in: REFUTED}, verdicts: {some: {rating: {in: INCORRECT}}}}, first: 1) {
            totalCount
            edges { cursor node { id key status speaker { key } event { key claims(first: 5) { nodes { key } } }
                verdicts { nodes { rating source { key } } } } }
        }
        verdicts(filter: {rating: {in: CORRECT}}) { nodes { rating } }
    }"""
    answer = httpx2.post(f"{claim_store.base}/v2/graphql", json={"query": document}).json()
    assert "errors" not in answer, answer
    claims = answer["data"]["claims"]
    [edge] = claims["edges"]
    node = edge["node"]
    assert claims["totalCount"] == 1 and edge["cursor"]
    assert (node["key"], node["status"], node["speaker"]["key"]) == ("agreed", "REFUTED", "ada")
    assert node["event"] == {"key": "talks", "claims": {"nodes": [{"key": "agreed"}]}}
    assert node["verdicts"]["nodes"] == [{"rating": "INCORRECT", "source": {"key": "ben"}}]
    assert answer["data"]["verdicts"]["nodes"] == [{"rating": "CORRECT"}]
    by_id = {"query": "query ($id: ID!) { node(id: $id) { ... on Claim { key } } }", "variables": {"id": node["id"]}}
    assert httpx2.post(f"{claim_store.base}/v2/graphql", json=by_id).json()["data"]["node"] == {"key": "agreed"}


def test_exports_contain_the_claims_with_their_verdicts(claim_store: ClaimStore) -> None:
    rows = list(csv.DictReader(claim_store.get("/claims.csv").text.splitlines()))
    cells = {row["key"]: (row["status"], row["verdicts.rating"]) for row in rows}
    assert cells == {
        "agreed": ("refuted", "incorrect"),
        "returned": ("supported", "correct|mixed"),
        "corridor-kept": ("unverified", "mixed"),
    }
    lines = [json.loads(line) for line in claim_store.get("/claims.ndjson").text.splitlines()]
    ratings = {line["key"]: "|".join(verdict["rating"] for verdict in line["verdicts"]["data"]) for line in lines}
    assert ratings == {key: rating for key, (_, rating) in cells.items()}


async def test_each_edition_shows_the_claims_of_then(claim_store: ClaimStore) -> None:
    connection = await asyncpg.connect(claim_store.url)
    editions = [
        {row["key"]: row["status"] for row in await connection.fetch(FOLLOWED, edition)}
        for edition in claim_store.editions
    ]
    verdicts = [len(await connection.fetch(VERDICTS, edition)) for edition in claim_store.editions]
    await connection.close()
    statuses = {"agreed": "unverified", "returned": "supported"}
    assert editions == [
        statuses | {"mistaken": "unverified", "lost": "unverified", "dependent": "unverified"},
        statuses | {"agreed": "refuted", "mistaken": "unverified", "lost": "unverified", "dependent": "unverified"},
        statuses | {"agreed": "refuted", "lost": "unverified", "dependent": "unverified"},
        statuses | {"agreed": "refuted", "lost": "unverified"},
        statuses | {"agreed": "refuted"},
    ]
    # The claim of the sample has one.
    assert verdicts == [3, 4, 4, 4, 4]


def test_both_apis_read_the_claims_as_they_were_known(claim_store: ClaimStore) -> None:
    for edition in claim_store.editions:
        named = f"known_at=e{edition}"
        listed = claim_store.get(f"/claims?{named}").json()["data"]
        exported = [json.loads(line) for line in claim_store.get(f"/claims.ndjson?{named}").text.splitlines()]
        assert {claim["key"]: claim["status"] for claim in exported} == known_statuses(listed)
        nodes = "nodes { key status verdicts { nodes { rating } } }"
        document = f'{{ claims(knownAt: "e{edition}") {{ edition {nodes} }} }}'
        answer = httpx2.post(f"{claim_store.base}/v2/graphql", json={"query": document}).json()
        assert "errors" not in answer, answer
        claims = answer["data"]["claims"]
        assert {node["key"]: node["status"].lower() for node in claims["nodes"]} == known_statuses(listed)
        ratings = {node["key"]: len(node["verdicts"]["nodes"]) for node in claims["nodes"]}
        assert ratings == {claim["key"]: len(claim["verdicts"]["data"]) for claim in listed}
        linked = claim_store.get(f"/events?claims.status=refuted&{named}").json()["data"]
        assert [event["key"] for event in linked] == (["talks"] if edition >= claim_store.editions[1] else [])
    last = claim_store.get("/claims")
    assert claim_store.get(f"/claims?known_at=e{claim_store.editions[-1]}").text == last.text
    assert claim_store.get(last.headers["content-location"].removeprefix("/v2")).text == last.text


def known_statuses(claims: list[dict[str, Any]]) -> dict[str, str]:
    return {claim["key"]: claim["status"] for claim in claims}


def test_a_claim_that_is_withdrawn_or_new_says_so_as_of_then(claim_store: ClaimStore) -> None:
    [mistaken] = [
        claim
        for claim in claim_store.get(f"/claims?known_at=e{claim_store.editions[1]}").json()["data"]
        if claim["key"] == "mistaken"
    ]
    answers = {
        number: claim_store.get(f"/claims/{mistaken['id']}?known_at=e{number}")
        for number in (claim_store.editions[0] - 1, *claim_store.editions[1:3])
    }
    assert [answer.status_code for answer in answers.values()] == [404, 200, 410]
    assert "It was not said." in answers[claim_store.editions[2]].json()["detail"]


def test_the_revisions_of_claims_say_what_was_done(claim_store: ClaimStore) -> None:
    created, changed, withdrawn = claim_store.editions[:3]
    known = {claim["key"]: claim["id"] for claim in claim_store.get(f"/claims?known_at=e{created}").json()["data"]}
    expected = {
        "agreed": [(2, "updated", changed, ["status", "verdicts"]), (1, "created", created, [])],
        "mistaken": [(2, "withdrawn", withdrawn, []), (1, "created", created, [])],
        "returned": [(1, "created", created, [])],
    }
    for key, revisions in expected.items():
        listed_revisions = claim_store.get(f"/claims/{known[key]}/revisions?record=full").json()["data"]
        names = ("revision", "action", "edition", "changed")
        assert [tuple(revision[name] for name in names) for revision in listed_revisions] == revisions
        assert listed_revisions[-1]["record"]["status"] == ("supported" if key == "returned" else "unverified")
        document = f'{{ revisions(id: "{known[key]}") {{ nodes {{ revision edition }} }} }}'
        answer = httpx2.post(f"{claim_store.base}/v2/graphql", json={"query": document}).json()
        nodes = [(node["revision"], node["edition"]) for node in answer["data"]["revisions"]["nodes"]]
        assert nodes == [(revision, edition) for revision, _, edition, _ in revisions]
    counts = {
        edition["number"]: [edition[name] for name in ("created", "updated", "withdrawn")]
        for edition in claim_store.get("/editions").json()["data"]
        if any(change["resource"] == "claim" for change in edition["changes"])
    }
    assert counts[changed] == [0, 1, 0] and counts[withdrawn] == [0, 0, 1]


async def test_a_snapshot_contains_the_claims_and_loads_back(
    claim_store: ClaimStore, tree: Path, fresh_database: Callable[[], Awaitable[str]], tmp_path: Path
) -> None:
    snapshot, other = tmp_path / "snapshot", await fresh_database()
    output_of(briefing(tree, "export", "--quiet", "--out", str(snapshot), url=claim_store.url))
    with (snapshot / "claims.csv").open(newline="", encoding="utf-8") as file:
        assert {row["key"] for row in csv.DictReader(file)} == {"agreed", "returned", "corridor-kept"}
    output_of(briefing(tree, "migrate", url=other))
    output_of(briefing(tree, "load", "--quiet", str(snapshot), url=other))
    assert await state(other) == await state(claim_store.url)


async def state(url: str) -> list[list[tuple[Any, ...]]]:
    """Return the claims of a store with their verdicts and withdrawals, without the times of writing."""
    connection = await asyncpg.connect(url)
    try:
        statements = (CLAIMS, "select id, reason from store.withdrawal where resource = 'claim' order by id", CHECKED)
        return [[tuple(row) for row in await connection.fetch(statement)] for statement in statements]
    finally:
        await connection.close()


def test_version_1_does_not_show_claims(claim_store: ClaimStore, tree: Path, contract: str) -> None:
    assert httpx2.get(f"{claim_store.base}/v1/claims").status_code == 404
    for name in ("v1.json", "v1.graphql"):
        assert (tree / "openapi" / name).read_text("utf-8") == (ROOT / "openapi" / name).read_text("utf-8")
    assert "openapi/v1" not in contract


def test_the_contract_gets_additions_alone(tree: Path, contract: str) -> None:
    assert {line.split()[-1] for line in contract.splitlines()} == {
        f"openapi/{name}" for name in ("v2.json", "v2.graphql", "load.json")
    }
    output_of(briefing(tree, "contract", "--check"))
    paths = json.loads((tree / "openapi" / "v2.json").read_text("utf-8"))["paths"]
    added_paths = paths.keys() - json.loads((ROOT / "openapi" / "v2.json").read_text("utf-8"))["paths"].keys()
    assert {"/v2/claims", "/v2/claims/{id}", "/v2/claims.csv", "/v2/claims.ndjson", "/v2/verdicts"} <= added_paths
    assert all("claim" in path or "verdict" in path for path in added_paths)


def test_the_clients_are_generated_without_an_edit(
    sdk_packages: Path, tree: Path, contract: str, tmp_path: Path
) -> None:
    program = str(ROOT / ".venv" / "sdk" / "bin" / "python")
    places = ["--contracts", "openapi", "--into", str(tmp_path / "dist"), "--build", str(tmp_path / "build")]
    command = [program, "openapi/sdk/generate", *places, "python"]
    output_of(subprocess.run(command, cwd=tree, env=CLEAN, capture_output=True, text=True, timeout=600))
    client = tmp_path / "build" / "python" / "briefing_sdk" / "v2"
    assert "def claims(self) -> Claims:" in (client / "__init__.py").read_text("utf-8")
    assert "class AsyncClaims" in (client / "claims.py").read_text("utf-8")
    assert "class ClaimStatus" in (client / "graphql" / "enums.py").read_text("utf-8")


def test_the_tests_of_the_rest_pass_with_claims(tree: Path, contract: str, postgres_url: str) -> None:
    output_of(suites(tree, postgres_url, *SUITES))
    # Some answers of version 2 name its resources and links.
    output_of(suites(tree, postgres_url, "tests/golden", "-k", "v1"))


def test_nothing_of_an_erased_claim_is_left(tree: Path, postgres_url: str) -> None:
    output_of(suites(tree, postgres_url, "tests/store/test_erasure.py", "-k", "claim"))


def test_each_filter_and_sort_of_claims_has_an_index(tree: Path, postgres_url: str) -> None:
    output_of(suites(tree, postgres_url, "tests/store/test_indexes.py", "-k", "claim or verdict"))


# Edits that are left out of the copy below. Each has the test that then fails, and a part of its message.
OMISSIONS = {
    "its row in store.resource": ("store/test_model.py::test_the_database_lists_the_records_of_the_model", "'claim'"),
    "its versions": ("store/test_versions.py::test_a_version_has_the_columns_of_its_record[verdict]", "past.verdict"),
    "indexes of its versions": (
        "store/test_versions.py::test_a_version_has_the_indexes_of_its_record[claim]",
        "claim_",
    ),
    "its search vector": ("store/test_model.py::test_searched_fields_are_in_the_search_vector[v2.claim]", "'text'"),
    "the index of a filter": (
        "store/test_indexes.py::test_a_filter_has_an_index_and_none_once_it_is_dropped[v2.claim.status:status.in]",
        "assert []",
    ),
    "a view": ("store/test_roles.py::test_the_reader_sees_every_view_of_the_version[v2]", "'verdict'"),
    "the domain of a vocabulary": (
        "catalog/test_vocabularies.py::test_the_database_checks_the_terms_that_the_model_declares",
        "'verdict_rating'",
    ),
    "its kept answers": (
        "rest/test_examples.py::test_each_example_is_the_answer_to_its_request[/v2/claims]",
        "no example of /v2/claims is kept",
    ),
    "its rows in the store of tests": (
        "agreement/test_declared.py::test_the_store_has_rows_of_each_record_and_child",
        "'claim'",
    ),
    "its links in the reference": (
        "agreement/test_declared.py::test_the_reference_knows_each_link[v2.claim]",
        "'speaker'",
    ),
    "its table in docs/loading.md": ("ingest/test_loading_doc.py::test_the_fields_of_every_record_are_listed", "claim"),
}
AGREEMENT = ("tests/agreement/reference.py", "tests/agreement/dataset.py")
UNLISTED = """
delete from store.latest where resource = 'claim';
delete from store.resource where name = 'claim';
drop table past.verdict;
"""


@pytest.fixture(scope="module")
def careless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree with claims, without the edits that OMISSIONS names."""
    copy = copy_tree(tmp_path_factory.mktemp("careless") / "copy")
    add_claims(copy, without=(SAMPLE, LOADING, *AGREEMENT))
    migration, view = copy / MIGRATION, copy / "sql/v2/claim.sql"
    text = migration.read_text("utf-8")
    for part in (
        "select store.index_versions('claim');",
        ", 'store.search_vector(new.language, array[new.text])'",
        "create index claim_status on store.claim (status, claimed_at desc nulls last, id desc);",
        "create domain store.verdict_rating as text check (value in ('correct', 'incorrect', 'mixed'));",
    ):
        assert part in text
        text = text.replace(part, "")
    migration.write_text(text.replace("store.verdict_rating not null", "store.line not null") + UNLISTED, "utf-8")
    view.write_text(view.read_text("utf-8").partition("create view v2.verdict")[0], "utf-8")
    return copy


@pytest.fixture(scope="module")
def failures(careless: Path, postgres_url: str) -> dict[str, str]:
    """The messages of the tests that fail in that copy, by the test's name."""
    report = careless / "report.xml"
    names = [f"tests/{name}" for name, _ in OMISSIONS.values()]
    suites(careless, postgres_url, f"--junitxml={report}", *names)
    return {
        case.get("name", ""): "".join(part.text or "" for part in case.iter("failure"))
        for case in ElementTree.parse(report).iter("testcase")
    }


@pytest.mark.parametrize("left_out", OMISSIONS)
def test_an_edit_that_is_left_out_fails_a_test(failures: dict[str, str], left_out: str) -> None:
    name, expected = OMISSIONS[left_out]
    assert expected in failures[name.partition("::")[2]]


def test_contracts_that_were_not_written_anew_are_named(careless: Path) -> None:
    result = briefing(careless, "contract", "--check")
    assert (
        result.returncode == 1
        and "stale: openapi/v2.json" in result.stdout
        and "stale: openapi/load.json" in result.stdout
    )


@pytest.mark.parametrize(
    ("left_out", "expected"),
    [
        ("api/model/__init__.py", "the model has no claim: add it to api/model/__init__.py"),
        ("api/catalog/v2/__init__.py", "leads to claim, which the version does not have"),
    ],
)
def test_a_declaration_that_is_listed_nowhere_is_refused(tmp_path: Path, left_out: str, expected: str) -> None:
    copy = copy_tree(tmp_path / "copy")
    add_claims(copy, without=(left_out,))
    result = run(copy, "-c", "import api.catalog")
    assert result.returncode == 1 and expected in result.stderr


async def test_a_migration_that_is_missing_ends_the_start(
    tmp_path: Path, fresh_database: Callable[[], Awaitable[str]]
) -> None:
    copy = copy_tree(tmp_path / "copy")
    add_claims(copy, without=(MIGRATION,))
    result = briefing(copy, "migrate", url=await fresh_database())
    assert result.returncode != 0 and 'relation "store.claim" does not exist' in result.stderr
