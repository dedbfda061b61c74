"""Call the service with the client that openapi-python-client generated: `… ADDRESS LIMITED KEY`."""

import datetime
import json
import sys

from client.api.access import get_me
from client.api.events import export_events_csv, get_event, list_events
from client.client import AuthenticatedClient, Client
from client.models import EventKind, EventPage, MeRecord, Problem

ADDRESS, LIMITED, KEY = sys.argv[1:]
SINCE = datetime.datetime(2022, 2, 1, tzinfo=datetime.UTC)
KINDS = [EventKind.SHELLING, EventKind.AIR_STRIKE]


def main() -> None:
    client = Client(base_url=ADDRESS)
    first = list_events.sync(client=client, kind=KINDS, starts_at_gte=SINCE, limit=2)
    assert isinstance(first, EventPage) and first.page.next_cursor is not None
    second = list_events.sync(client=client, kind=KINDS, starts_at_gte=SINCE, limit=2, cursor=first.page.next_cursor)
    assert isinstance(second, EventPage)
    missing = get_event.sync("evt_" + "0" * 26, client=client)
    assert isinstance(missing, Problem)
    limited_client = Client(base_url=LIMITED)
    for _ in range(5):
        problem = list_events.sync(client=limited_client, limit=20)
    assert isinstance(problem, Problem)
    file = export_events_csv.sync_detailed(client=client, limit=2)
    me = get_me.sync(client=AuthenticatedClient(base_url=ADDRESS, token=KEY))
    assert isinstance(me, MeRecord)
    print(
        json.dumps(
            {
                "pages": [[event.id for event in page.data] for page in (first, second)],
                "missing": missing.code,
                "refused": [problem.code, problem.retry_after, problem.limit],
                "file": file.content.decode().splitlines()[0][:11],
                "plan": me.data.plan.name,
            }
        )
    )


main()
