"""The errors that both clients raise in the same cases, by the case in their scripts: class, text and parts."""

from __future__ import annotations

from typing import Any

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "no address": ("Misconfigured", "BRIEFING_URL", {}),
    "no host": ("Misconfigured", "briefing.example", {}),
    "nobody": ("Unreachable", "127.0.0.1:9", {}),
    "slow": ("TooSlow", "/slow/v1/events", {}),
    "html": ("NotTheService", "502 with text/html: '<html><head><title>Bad gateway</title>", {}),
    "login": ("NotTheService", "200 with text/html: '<html><head><title>Bad gateway</title>", {}),
    "no tls": ("Unreachable", "https://127.0.0.1", {}),
    "retired": ("Retired", "/versions lists what differs", {"code": "retired", "status": 410}),
    "never": ("NotFound", "v1, v2", {"code": "not_found", "status": 404}),
    "redirect": ("NotTheService", "redirect", {}),
    "stranger": ("NotTheService", "no such route", {}),
    "older": ("Unreadable", "/older/v1/events", {}),
    "looping": ("Unreadable", "names itself as the next page", {}),
    "cut": ("Unreachable", "/cut/v1/events", {}),
    "cut export": ("Unreachable", "/cut/v1/events.ndjson", {}),
    "shut": ("NotTheService", "503 with text/html", {}),
    "parameter": ("InvalidRequest", "knd", {"code": "invalid_request", "status": 400, "faults": ["knd"]}),
    "value": ("InvalidRequest", "shellin", {"code": "invalid_request", "faults": ["kind"]}),
    "cursor": ("InvalidCursor", "cursor", {"code": "invalid_cursor"}),
    "record": ("NotFound", "not_found", {"code": "not_found", "status": 404}),
    "export": ("InvalidRequest", "limit", {"faults": ["limit"]}),
    "key": ("InvalidKey", "invalid_key", {"status": 401}),
    "new code": ("Problem", "quantum_flux", {"code": "quantum_flux", "status": 400}),
    "graphql record": ("NotFound", "not_found", {"code": "not_found", "graphql_errors": 1}),
    "graphql argument": ("InvalidRequest", "first", {"code": "invalid_request", "graphql_errors": 1}),
    "graphql document": ("InvalidRequest", "nothing", {"code": "invalid_request", "status": 400}),
    "graphql html": ("NotTheService", "text/html", {}),
    "graphql nobody": ("Unreachable", "127.0.0.1:9", {}),
    "graphql slow": ("TooSlow", "/slow/v1/graphql", {}),
    "graphql never": ("NotFound", "v1, v2", {"code": "not_found"}),
}


def states_fault_once(results: dict[str, dict[str, Any]]) -> bool:
    """Return True if the error states a fault of one parameter once, although the problem states it twice."""
    return str(results["parameter"]["text"]).count("There is no such parameter here") == 1


def unexpected_errors(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the cases whose error is not the expected one."""
    return {
        name: results.get(name) for name, expected in CASES.items() if not _matches(expected, results.get(name, {}))
    }


def _matches(expected: tuple[str, str, dict[str, Any]], actual: dict[str, Any]) -> bool:
    kind, expected_text, parts = expected
    has_request_id = "code" not in parts or parts["code"] == "quantum_flux" or bool(actual.get("request_id"))
    return (
        actual.get("class") == kind
        and expected_text in actual["text"]
        and has_request_id
        and parts.items() <= actual.items()
    )
