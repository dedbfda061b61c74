"""A page of the guide as its reader goes through it: what to do, step by step, and what is printed then.

A block below a file's name (`` `first.py`: ``) is that file. `console` has commands after `$`, each with what it
prints; `sh`, `python`, `ts` and `graphql` are run as they are, and the answer is the block after them. `…` in an answer
stands for what is left out, or differs from one time to the next.
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
    """Something to do: run `text` as its `language` is run, or write it to `file`. What it prints is `shown`, in the
    language of `answer`; None where the page does not say."""

    page: str
    line: int
    language: str
    text: str
    file: str = ""
    answer: str = ""
    shown: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}\n{self.text}"


def steps(path: Path) -> Iterator[Step]:
    """The steps of a page, in order. An answer to nothing is a step of its own, in its language."""
    last: Step | None = None
    text = path.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        language, block = found.groups()
        step = Step(path.name, text.count("\n", 0, found.start()) + 2, language, block)
        if last and language in ANSWERS and not FILE.search(text[: found.start()]):
            yield Step(**{**vars(last), "answer": language, "shown": block})
            last = None
            continue
        if last:
            yield last
            last = None
        if named := FILE.search(text[: found.start()]):
            yield Step(**{**vars(step), "file": named[1]})
        elif language == "console":
            yield from _commands(step)
        elif language in RUN:
            last = step
        else:
            yield step
    if last:
        yield last


def _commands(block: Step) -> Iterator[Step]:
    """The commands of a console; a line that ends in a backslash goes on in the next."""
    parts = re.split(r"^\$ ((?:.*\\\n)*.*\n)", block.text, flags=re.M)
    assert not parts[0], f"{block}\nA console begins with a command."
    line = block.line
    for command, printed in zip(parts[1::2], parts[2::2], strict=True):
        yield Step(block.page, line, "sh", command, answer="text" if printed else "", shown=printed or None)
        line += command.count("\n") + printed.count("\n")


def stands(shown: str, printed: str, answer: str) -> bool:
    """Whether a page shows what is printed. In JSON it breaks lines as it likes; elsewhere the last line may lack its
    end, as in what curl prints."""
    shown, printed = ("".join(text.split()) if answer == "json" else text.rstrip("\n") for text in (shown, printed))
    first, *rest = shown.split(LEFT_OUT)
    if not rest:
        return shown == printed
    if not printed.startswith(first) or not printed.endswith(rest[-1]):
        return False
    at, end = len(first), len(printed) - len(rest[-1])
    for part in rest[:-1]:
        if (found := printed.find(part, at, end)) < 0:
            return False
        at = found + len(part)
    return at <= end
