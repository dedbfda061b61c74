"""Call every operation with both clients: `operations.py URL RESOURCES`. Prints the results by version and id.

RESOURCES is JSON: [{version, name, record, forms, by, series}, …]; `record` is null for a list of rows without ids, and
`by` is null for a list that is not counted. A test compares the ids with the contract's.
"""

import asyncio
import json
import sys
from typing import Any

from briefing_sdk import AsyncBriefing, Briefing

URL, RESOURCES = sys.argv[1], json.loads(sys.argv[2])
MAX_RECORDS = 10_000
ENDLESS = f"The list did not end within {MAX_RECORDS:,} records: a cursor may lead back to an earlier page."


def snake(field: str) -> str:
    """Return `eventCounts` as `event_counts`."""
    return field.replace("Counts", "_counts")


def waiting() -> dict[str, Any]:
    """Return the results of the operations of `Briefing`."""
    answers: dict[str, dict[str, Any]] = {}
    with Briefing(URL) as briefing:
        for entry in RESOURCES:
            version_answers = answers.setdefault(entry["version"], {})
            version = getattr(briefing, entry["version"])
            if hasattr(version, "me"):
                version_answers["get_me"] = version.me().to_dict()
            resource = getattr(version, entry["name"])
            page = resource.list(limit=2, count="exact")
            version_answers[f"list_{entry['name']}"] = ids = []
            for record in resource.each(limit=20):
                ids.append(record.to_dict())
                assert len(ids) <= MAX_RECORDS, ENDLESS
            if entry["record"]:
                version_answers[f"get_{entry['record']}"] = resource.get(page.data[0].id).to_dict()
            for form in entry["forms"]:
                version_answers[f"export_{entry['name']}_{form}"] = len(b"".join(resource.export(form, limit=3)))
            if entry["by"]:
                counts = resource.counts(by=[entry["by"]], top=2000)
                version_answers[f"count_{entry['name']}"] = counts.to_dict()
                rows = b"".join(resource.counts_csv(by=[entry["by"]], top=2000)).splitlines()
                version_answers[f"count_{entry['name']}_csv"] = len(rows) - 1
                assert len(rows) == 1 + len(counts.data)
                assert counts.total == sum(group.count for group in counts.data) == page.page.total
                field = f"{entry['record'] or entry['name'].removesuffix('s')}Counts"
                answer = getattr(version.graphql, snake(field))(by=[entry["by"].upper()])
                version_answers[field] = getattr(answer, snake(field)).model_dump(mode="json")
            if entry["series"]:
                series = resource.series(by=["source_id"])
                version_answers["figure_series"] = series.to_dict()
                version_answers["figure_series_csv"] = len(b"".join(resource.series_csv(by=["source_id"])).splitlines())
                assert series.data[0].points[0].last.as_of <= series.data[0].points[-1].last.as_of
                answer = version.graphql.figure_series(by=["SOURCE_ID"])
                version_answers["figureSeries"] = answer.figure_series.model_dump(mode="json")
            connection = getattr(getattr(version.graphql, entry["name"])(first=3), entry["name"])
            version_answers[entry["name"]] = [node.model_dump(mode="json") for node in connection.nodes]
            if entry["record"]:
                node = getattr(getattr(version.graphql, entry["record"])(id=page.data[0].id), entry["record"])
                version_answers[entry["record"]] = node.model_dump(mode="json")
            if hasattr(resource, "revisions"):
                identifier = page.data[0].id
                revisions = resource.revisions(identifier, record="full").data
                assert [each.record.id for each in revisions] == [identifier]
                version_answers[f"list_{entry['record']}_revisions"] = [
                    each.to_dict() for each in resource.each_revision(identifier, limit=1)
                ]
                nodes = version.graphql.revisions(id=identifier, first=10).revisions.nodes
                version_answers["revisions"] = [node.model_dump(mode="json") for node in nodes]
            if hasattr(resource, "diff"):
                edition = f"e{page.page.edition}"
                version_answers[f"diff_{entry['name']}"] = resource.diff(from_=edition, to=edition).page.edition
                assert list(resource.each_diff(from_=edition)) == []
                for form in ("csv", "ndjson"):
                    length = len(b"".join(resource.export_diff(form, from_=edition, limit=3)))
                    version_answers[f"export_{entry['name']}_diff_{form}"] = [length]
            assert page.page.total == len(version_answers[f"list_{entry['name']}"])
    return answers


