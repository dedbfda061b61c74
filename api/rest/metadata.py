"""Describe the exports of a version for data catalogues: as a Data Package, and as a Dataset of schema.org.

`/vN/datapackage.json` lists the CSV file of each list with its columns, their types, terms and descriptions
[Data Package 2.0]. `/vN/dataset.jsonld` describes the whole as search engines and DCAT catalogues read it [schema.org].
Both name the licences and the credit lines of the briefings, which come from the store.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter

from api.catalog import Resource, Version
from api.compiler.summary import summary
from api.http.request import HttpRequest
from api.http.responses import BytesResponse, CachedBody, plain_tags, respond, unchanged
from api.http.route import DataRoute
from api.middleware.authentication import Authentication
from api.query import Cell, cells
from api.rest.formats import Format, offered
from api.rest.overview import TITLE
from api.service import Service

JSON = b"application/json"
JSON_LD = b"application/ld+json"
# The price of the statement in points, as for the home page: it counts a sample of each list.
PRICE = 10
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
DESCRIPTION = "Events, figures and quotes from published briefings, with the sources that assert or deny each of them."
# The types of columns as Data Package names them. Columns with lists have one text: elements are joined by `|`.
TYPES = {
    "text": "string",
    "vocabulary": "string",
    "value": "string",
    "integer": "integer",
    "number": "number",
    "float": "number",
    "boolean": "boolean",
    "timestamp": "datetime",
    "date": "date",
}
JsonObject = dict[str, Any]
# Makes a document of a version, its summary as the store has it, and the public address.
Render = Callable[[Version, JsonObject, str], JsonObject]


def routes(service: Service, authentication: Authentication, version: Version) -> APIRouter:
    """Return the routes of the two documents."""
    router = APIRouter(prefix=f"/{version.name}", route_class=DataRoute, include_in_schema=False)
    query = service.fixed(PRICE, summary(version, PRICE))

    def add(path: str, media_type: bytes, render: Render) -> None:
        async def handle(request: HttpRequest) -> BytesResponse:
            caller = await authentication.admit(request)
            identity = request.target + media_type
            not_modified = unchanged(request, partial(service.is_current, request.context, identity))
            if not_modified is not None:
                return not_modified
            service.check(query.cost, caller)
            outcome = await service.execute(query, request.context, identity, plain_tags(request))
            document = render(version, orjson.loads(outcome.reply.body), service.settings.public_url)
            body = orjson.dumps(document, option=orjson.OPT_INDENT_2)
            return await respond(request, CachedBody(body), [], media_type, outcome.tag)

        router.add_api_route(path, handle, methods=["GET", "HEAD", "OPTIONS"])

    add("/datapackage.json", JSON, datapackage)
    add("/dataset.jsonld", JSON_LD, dataset)
    return router


def datapackage(version: Version, numbers: JsonObject, public_url: str) -> JsonObject:
    """Return the Data Package of a version. The paths of its files are relative to the document."""
    package: JsonObject = {
        "$schema": PROFILE,
        "name": f"briefing-{version.name}",
        "title": f"{TITLE}, version {version.name}",
        "description": DESCRIPTION,
        "resources": [_describe_table(version, resource) for resource in version.lists.values()],
    }
    if public_url:
        package["homepage"] = public_url
    licences = _list_licences(numbers)
    if licences:
        package["licenses"] = [_describe_licence(licence) for licence in licences]
    credits = _list_credits(numbers)
    if credits:
        package["sources"] = [{"title": credit} for credit in credits]
    return package


def dataset(version: Version, numbers: JsonObject, public_url: str) -> JsonObject:
    """Return the Dataset of a version [https://schema.org/Dataset]. Its addresses are paths without a public one."""
    base = f"{public_url}/{version.name}"
    described: JsonObject = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": f"{base}/dataset.jsonld",
        "name": f"{TITLE}, version {version.name}",
        "description": DESCRIPTION,
        "isAccessibleForFree": True,
        "distribution": _list_downloads(version, base),
        "variableMeasured": [resource.plural for resource in version.resources.values()],
    }
    if numbers["changed_at"]:
        described["dateModified"] = numbers["changed_at"]
    licences = _list_licences(numbers)
    if licences:
        described["license"] = licences
    credits = _list_credits(numbers)
    if credits:
        described["creditText"] = credits
    return described


def _list_downloads(version: Version, base: str) -> list[JsonObject]:
    """Return the files of all lists, in the formats that this installation can write."""
    downloads = []
    for resource in version.lists.values():
        for form in offered(version, resource):
            if form.missing:
                continue
            downloads.append(_describe_download(base, resource, form))
    return downloads


def _describe_download(base: str, resource: Resource, form: Format) -> JsonObject:
    name = f"{resource.plural}.{form.name}"
    return {
        "@type": "DataDownload",
        "name": name,
        "description": resource.description,
        "encodingFormat": form.media_type,
        "contentUrl": f"{base}/{name}",
    }


def _describe_table(version: Version, resource: Resource) -> JsonObject:
    """Return the CSV file of a list, with the schema of its columns."""
    schema: JsonObject = {
        "fields": [_describe_column(cell) for cell in cells(version, resource)],
        "missingValues": [""],
    }
    if resource.prefix:
        schema["primaryKey"] = ["id"]
    return {
        "name": resource.plural,
        "type": "table",
        "path": f"{resource.plural}.csv",
        "description": resource.description,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {"lineTerminator": "\r\n", "doubleQuote": True},
        "schema": schema,
    }


def _describe_column(cell: Cell) -> JsonObject:
    column: JsonObject = {"name": cell.name, "type": TYPES[cell.type.name], "description": cell.description}
    if cell.type.many:
        column["type"] = "string"
        column["description"] = f"{cell.description} Several values are joined by `|`."
    elif cell.type.name == "vocabulary":
        terms = cell.type.of.terms()
        column["constraints"] = {"enum": list(terms)}
        column["categories"] = [{"value": term, "label": str(meaning)} for term, meaning in terms.items()]
    return column


def _list_licences(numbers: JsonObject) -> list[str]:
    """Return the licences of the briefings, each once. An SPDX id that says nothing is left out."""
    licences = [right["licence"] for right in numbers["rights"]]
    return list(dict.fromkeys(licence for licence in licences if licence and licence != "NOASSERTION"))


def _list_credits(numbers: JsonObject) -> list[str]:
    """Return the credit lines of the briefings that have one."""
    return [right["attribution"] for right in numbers["rights"] if right["attribution"]]


def _describe_licence(licence: str) -> JsonObject:
    if licence.startswith(("http://", "https://")):
        return {"path": licence}
    return {"name": licence}
