"""Cases that go wrong, and their errors: `errors.py SERVICE BETWEEN`. Prints each case's error."""

import asyncio
import json
import pickle
import sys
from collections.abc import Callable
from typing import Any

from briefing_sdk import AsyncBriefing, Briefing, BriefingError, Problem

SERVICE, BETWEEN = sys.argv[1:]
NOBODY = "http://127.0.0.1:9"


def told(error: BriefingError) -> dict[str, Any]:
    """Return the parts of an error."""
    made: dict[str, Any] = {"class": type(error).__name__, "text": str(error)}
    if isinstance(error, Problem):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        made |= {"code": error.code, "status": error.status, "request_id": error.request_id}
        made |= {"faults": [one.parameter for one in error.faults], "retry_after": error.retry_after}
    return made


def caught(ask: Callable[[Briefing], Any], url: str, **settings: Any) -> dict[str, Any]:
    try:
        with Briefing(url, **settings) as briefing:
            ask(briefing)
    except BriefingError as error:
        return told(error)
    return {"class": None}


async def awaited(url: str, **settings: Any) -> dict[str, Any]:
    try:
        async with AsyncBriefing(url, **settings) as briefing:
            await briefing.v1.events.list()
    except BriefingError as error:
        return told(error)
    return {"class": None}


def listed(briefing: Briefing) -> Any:
    return briefing.v1.events.list()


def exported(briefing: Briefing) -> Any:
    return b"".join(briefing.v1.events.export("ndjson"))


unknown = {"knd": ["shelling"]}
CASES: dict[str, tuple[Callable[[Briefing], Any], str, dict[str, Any]]] = {
    "no address": (listed, "", {}),
    "no host": (listed, "briefing.example", {}),
    "nobody": (listed, NOBODY, {}),
    "slow": (listed, f"{BETWEEN}/slow", {"timeout": 0.5}),
    "html": (listed, f"{BETWEEN}/html", {}),
    "login": (listed, f"{BETWEEN}/login", {}),
    "no tls": (listed, SERVICE.replace("http:", "https:"), {}),
    "retired": (listed, f"{BETWEEN}/retired", {}),
    "never": (listed, f"{BETWEEN}/never", {}),
    "redirect": (listed, f"{BETWEEN}/elsewhere", {}),
    "stranger": (listed, f"{BETWEEN}/stranger", {}),
    "older": (listed, f"{BETWEEN}/older", {}),
    "looping": (lambda one: list(one.v1.events.each()), f"{BETWEEN}/looping", {}),
    "cut": (listed, f"{BETWEEN}/cut", {}),
    "cut export": (exported, f"{BETWEEN}/cut", {}),
    "shut": (listed, f"{BETWEEN}/shut", {}),
    "parameter": (lambda one: one.v1.events.list(**unknown), SERVICE, {}),
    "value": (lambda one: one.v1.events.list(kind=["shellin"]), SERVICE, {}),
    "cursor": (lambda one: one.v1.events.list(cursor="nonsense"), SERVICE, {}),
    "record": (lambda one: one.v1.events.get("evt_00000000000000000000000000"), SERVICE, {}),
    "export": (lambda one: b"".join(one.v1.events.export("csv", limit=-1)), SERVICE, {}),
    "key": (listed, SERVICE, {"key": "bak_live_wrong"}),
    "new code": (lambda one: one.v1.events.list(cursor="nonsense"), f"{BETWEEN}/newer", {}),
    "graphql record": (lambda one: one.v1.graphql.event(id="evt_00000000000000000000000000"), SERVICE, {}),
    "graphql argument": (lambda one: one.v1.graphql.events(first=100000), SERVICE, {}),
    "graphql document": (lambda one: one.v1.graphql.execute("{ nothing }"), SERVICE, {}),
    "graphql older": (lambda one: one.v1.graphql.events(), f"{BETWEEN}/older", {}),
    "graphql html": (lambda one: one.v1.graphql.events(), f"{BETWEEN}/html", {}),
    "graphql nobody": (lambda one: one.v1.graphql.events(), NOBODY, {}),
    "graphql slow": (lambda one: one.v1.graphql.events(), f"{BETWEEN}/slow", {"timeout": 0.5}),
    "graphql never": (lambda one: one.v1.graphql.events(), f"{BETWEEN}/never", {}),
}
found = {name: caught(ask, url, **settings) for name, (ask, url, settings) in CASES.items()}
found["awaited nobody"] = asyncio.run(awaited(NOBODY))
found["awaited slow"] = asyncio.run(awaited(f"{BETWEEN}/slow", timeout=0.5))
found["awaited html"] = asyncio.run(awaited(f"{BETWEEN}/html"))
print(json.dumps(found))
