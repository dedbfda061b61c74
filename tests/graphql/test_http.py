"""GraphQL over HTTP, checked by the specification's own audit."""

from __future__ import annotations

import json
from collections.abc import Callable

AUDITS = 61


def test_it_passes_every_audit_must_should_and_may(service_url: str, node: Callable[..., str]) -> None:
    audits = json.loads(node("audit.mjs", f"{service_url}/v1/graphql"))
    failures = [f"{audit['id']} {audit['name']}: {audit['reason']}" for audit in audits if audit["status"] != "ok"]
    assert not failures, "\n".join(failures)
    assert len(audits) >= AUDITS
