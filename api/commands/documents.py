"""`briefing documents`, and `briefing audit`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.frame import Json, actor, open_store, show
from api.errors import BriefingError, InputError, InvalidRequest, LoadError

if TYPE_CHECKING:
    from api.access.trusted_documents import TrustedDocuments

documents = typer.Typer(
    help="Trusted documents: GraphQL documents that a plan may be limited to.", no_args_is_help=True
)


@documents.command("add")
def add_documents(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="GraphQL documents, one a file.")],
    version: Annotated[
        str | None, typer.Option(help="The version whose schema they use. By default the newest current one.")
    ] = None,
    plan: Annotated[str | None, typer.Option(help="The plan that may use them. By default all plans.")] = None,
) -> None:
    """Register documents, and print the hash of each. An invalid one ends the command; those before it stay."""
    from api.access.trusted_documents import TrustedDocument
    from api.catalog import newest

    version_name = version or newest().name
    with _open_documents() as (store, runner):
        for file in files:
            document = TrustedDocument(version_name, file.name, _read_text(file), plan)
            is_new = runner.run(store.add(document))
            line = f"{document.hash}  {file.name}"
            if not is_new:
                line += "  (trusted before)"
            print(line)


@documents.command("list")
def list_documents(as_json: Json = False) -> None:
    """List the trusted documents."""
    with _open_documents() as (store, runner):
        rows = runner.run(store.all())
    show(rows, ("name", "version", "plan", "bytes", "added_at", "hash"), as_json)


@documents.command("remove")
def remove_document(
    named: Annotated[str, typer.Argument(metavar="HASH|NAME", help="As `list` shows it.")],
) -> None:
    """Remove a trusted document."""
    with _open_documents() as (store, runner):
        removed = runner.run(store.remove(named))
    for row in removed:
        print(f"{row['hash']}  {row['name']} is no longer trusted in {row['version']}.")


def audit(
    as_json: Json = False,
    limit: Annotated[int, typer.Option("--last", min=1, max=100_000, help="How many entries.")] = 100,
) -> None:
    """List the changes of keys, plans and documents, the latest first."""
    import orjson

    with open_store() as (store, runner):
        rows = runner.run(store.read("audit", None, limit))
    entries = [{**row, "detail": orjson.loads(row["detail"])} for row in rows]
    show(entries, ("seq", "recorded_at", "actor", "subject", "id", "action", "detail"), as_json)


@contextmanager
def _open_documents() -> Iterator[tuple[TrustedDocuments, asyncio.Runner]]:
    from api.access.trusted_documents import TrustedDocuments

    with open_store() as (store, runner):
        yield TrustedDocuments(store, actor(), _check_document), runner


def _check_document(version: str, text: str) -> None:
    from api.catalog import VERSIONS
    from api.graphql.document import DocumentCache
    from api.graphql.schema import core

    if version not in VERSIONS:
        raise InvalidRequest(f"There is no version {version[:20]}; there are {', '.join(VERSIONS)}.")
    try:
        DocumentCache(core(VERSIONS[version])).read(text)
    except BriefingError as error:
        raise InvalidRequest(error.message, hint=error.hint) from None


def _read_text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise LoadError(f"{file} cannot be read as text in UTF-8: {error}.") from None
