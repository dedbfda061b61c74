"""The guide: the pages of `docs/` as HTML at `/guide`, for readers who have the service and not its repository."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from api.pages.explore.words import cut

# In `docs/` beside `api/` in a checkout, in `api/docs/` in an installation.
_API = Path(__file__).resolve().parents[1]
FOLDER = _API / "docs" if (_API / "docs").is_dir() else _API.parent / "docs"
# The page at `/guide` itself.
INDEX = "README"
# Letters of the first sentences of a page, as other sites show them.
SUMMARY = 200
TITLE = re.compile(r"^# (.+)$", re.M)
COMMENT = re.compile(r"^<!--.*-->\n", re.M)
ALIGNMENT = re.compile(r"text-align:(left|center|right)")
# What a heading loses when it becomes an anchor, as on GitHub.
NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


# A command of a session of a shell, with the lines in which it goes on.
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)", re.MULTILINE)


@dataclass(frozen=True)
class Heading:
    """A heading of a page: its anchor, and its text."""

    anchor: str
    text: str


@dataclass(frozen=True)
class GuideSection:
    """A heading with the text below it, up to the next heading. `lower_text` is the text in lower case."""

    heading: Heading
    text: str
    lower_text: str


@dataclass(frozen=True)
class GuidePage:
    """A page of the guide: its name in URLs, its title, its body as HTML, its second-level headings, its sections as
    text, and its first sentences."""

    name: str
    title: str
    body: str
    headings: tuple[Heading, ...]
    sections: tuple[GuideSection, ...]
    summary: str


@cache
def page_names() -> tuple[str, ...]:
    """Return the names of all pages: first the index, then those that it lists in their order."""
    existing = sorted(file.stem for file in FOLDER.glob("*.md"))
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (FOLDER / f"{INDEX}.md").read_text(encoding="utf-8"))
    return tuple(dict.fromkeys(name for name in (INDEX, *listed, *existing) if name in existing))


def list_pages() -> list[GuidePage]:
    """Return all pages in their order."""
    return [read_page(name) for name in page_names()]


@cache
def read_page(name: str) -> GuidePage:
    """Return a page of the guide."""
    text = COMMENT.sub("", (FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    markdown = _markdown()
    tokens = markdown.parse(text)
    headings = list(_name_headings(tokens))
    for token in _all_tokens(tokens):
        _align(token)
        _name_pages(token.children or ())
        if token.type == "link_open":
            token.attrs["href"] = rewrite_link(str(token.attrs["href"]), name)
    body = markdown.renderer.render(tokens, markdown.options, {})
    title = next(heading.text for level, heading in headings if level == "h1")
    second_level = tuple(heading for level, heading in headings if level == "h2")
    sections = tuple(_read_sections(tokens, [heading for _, heading in headings]))
    return GuidePage(name, title, body, second_level, sections, cut(sections[0].text or title, SUMMARY))


def rewrite_link(address: str, page: str) -> str:
    """Return a link of a page of the guide as it is on the site. A link to another file of the repository leads to the
    index, because the site has no such file."""
    if address.startswith(("http://", "https://", "#")):
        return address
    below = "guide/" if page == INDEX else ""
    file, mark, anchor = address.partition("#")
    if not file.endswith(".md") or "/" in file or not (FOLDER / file).is_file():
        return "./guide" if page == INDEX else "../guide"
    name = file.removesuffix(".md")
    if name == INDEX:
        return f"{'./' if page == INDEX else '../'}guide{mark}{anchor}"
    return f"{below}{name}{mark}{anchor}"


@cache
def page_title(name: str) -> str:
    """Return the title of a page: its first heading."""
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    match = TITLE.search(text)
    return match[1] if match else name


def _name_pages(tokens: Sequence[Token]) -> None:
    """Give links that show the name of a file the title of its page. Readers of the site have no files."""
    for link, text in pairwise(tokens):
        name = text.content.removesuffix(".md")
        if link.type == "link_open" and text.content == f"{name}.md" and name in page_names():
            text.content = page_title(name)


def _markdown() -> MarkdownIt:
    """Return the reader of Markdown with tables, and with what scrolls reachable by keyboard."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    rules: dict[str, Any] = {
        "fence": _render_code,
        "table_open": lambda self, tokens, place, options, env: '<div class="scroll" tabindex="0"><table>\n',
        "table_close": lambda self, tokens, place, options, env: "</table></div>\n",
    }
    for name, rule in rules.items():
        markdown.add_render_rule(name, rule)
    return markdown


def _render_code(renderer: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    """Return a block of code. What a program prints needs no button to copy it, and a session of a shell marks its
    commands. An example with an ellipsis cannot be used as it is."""
    language, text = tokens[place].info.strip(), tokens[place].content
    code = _render_session(text) if language == "console" else escape(text)
    button = "" if language == "text" or ("…" in text and language != "console") else " data-copy"
    return f'<pre tabindex="0"{button}><code>{code}</code></pre>\n'


def _render_session(text: str) -> str:
    """Return a session of a shell with its commands in elements of their own."""
    parts: list[str] = []
    output_start = 0
    for match in COMMAND.finditer(text):
        parts.append(escape(text[output_start : match.start()]))
        parts.append(f'<span class="prompt">$ </span><span class="command">{escape(match[1])}</span>')
        output_start = match.end(1)
    return "".join(parts) + escape(text[output_start:])


def _all_tokens(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _all_tokens(token.children or ())


def _name_headings(tokens: Sequence[Token]) -> Iterator[tuple[str, Heading]]:
    """Give each heading an anchor, and yield the headings with their levels."""
    used: dict[str, int] = {}
    for place, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = "".join(child.content for child in tokens[place + 1].children or ())
        anchor = NOT_IN_ANCHORS.sub("", text.lower()).replace(" ", "-")
        number = used.get(anchor, 0)
        used[anchor] = number + 1
        if number:
            anchor = f"{anchor}-{number}"
        token.attrs["id"] = anchor
        yield token.tag, Heading(anchor, text)


def _read_sections(tokens: Sequence[Token], headings: Sequence[Heading]) -> Iterator[GuideSection]:
    """Yield the headings with the text below each: the prose, and then the code, which says less to a reader."""
    texts: list[tuple[list[str], list[str]]] = []
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            texts.append(([], []))
        elif texts and token.type in ("fence", "code_block"):
            texts[-1][1].append(token.content)
        elif texts and token.type == "inline" and tokens[place - 1].type != "heading_open":
            # Breaks of lines have no content.
            texts[-1][0].append("".join(child.content or " " for child in token.children or ()))
    for heading, (prose, code) in zip(headings, texts, strict=True):
        text = " ".join(" ".join([*prose, *code]).split())
        yield GuideSection(heading, text, text.lower())


def _align(token: Token) -> None:
    """Turn the alignment of a cell into a class: the pages allow no style attributes."""
    match = ALIGNMENT.search(str(token.attrs.pop("style", "")))
    if match:
        token.attrs["class"] = f"align-{match[1]}"
