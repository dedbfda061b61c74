"""Answer requests for pages and documents that show records: read, charged and kept as REST does with its data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from api.access.caller import Caller
from api.catalog import Resource, Version
from api.errors import NotFound, Unknown
from api.http.assets import HTML
from api.http.parameters import MAX_NAME
from api.http.problems import without_keys
from api.http.request import HttpRequest
from api.http.responses import VALIDATED, BytesResponse, CachedBody, CachePolicy, plain_tags, respond, unchanged
from api.middleware.authentication import Authentication
from api.pages.origin import VARY, find_origin
from api.pages.templating import GUARDED, Templates
from api.query import EditionFinder, Query
from api.rest.answer_urls import may_hold_key
from api.rest.memento import PUBLIC, cache_policy
from api.service import Service
from api.service.absence import missing_record
from api.service.entity_tags import names_edition

Render = Callable[[dict[str, Any], str], bytes]
"""Makes the body of an answer of the store, and of the origin of the service."""


def with_defaults(query_string: bytes, include: Sequence[str], **defaults: str) -> bytes:
    """Return a query with the links to include, and with the parameters that it does not have itself."""
    pairs = [query_string] if query_string else []
    if include:
        pairs.append(b"include=" + ",".join(include).encode())
    given = {unquote_to_bytes(pair.partition(b"=")[0]).decode("latin-1") for pair in query_string.split(b"&")}
    pairs += [f"{name}={text}".encode() for name, text in defaults.items() if text and name not in given]
    return b"&".join(pairs)


def unknown_list(version: Version, request: HttpRequest, below: str) -> NotFound:
    """Return the error of a path below `/explore/` or `/embed/` that names no list."""
    name = f"{request.path}/".removeprefix(below).partition("/")[0][:MAX_NAME]
    lists = [resource.plural for resource in version.lists.values()]
    return NotFound(f"There is no list {name} here.", unknown=Unknown(name, lists, below))


class RecordAnswers:
    """Answers with records of one version, each from one statement."""

    def __init__(
        self, service: Service, authentication: Authentication, version: Version, templates: Templates
    ) -> None:
        self._service = service
        self._authentication = authentication
        self._version = version
        self._templates = templates

    async def answer(
        self,
        request: HttpRequest,
        read: Callable[[EditionFinder], Query],
        render: Render,
        *,
        resource: Resource | None = None,
        media_type: bytes = HTML,
        headers: Sequence[tuple[bytes, bytes]] = GUARDED,
        shows: bytes = b"",
    ) -> BytesResponse:
        """Return the answer; 304 if the client has it. An answer of an edition that its URL names is kept for long.
        NotFound or Withdrawn if it is about a record of the `resource` that is not there. `shows` is what the answer
        shows beside the records, such as the day."""
        service, context = self._service, request.context
        caller = await self._authentication.admit(request)
        origin = find_origin(request, service.settings.public_url, self._authentication.proxies)
        # The answer shows its own address.
        identity = b"\0".join((request.target, media_type, origin.encode(), self._templates.digest, shows))
        policy_of = partial(self._policy, caller)
        not_modified = unchanged(request, partial(service.is_current, context, identity), policy_of=policy_of)
        if not_modified is not None:
            context.shared = PUBLIC.control in not_modified.headers
            not_modified.headers.append(VARY)
            return not_modified
        await self._authentication.charge_reading(context)
        query = service.prepare(await service.with_editions(read), caller)
        context.outdated = query.outdated
        outcome = await service.execute(query, context, identity, plain_tags(request))
        # A note on another root, such as the history of the record, is no reason to refuse the page.
        notes = [note for note in outcome.reply.notes or () if orjson.loads(note)[0] == "data"]
        if notes and resource is not None:
            raise missing_record(resource, notes[0])
        body = render(orjson.loads(outcome.reply.body), origin)
        if may_hold_key(request.query_string):
            # The answer repeats its query in links and calls.
            body = without_keys(body)
        policy = self._policy(caller, outcome.tag)
        context.shared = policy is PUBLIC
        tag = outcome.tag if query.statement.final else None
        response = await respond(request, CachedBody(body), headers, media_type, tag, policy=policy)
        response.headers.append(VARY)
        return response

    def _policy(self, caller: Caller, tag: str) -> CachePolicy:
        """Return how the answer with this entity tag may be kept."""
        if not names_edition(tag):
            return VALIDATED
        return cache_policy(self._version, caller, shows_edition=True)
