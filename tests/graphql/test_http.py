"""GraphQL over HTTP, checked by the specification's own audit."""

from __future__ import annotations

import json
from collections.abc import Callable

AUDITS = 61


def test_it_passes_every_audit_must_should_and_may(served: str, node: Callable[..., str]) -> None:
    audits = json.loads(node("audit.mjs", f"{served}/v1/graphql"))
    failed = [f"{one['id']} {one['name']}: {one['reason']}" for one in audits if one["status"] != "ok"]
    assert not failed, "\n".join(failed)
    assert len(audits) >= AUDITS
