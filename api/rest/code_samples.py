"""Samples of requests in the contract (`x-codeSamples`): with curl, and with the clients in Python and TypeScript."""

from __future__ import annotations

from api.catalog import Version, dimensions
from api.rest.examples import example_id
from api.rest.operations import Operation
from api.rest.schemas import Schema

# The address in the samples. A service with a public address shows that one instead.
EXAMPLE_URL = "http://127.0.0.1:8000"
PYTHON = """from briefing_sdk import Briefing

with Briefing("{url}") as briefing:
{body}
"""
TYPESCRIPT = """import {{ Briefing }} from "briefing-sdk";

const briefing = new Briefing({{ url: "{url}" }});
{body}
"""


def code_samples(version: Version, operation: Operation) -> list[Schema]:
    """Return the samples of an operation."""
    resource = operation.resource
    calls = f"briefing.{version.name}.{resource.plural}"
    path = f"/{version.name}{operation.path}"
    if operation.kind == "record":
        identifier = example_id(version, resource)
        path = path.replace("{id}", identifier)
        return _samples(
            f"curl '{EXAMPLE_URL}{path}'",
            f'    print({calls}.get("{identifier}"))',
            f'console.log(await {calls}.get("{identifier}"));',
        )
    if operation.kind == "revisions":
        identifier = example_id(version, resource)
        path = path.replace("{id}", identifier)
        return _samples(
            f"curl '{EXAMPLE_URL}{path}'",
            f'    for revision in {calls}.revisions("{identifier}").data:\n        print(revision)',
            f'const page = await {calls}.revisions("{identifier}");\nconsole.log(page.data);',
        )
    if operation.kind == "counts":
        by = next(iter(dimensions(version, resource)))
        return _samples(
            f"curl '{EXAMPLE_URL}{path}?by={by}'",
            f'    for group in {calls}.counts(by=["{by}"]).data:\n        print(group.key.{by}, group.count)',
            f'const counts = await {calls}.counts({{ by: ["{by}"] }});\nconsole.log(counts.data);',
        )
    if operation.kind == "series":
        return _samples(
            f"curl '{EXAMPLE_URL}{path}?by=source_id'",
            f'    for series in {calls}.series(by=["source_id"]).data:\n'
            "        print(series.key.measure, series.points[-1].last.value)",
            f'const series = await {calls}.series({{ by: ["source_id"] }});\nconsole.log(series.data);',
        )
    if operation.kind in ("counts_file", "series_file"):
        return _file_samples(version, operation)
    if operation.kind == "diff":
        return _samples(
            f"curl '{EXAMPLE_URL}{path}?from=2022-03-07&to=2022-03-08'",
            f'    for difference in {calls}.diff(from_="2022-03-07", to="2022-03-08").data:\n        print(difference)',
            f'const page = await {calls}.diff({{ from: "2022-03-07", to: "2022-03-08" }});\nconsole.log(page.data);',
        )
    if operation.kind == "diff_export":
        assert operation.format is not None
        name, form = f"{resource.plural}-diff.{operation.format.name}", operation.format.name
        return _samples(
            f"curl -OJ '{EXAMPLE_URL}{path}?from=2022-03-07&to=2022-03-08'",
            f'    with open("{name}", "wb") as file:\n'
            f'        for piece in {calls}.export_diff("{form}", from_="2022-03-07", to="2022-03-08"):\n'
            "            file.write(piece)",
            f'for await (const piece of {calls}.exportDiff("{form}", {{ from: "2022-03-07", to: "2022-03-08" }})) {{\n'
            "  process.stdout.write(piece);\n}",
        )
    if operation.feed is not None:
        # A feed is for feed readers: the clients have no method for it.
        return _samples(f"curl '{EXAMPLE_URL}{path}'", "", "")[:1]
    if operation.format is not None:
        name, form = f"{resource.plural}.{operation.format.name}", operation.format.name
        return _samples(
            f"curl -O '{EXAMPLE_URL}{path}'",
            f'    with open("{name}", "wb") as file:\n        for piece in {calls}.export("{form}"):\n'
            "            file.write(piece)",
            f'for await (const piece of {calls}.export("{form}")) {{\n  process.stdout.write(piece);\n}}',
        )
    return _samples(
        f"curl '{EXAMPLE_URL}{path}?limit=2'",
        f"    for record in {calls}.list(limit=2).data:\n        print(record)",
        f"const page = await {calls}.list({{ limit: 2 }});\nconsole.log(page.data);",
    )


def _file_samples(version: Version, operation: Operation) -> list[Schema]:
    """Return the samples of a file with counts or series."""
    resource = operation.resource
    by = next(iter(dimensions(version, resource)))
    method = "counts_csv"
    typescript_method = "countsCsv"
    if operation.kind == "series_file":
        by, method, typescript_method = "source_id", "series_csv", "seriesCsv"
    calls = f"briefing.{version.name}.{resource.plural}"
    name = operation.path.removeprefix("/").replace("/", "-")
    return _samples(
        f"curl -o {name} '{EXAMPLE_URL}/{version.name}{operation.path}?by={by}'",
        f'    with open("{name}", "wb") as file:\n        for piece in {calls}.{method}(by=["{by}"]):\n'
        "            file.write(piece)",
        f'for await (const piece of {calls}.{typescript_method}({{ by: ["{by}"] }})) {{\n'
        "  process.stdout.write(piece);\n}",
    )


def code_samples_of_me(version: Version) -> list[Schema]:
    """Return the samples of `/vN/me`."""
    calls = f"briefing.{version.name}.me()"
    path = f"/{version.name}/me"
    curl = f"curl -H \"Authorization: Bearer $BRIEFING_API_KEY\" '{EXAMPLE_URL}{path}'"
    return _samples(curl, f"    print({calls})", f"console.log(await {calls});")


def _samples(curl: str, python: str, typescript: str) -> list[Schema]:
    return [
        {"lang": "Shell", "label": "curl", "source": f"{curl}\n"},
        {"lang": "Python", "label": "Python", "source": PYTHON.format(url=EXAMPLE_URL, body=python)},
        {"lang": "TypeScript", "label": "TypeScript", "source": TYPESCRIPT.format(url=EXAMPLE_URL, body=typescript)},
    ]
