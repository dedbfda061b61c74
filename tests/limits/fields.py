"""Structured fields (RFC 9651) as far as limits use them: lists of strings with whole numbers as parameters. Text
that does not follow that standard is an error."""

from __future__ import annotations

import re

ITEM = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
PARAMETER = re.compile(r";[ ]*([a-z*][a-z0-9_.*-]*)=(-?[0-9]{1,15})(?![0-9.])")
NEXT = re.compile(r"[ \t]*,[ \t]*")


def read_list(text: str) -> dict[str, dict[str, int]]:
    """Return the members of a list with their parameters."""
    items: dict[str, dict[str, int]] = {}
    at = 0
    while True:
        item = ITEM.match(text, at)
        assert item, f"no string at {at} of {text!r}"
        parameters: dict[str, int] = {}
        at = item.end()
        while parameter := PARAMETER.match(text, at):
            parameters[parameter[1]] = int(parameter[2])
            at = parameter.end()
        items[item[1]] = parameters
        if at == len(text):
            return items
        following = NEXT.match(text, at)
        assert following and following.end() < len(text), f"no member at {at} of {text!r}"
        at = following.end()


def read_integer(text: str) -> int:
    """Return the value of a field that is one whole number."""
    assert re.fullmatch(r"-?[0-9]{1,15}", text), text
    return int(text)