async def awaiting() -> dict[str, Any]:
    """Return the results of the operations of `AsyncBriefing`."""
    answers: dict[str, dict[str, Any]] = {}
    async with AsyncBriefing(URL) as briefing:
        for entry in RESOURCES:
            version_answers = answers.setdefault(entry["version"], {})
            version = getattr(briefing, entry["version"])
            if hasattr(version, "me"):
                version_answers["get_me"] = (await version.me()).to_dict()
            resource = getattr(version, entry["name"])
            page = await resource.list(limit=2)
            version_answers[f"list_{entry['name']}"] = ids = []
            async for record in resource.each(limit=20):
                ids.append(record.to_dict())
                assert len(ids) <= MAX_RECORDS, ENDLESS
            if entry["record"]:
                version_answers[f"get_{entry['record']}"] = (await resource.get(page.data[0].id)).to_dict()
            if entry["by"]:
                counts = await resource.counts(by=[entry["by"]], top=2000)
                version_answers[f"count_{entry['name']}"] = counts.to_dict()
                rows = b"".join([piece async for piece in resource.counts_csv(by=[entry["by"]], top=2000)]).splitlines()
                version_answers[f"count_{entry['name']}_csv"] = len(rows) - 1
                field = f"{entry['record'] or entry['name'].removesuffix('s')}Counts"
                answer = await getattr(version.graphql, snake(field))(by=[entry["by"].upper()])
                version_answers[field] = getattr(answer, snake(field)).model_dump(mode="json")
            if entry["series"]:
                series = await resource.series(by=["source_id"])
                version_answers["figure_series"] = series.to_dict()
                pieces = [piece async for piece in resource.series_csv(by=["source_id"])]
                version_answers["figure_series_csv"] = len(b"".join(pieces).splitlines())
                answer = await version.graphql.figure_series(by=["SOURCE_ID"])
                version_answers["figureSeries"] = answer.figure_series.model_dump(mode="json")
            for form in entry["forms"]:
                pieces = [piece async for piece in resource.export(form, limit=3)]
                version_answers[f"export_{entry['name']}_{form}"] = len(b"".join(pieces))
            connection = getattr(await getattr(version.graphql, entry["name"])(first=3), entry["name"])
            version_answers[entry["name"]] = [node.model_dump(mode="json") for node in connection.nodes]
            if entry["record"]:
                node = getattr(await getattr(version.graphql, entry["record"])(id=page.data[0].id), entry["record"])
                version_answers[entry["record"]] = node.model_dump(mode="json")
            if hasattr(resource, "revisions"):
                identifier = page.data[0].id
                revisions = (await resource.revisions(identifier, record="full")).data
                assert [each.record.id for each in revisions] == [identifier]
                version_answers[f"list_{entry['record']}_revisions"] = [
                    each.to_dict() async for each in resource.each_revision(identifier, limit=1)
                ]
                nodes = (await version.graphql.revisions(id=identifier, first=10)).revisions.nodes
                version_answers["revisions"] = [node.model_dump(mode="json") for node in nodes]
            if hasattr(resource, "diff"):
                edition = f"e{page.page.edition}"
                version_answers[f"diff_{entry['name']}"] = (await resource.diff(from_=edition)).page.edition
                assert [each async for each in resource.each_diff(from_=edition)] == []
                for form in ("csv", "ndjson"):
                    pieces = [piece async for piece in resource.export_diff(form, from_=edition, limit=3)]
                    version_answers[f"export_{entry['name']}_diff_{form}"] = [len(b"".join(pieces))]
    return answers


print(json.dumps({"waiting": waiting(), "awaiting": asyncio.run(awaiting())}))
