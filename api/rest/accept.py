"""The form of an answer that a client prefers, by its Accept: JSON, or another one that is made of the JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from api.catalog import Version
from api.http.media_types import choose_media_type
from api.http.problems import HTTPError
from api.http.request import HttpRequest
from api.rest.json_ld import MEDIA_TYPE as JSON_LD
from api.rest.json_ld import offers_json_ld

JSON = "application/json"
MEDIA_TYPE = JSON.encode()
# Values of Accept that nearly all clients send, and that mean JSON.
ACCEPTS_JSON = (b"", b"*/*", MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class OtherForm:
    """A form of an answer beside JSON, made of the JSON."""

    media_type: str
    write: Callable[[HttpRequest, bytes], bytes]


def preferred_form(version: Version, request: HttpRequest, other: OtherForm) -> OtherForm | None:
    """Return the other form if the client prefers it; None for JSON. HTTPError (406) if it accepts neither."""
    offered = [JSON]
    if other.media_type != JSON_LD or offers_json_ld(version):
        offered.append(other.media_type)
    media_type = choose_media_type(request.header(b"accept"), offered)
    if not media_type:
        raise HTTPError("not_acceptable", f"Offered here: {', '.join(offered)}.")
    return other if media_type == other.media_type else None


def check_accept(request: HttpRequest) -> None:
    """Raise HTTPError (406) if the client does not accept JSON."""
    if not choose_media_type(request.header(b"accept"), (JSON,)):
        raise HTTPError("not_acceptable", f"Offered here: {JSON}.")
