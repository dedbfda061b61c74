"""The console is for clients that ask for HTML. It comes from this host alone, and its examples work on the sample."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from api.catalog import VERSIONS
from api.graphql.console import ASSETS, PAGE, examples

PATH = "/v1/graphql"
FILES = ASSETS.folder
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
REFERENCES = re.compile(r'(?:src|href)="([^"]*)"')
FOREVER = "public, max-age=31536000, immutable"
# Hosts that serve packages. No shipped file names one of them.
ORIGINS = re.compile(r"unpkg|jsdelivr|cdnjs|esm\.sh", re.I)


@pytest.fixture(scope="module")
def page(client: httpx2.Client) -> httpx2.Response:
    return client.get(PATH, headers={"accept": BROWSER})


@pytest.fixture(scope="module")
def assets(page: httpx2.Response) -> list[str]:
    """The paths that the page refers to."""
    return [urlsplit(urljoin(str(page.url), reference)).path for reference in REFERENCES.findall(page.text)]


# The operations that the page of each version contains.
OFFERED = [(name, query) for name in VERSIONS for query in examples(name)]


def test_a_browser_gets_the_console(page: httpx2.Response) -> None:
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert "accept" in page.headers["vary"]
    assert "<title>GraphQL v1" in page.text
    assert not re.search(r"\$(version|assets|examples)", page.text)


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/graphql-response+json", "text/*;q=0.1, */*"]
)
def test_everyone_else_gets_json(client: httpx2.Client, accept: str) -> None:
    response = client.get(PATH, headers={"accept": accept})
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/")
    assert response.json()["errors"][0]["extensions"]["code"] == "invalid_request"


def test_the_page_may_load_scripts_of_its_own_origin_alone_and_stands_in_no_frame(page: httpx2.Response) -> None:
    policy = dict(directive.split(" ", 1) for directive in page.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert not any("http" in sources or "*" in sources or "unsafe-eval" in sources for sources in policy.values())
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_page_has_no_script_of_its_own_and_names_no_other_host(page: httpx2.Response) -> None:
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page.text) == []
    assert not re.search(r"\son\w+=|style=|<style", page.text)
    assert "//" not in page.text


def test_its_addresses_are_relative_so_that_it_works_behind_a_prefix(page: httpx2.Response) -> None:
    references = REFERENCES.findall(page.text)
    assert len(references) > 3
    for address in references:
        assert urljoin("/behind/a/prefix/v1/graphql", address).startswith("/behind/a/prefix/console/")


def test_files_of_the_page_exist_and_are_cached_for_good(client: httpx2.Client, assets: list[str]) -> None:
    assert len(assets) == 7
    for path in assets:
        response = client.get(path)
        assert response.status_code == 200, path
        assert response.headers["cache-control"] == FOREVER
        assert response.headers["content-type"] in (
            "text/css; charset=utf-8",
            "text/javascript; charset=utf-8",
            "image/svg+xml",
        )


@pytest.mark.parametrize("name", ASSETS.names)
def test_a_file_is_served_as_it_is_compressed_and_as_304(client: httpx2.Client, assets: list[str], name: str) -> None:
    path = f"{assets[0].rpartition('/')[0]}/{name}"
    plain = client.get(path, headers={"accept-encoding": "identity"})
    assert plain.content == (FILES / name).read_bytes()
    assert "content-encoding" not in plain.headers
    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as response:
        assert gzip.decompress(b"".join(response.iter_raw())) == plain.content
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["etag"] != plain.headers["etag"]
    headers = {"accept-encoding": "identity", "if-none-match": plain.headers["etag"]}
    again = client.get(path, headers=headers)
    assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", FOREVER)
    head = client.head(path, headers={"accept-encoding": "identity"})
    assert (head.content, head.headers["content-length"]) == (b"", str(len(plain.content)))


@pytest.mark.parametrize(
    "name",
    [
        PAGE,
        "",
        "nothing.js",
        "../console.py",
        "..%2Fconsole.py",
        "%2e%2e/console.py",
        "....//console.py",
        "react.js%00",
    ],
)
def test_nothing_else_is_served(client: httpx2.Client, assets: list[str], name: str) -> None:
    folder = assets[0].rpartition("/")[0]
    response = client.get(httpx2.URL(str(client.base_url), raw_path=f"{folder}/{name}".encode()))
    assert response.status_code in (400, 404)
    assert response.headers["content-type"] == "application/problem+json"


def test_an_address_of_another_release_is_404_and_not_kept(client: httpx2.Client) -> None:
    response = client.get("/console/000000000000/react.js")
    assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")


def test_the_licences_are_beside_what_they_are_for() -> None:
    notice = (FILES / "NOTICE.txt").read_text(encoding="utf-8")
    for name in ASSETS.names:
        assert name in notice or name == "NOTICE.txt"
    for version in ("GraphiQL 3.9.0", "React 18.3.1", "React DOM 18.3.1"):
        assert version in notice
    for name in re.findall(r"[a-z]+\.LICENSES?\.txt", notice):
        assert "Copyright" in (FILES / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [PAGE, *ASSETS.names])
def test_a_file_names_no_host_of_packages_no_source_map_and_no_font(name: str) -> None:
    text = (FILES / name).read_text(encoding="utf-8")
    assert not ORIGINS.search(text)
    assert "sourceMappingURL" not in text
    assert not re.search(r"@import|url\((?!['\"]?data:)", text) or name.endswith((".js", ".txt"))


def test_it_is_of_modest_size() -> None:
    assert sum(file.stat().st_size for file in FILES.iterdir()) < 1_300_000


def test_each_version_has_examples_of_its_own(client: httpx2.Client) -> None:
    for name in VERSIONS:
        page = client.get(f"/{name}/graphql", headers={"accept": BROWSER}).text
        match = re.search(r'data-examples="([^"]*)"', page)
        assert match and json.loads(unescape(match[1])) == examples(name)
        assert len(examples(name)) == 3


@pytest.mark.parametrize(("version", "query"), OFFERED)
def test_an_example_finds_something_in_the_sample(client: httpx2.Client, version: str, query: str) -> None:
    answer = client.post(f"/{version}/graphql", json={"query": query}).json()
    assert "errors" not in answer
    for connection in answer["data"].values():
        assert connection["nodes"]


def test_the_examples_show_figures_quotes_citations_a_dispute_and_a_search(
    post: Callable[..., httpx2.Response],
) -> None:
    first, dispute, search = (post({"query": example}).json()["data"] for example in examples("v1"))
    events = first["events"]["nodes"]
    for link in ("figures", "quotes", "citations"):
        assert any(event[link]["nodes"] for event in events)
    for event in dispute["events"]["nodes"]:
        assert (
            len({citation["stance"] for citation in event["citations"]["nodes"]}) > 1
            or len({str(citation["blames"]) for citation in event["citations"]["nodes"]}) > 1
        )
    assert search["events"]["totalCount"] > 0
    assert search["quotes"]["totalCount"] > 0


def test_it_reads_the_schema_with_the_introspection_that_graphiql_sends(
    post: Callable[..., httpx2.Response],
) -> None:
    answer = post({"query": INTROSPECTION, "operationName": "IntrospectionQuery"}).json()
    assert "errors" not in answer
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"


INTROSPECTION = """
query IntrospectionQuery {
  __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType }
    directives { name description locations args { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description
  fields(includeDeprecated: true) {
    name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
  }
  inputFields { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type {
  kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }
}
"""
