"""The steps of a page of the guide: what the reader does, and what is printed then.

A block below a file's name (`` `first.py`: ``) is that file. `console` has commands after `$`, each followed by its
output. `sh`, `python`, `ts` and `graphql` are run as they are, and the block after them is the answer. `…` in an answer
stands for text that is left out, or that differs from one time to the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
FILE = re.compile(r"`([\w.-]+\.\w+)`:\n+\Z")
RUN = ("sh", "python", "ts", "graphql")
ANSWERS = ("text", "json", "csv")
LEFT_OUT = "…"


@dataclass(frozen=True)
class Step:
    """A step of a page: run `text` in its `language`, or write it to `file`. The page shows its output in `output`, in
    the language of `answer`; None if it shows none."""

    page: str
    line: int
    language: str
    text: str
    file: str = ""
    answer: str = ""
    output: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}\n{self.text}"


def steps(path: Path) -> Iterator[Step]:
    """Return the steps of a page, in order. An answer that follows no step is a step of its own, in its language."""
    last: Step | None = None
    text = path.read_text(encoding="utf-8")
    for match in FENCED.finditer(text):
        language, block = match.groups()
        step = Step(path.name, text.count("\n", 0, match.start()) + 2, language, block)
        if last and language in ANSWERS and not FILE.search(text[: match.start()]):
            yield Step(**{**vars(last), "answer": language, "output": block})
            last = None
            continue
        if last:
            yield last
            last = None
        if file_match := FILE.search(text[: match.start()]):
            yield Step(**{**vars(step), "file": file_match[1]})
        elif language == "console":
            yield from _commands(step)
        elif language in RUN:
            last = step
        else:
            yield step
    if last:
        yield last


def _commands(block: Step) -> Iterator[Step]:
    """Return the commands of a console. A line that ends in a backslash continues in the next one."""
    parts = re.split(r"^\$ ((?:.*\\\n)*.*\n)", block.text, flags=re.M)
    assert not parts[0], f"{block}\nA console begins with a command."
    line = block.line
    for command, output in zip(parts[1::2], parts[2::2], strict=True):
        yield Step(block.page, line, "sh", command, answer="text" if output else "", output=output or None)
        line += command.count("\n") + output.count("\n")


def stands(expected: str, output: str, answer: str) -> bool:
    """Return True if a page shows what is printed. Spaces and line breaks of JSON do not count. Elsewhere the last line
    may lack its end, as in curl's output."""
    expected, output = ("".join(text.split()) if answer == "json" else text.rstrip("\n") for text in (expected, output))
    first, *rest = expected.split(LEFT_OUT)
    if not rest:
        return expected == output
    if not output.startswith(first) or not output.endswith(rest[-1]):
        return False
    at, end = len(first), len(output) - len(rest[-1])
    for part in rest[:-1]:
        if (position := output.find(part, at, end)) < 0:
            return False
        at = position + len(part)
    return at <= end
