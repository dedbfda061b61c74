"""Call every operation with both clients: `operations.py URL RESOURCES`. Prints the results by version and id.

RESOURCES is JSON: [{version, name, record, forms}, …]; `record` is null for a list of rows without ids. A test compares
the ids with the contract's.
"""

import asyncio
import json
import sys
from typing import Any

from briefing_sdk import AsyncBriefing, Briefing

URL, RESOURCES = sys.argv[1], json.loads(sys.argv[2])
MOST = 10_000
ENDLESS = f"The list did not end within {MOST:,} records: a cursor may lead back to an earlier page."


def waiting() -> dict[str, Any]:
    """Return the results of the operations of `Briefing`."""
    gave: dict[str, dict[str, Any]] = {}
    with Briefing(URL) as briefing:
        for one in RESOURCES:
            told = gave.setdefault(one["version"], {})
            version = getattr(briefing, one["version"])
            if hasattr(version, "me"):
                told["get_me"] = version.me().to_dict()
            resource = getattr(version, one["name"])
            page = resource.list(limit=2, count="exact")
            told[f"list_{one['name']}"] = ids = []
            for record in resource.each(limit=20):
                ids.append(record.to_dict())
                assert len(ids) <= MOST, ENDLESS
            if one["record"]:
                told[f"get_{one['record']}"] = resource.get(page.data[0].id).to_dict()
            for form in one["forms"]:
                told[f"export_{one['name']}_{form}"] = len(b"".join(resource.export(form, limit=3)))
            listed = getattr(getattr(version.graphql, one["name"])(first=3), one["name"])
            told[one["name"]] = [node.model_dump(mode="json") for node in listed.nodes]
            if one["record"]:
                found = getattr(getattr(version.graphql, one["record"])(id=page.data[0].id), one["record"])
                told[one["record"]] = found.model_dump(mode="json")
            if hasattr(resource, "revisions"):
                identifier = page.data[0].id
                revisions = resource.revisions(identifier, record="full").data
                assert [each.record.id for each in revisions] == [identifier]
                told[f"list_{one['record']}_revisions"] = [
                    each.to_dict() for each in resource.each_revision(identifier, limit=1)
                ]
                nodes = version.graphql.revisions(id=identifier, first=10).revisions.nodes
                told["revisions"] = [node.model_dump(mode="json") for node in nodes]
            assert page.page.total == len(told[f"list_{one['name']}"])
    return gave


async def awaiting() -> dict[str, Any]:
    """Return the results of the operations of `AsyncBriefing`."""
    gave: dict[str, dict[str, Any]] = {}
    async with AsyncBriefing(URL) as briefing:
        for one in RESOURCES:
            told = gave.setdefault(one["version"], {})
            version = getattr(briefing, one["version"])
            if hasattr(version, "me"):
                told["get_me"] = (await version.me()).to_dict()
            resource = getattr(version, one["name"])
            page = await resource.list(limit=2)
            told[f"list_{one['name']}"] = ids = []
            async for record in resource.each(limit=20):
                ids.append(record.to_dict())
                assert len(ids) <= MOST, ENDLESS
            if one["record"]:
                told[f"get_{one['record']}"] = (await resource.get(page.data[0].id)).to_dict()
            for form in one["forms"]:
                pieces = [piece async for piece in resource.export(form, limit=3)]
                told[f"export_{one['name']}_{form}"] = len(b"".join(pieces))
            listed = getattr(await getattr(version.graphql, one["name"])(first=3), one["name"])
            told[one["name"]] = [node.model_dump(mode="json") for node in listed.nodes]
            if one["record"]:
                found = getattr(await getattr(version.graphql, one["record"])(id=page.data[0].id), one["record"])
                told[one["record"]] = found.model_dump(mode="json")
            if hasattr(resource, "revisions"):
                identifier = page.data[0].id
                revisions = (await resource.revisions(identifier, record="full")).data
                assert [each.record.id for each in revisions] == [identifier]
                told[f"list_{one['record']}_revisions"] = [
                    each.to_dict() async for each in resource.each_revision(identifier, limit=1)
                ]
                nodes = (await version.graphql.revisions(id=identifier, first=10)).revisions.nodes
                told["revisions"] = [node.model_dump(mode="json") for node in nodes]
    return gave


print(json.dumps({"waiting": waiting(), "awaiting": asyncio.run(awaiting())}))
