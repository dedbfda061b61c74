"""Cause each kind of error and print it: `errors.py SERVICE BETWEEN`."""

import asyncio
import json
import pickle
import sys
from collections.abc import Callable
from typing import Any

from briefing_sdk import AsyncBriefing, Briefing, BriefingError, Problem

SERVICE, BETWEEN = sys.argv[1:]
CLOSED_PORT = "http://127.0.0.1:9"


def error_parts(error: BriefingError) -> dict[str, Any]:
    """Return the parts of an error."""
    error_fields: dict[str, Any] = {"class": type(error).__name__, "text": str(error)}
    if isinstance(error, Problem):
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        error_fields |= {"code": error.code, "status": error.status, "request_id": error.request_id}
        error_fields |= {"faults": [fault.parameter for fault in error.faults], "retry_after": error.retry_after}
        graphql_errors = error.document.get("graphql_errors", [])
        assert error.document.get("errors_told", []) is graphql_errors or not graphql_errors
        error_fields |= {"graphql_errors": len(graphql_errors)}
    return error_fields


def catch(call: Callable[[Briefing], Any], url: str, **settings: Any) -> dict[str, Any]:
    try:
        with Briefing(url, **settings) as briefing:
            call(briefing)
    except BriefingError as error:
        return error_parts(error)
    return {"class": None}


async def catch_async(url: str, **settings: Any) -> dict[str, Any]:
    try:
        async with AsyncBriefing(url, **settings) as briefing:
            await briefing.v1.events.list()
    except BriefingError as error:
        return error_parts(error)
    return {"class": None}


def list_events(briefing: Briefing) -> Any:
    return briefing.v1.events.list()


def export_events(briefing: Briefing) -> Any:
    return b"".join(briefing.v1.events.export("ndjson"))


unknown_parameter = {"knd": ["shelling"]}
CASES: dict[str, tuple[Callable[[Briefing], Any], str, dict[str, Any]]] = {
    "no address": (list_events, "", {}),
    "no host": (list_events, "briefing.example", {}),
    "nobody": (list_events, CLOSED_PORT, {}),
    "slow": (list_events, f"{BETWEEN}/slow", {"timeout": 0.5}),
    "html": (list_events, f"{BETWEEN}/html", {}),
    "login": (list_events, f"{BETWEEN}/login", {}),
    "no tls": (list_events, SERVICE.replace("http:", "https:"), {}),
    "retired": (list_events, f"{BETWEEN}/retired", {}),
    "never": (list_events, f"{BETWEEN}/never", {}),
    "redirect": (list_events, f"{BETWEEN}/elsewhere", {}),
    "stranger": (list_events, f"{BETWEEN}/stranger", {}),
    "older": (list_events, f"{BETWEEN}/older", {}),
    "looping": (lambda client: list(client.v1.events.each()), f"{BETWEEN}/looping", {}),
    "cut": (list_events, f"{BETWEEN}/cut", {}),
    "cut export": (export_events, f"{BETWEEN}/cut", {}),
    "shut": (list_events, f"{BETWEEN}/shut", {}),
    "parameter": (lambda client: client.v1.events.list(**unknown_parameter), SERVICE, {}),
    "value": (lambda client: client.v1.events.list(kind=["shellin"]), SERVICE, {}),
    "cursor": (lambda client: client.v1.events.list(cursor="nonsense"), SERVICE, {}),
    "record": (lambda client: client.v1.events.get("evt_00000000000000000000000000"), SERVICE, {}),
    "export": (lambda client: b"".join(client.v1.events.export("csv", limit=-1)), SERVICE, {}),
    "key": (list_events, SERVICE, {"key": "bak_live_wrong"}),
    "new code": (lambda client: client.v1.events.list(cursor="nonsense"), f"{BETWEEN}/newer", {}),
    "graphql record": (lambda client: client.v1.graphql.event(id="evt_00000000000000000000000000"), SERVICE, {}),
    "graphql argument": (lambda client: client.v1.graphql.events(first=100000), SERVICE, {}),
    "graphql document": (lambda client: client.v1.graphql.execute("{ nothing }"), SERVICE, {}),
    "graphql older": (lambda client: client.v1.graphql.events(), f"{BETWEEN}/older", {}),
    "graphql html": (lambda client: client.v1.graphql.events(), f"{BETWEEN}/html", {}),
    "graphql nobody": (lambda client: client.v1.graphql.events(), CLOSED_PORT, {}),
    "graphql slow": (lambda client: client.v1.graphql.events(), f"{BETWEEN}/slow", {"timeout": 0.5}),
    "graphql never": (lambda client: client.v1.graphql.events(), f"{BETWEEN}/never", {}),
}
results = {name: catch(call, url, **settings) for name, (call, url, settings) in CASES.items()}
results["awaited nobody"] = asyncio.run(catch_async(CLOSED_PORT))
results["awaited slow"] = asyncio.run(catch_async(f"{BETWEEN}/slow", timeout=0.5))
results["awaited html"] = asyncio.run(catch_async(f"{BETWEEN}/html"))
print(json.dumps(results))
