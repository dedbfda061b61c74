"""Call the service with the client that openapi-generator made for Python: `… ADDRESS LIMITED KEY`."""

import datetime
import json
import sys
from contextlib import suppress
from typing import Any

from openapi_client import AccessApi, ApiClient, Configuration, EventKind, EventsApi
from openapi_client.exceptions import ApiException

ADDRESS, LIMITED, KEY = sys.argv[1:]
SINCE = datetime.datetime(2022, 2, 1, tzinfo=datetime.UTC)
KINDS = [EventKind.SHELLING, EventKind.AIR_STRIKE]


def refusal(call: Any, *arguments: Any, **keywords: Any) -> Any:
    """Return the problem that a call is refused with."""
    try:
        call(*arguments, **keywords)
    except ApiException as error:
        return error.data or json.loads(error.body)
    raise AssertionError("it was answered")


events = EventsApi(ApiClient(Configuration(host=ADDRESS)))
# By default urllib3 waits for Retry-After, and sends the request again.
limited_api = EventsApi(ApiClient(Configuration(host=LIMITED, retries=False)))
first = events.list_events(kind=KINDS, starts_at_gte=SINCE, limit=2)
second = events.list_events(kind=KINDS, starts_at_gte=SINCE, limit=2, cursor=first.page.next_cursor)
missing = refusal(events.get_event, "evt_" + "0" * 26)
for _ in range(4):
    with suppress(ApiException):
        limited_api.list_events(limit=20)
problem = refusal(limited_api.list_events, limit=20)
file = events.export_events_csv(limit=2)
me = AccessApi(ApiClient(Configuration(host=ADDRESS, access_token=KEY))).get_me()
print(
    json.dumps(
        {
            "pages": [[event.id for event in page.data] for page in (first, second)],
            "missing": missing.code,
            "refused": [problem.code, problem.retry_after, problem.limit],
            "file": file.decode().splitlines()[0][:11],
            "plan": me.data.plan.name,
        }
    )
)
