"""Request more than the plan allows at once: `limited.py URL`. Prints the refusal, the records and the seconds."""

import json
import sys
import time

from briefing_sdk import Briefing, RateLimited

URL = sys.argv[1]


def first_refusal() -> tuple[dict[str, object], float]:
    """Send requests without retries, and return the first refusal with the time at which it came."""
    with Briefing(URL, tries=1, cache=0) as briefing:
        try:
            for _ in range(10):
                briefing.v1.events.list(limit=200)
        except RateLimited as error:
            refusal = {"limit": error.limit, "retry_after": error.retry_after, "status": error.status}
            return refusal, time.monotonic()
    raise AssertionError("Ten lists at once were not refused.")


# The plan refills from the refusal on, so a client that takes long to start waits less.
refusal, began = first_refusal()
with Briefing(URL, cache=0) as briefing:
    records = len(briefing.v1.events.list(limit=200).data)
print(json.dumps({"refusal": refusal, "records": records, "seconds": time.monotonic() - began}))
