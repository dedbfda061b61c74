"""Call the service with the client that datamodel-code-generator generated, and validate answers:
`… ADDRESS LIMITED KEY ANSWERS`."""

import datetime
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import models
from client import Client
from client.errors import APIStatusError
from models import EventKind, Problem
from pydantic import BaseModel, ValidationError

ADDRESS, LIMITED, KEY, ANSWERS = sys.argv[1:]
SINCE = datetime.datetime(2022, 2, 1, tzinfo=datetime.UTC)
KINDS = [EventKind.SHELLING, EventKind.AIR_STRIKE]


def refusal(call: Callable[[], object]) -> Problem:
    """Return the problem that a call is refused with."""
    try:
        call()
    except APIStatusError as error:
        assert isinstance(error.body, Problem)
        return error.body
    raise AssertionError("it was answered")


def verdict(schema: str, body: Any) -> str:
    """Return what a model finds wrong with an answer."""
    model = vars(models)[schema]
    assert issubclass(model, BaseModel)
    try:
        model.model_validate_json(json.dumps(body))
    except ValidationError as error:
        return str(error)
    return ""


def main() -> None:
    with Client(base_url=ADDRESS) as client:
        first = client.events.list_events(kind=KINDS, starts_at_gte=SINCE, limit=2)
        assert first.page.next_cursor is not None
        second = client.events.list_events(kind=KINDS, starts_at_gte=SINCE, limit=2, cursor=first.page.next_cursor)
        missing = refusal(lambda: client.events.get_event(id="evt_" + "0" * 26))
        file = client.events.export_events_csv(limit=2)
    with Client(base_url=LIMITED, max_retries=0) as limited:
        for _ in range(4):
            try:
                limited.events.list_events(limit=20)
            except APIStatusError:
                break
        refused = refusal(lambda: limited.events.list_events(limit=20))
    with Client(base_url=ADDRESS, bearer=KEY) as keyed:
        me = keyed.access.get_me()
    answers = json.loads(Path(ANSWERS).read_text(encoding="utf-8"))
    print(
        json.dumps(
            {
                "pages": [[event.id.root for event in page.data] for page in (first, second)],
                "missing": missing.code,
                "refused": [refused.code, refused.retry_after, refused.limit],
                "file": file.decode().splitlines()[0][:11],
                "plan": me.data.plan.name,
                "verdicts": [verdict(answer["schema"], answer["body"]) for answer in answers],
            }
        )
    )


main()
