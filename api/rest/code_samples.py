"""Samples of requests in the contract (`x-codeSamples`): with curl, and with the clients in Python and TypeScript."""

from __future__ import annotations

from api.catalog import Version
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
