"""`briefing documents`, and `briefing audit`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from api.commands.frame import Json, Result, actor, show, with_store
from api.errors import BriefingError, InvalidRequest

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

    asked = version or import_module("api.catalog").newest().name

    async def add(held: Any) -> None:
        for file in files:
            document = import_module("api.access.trusted_documents").TrustedDocument(
                asked, file.name, _text(file), plan
            )
            new = await held.add(document)
            print(f"{document.hash}  {file.name}" + ("" if new else "  (trusted before)"))

    _with_documents(add)


@documents.command("list")
def list_documents(as_json: Json = False) -> None:
    """List the trusted documents."""
    rows = _with_documents(lambda held: held.all())
    show(rows, ("name", "version", "plan", "bytes", "added_at", "hash"), as_json)


@documents.command("remove")
def remove_document(
    named: Annotated[str, typer.Argument(metavar="HASH|NAME", help="As `list` shows it.")],
) -> None:
    """Remove a trusted document."""
    for row in _with_documents(lambda held: held.remove(named)):
        print(f"{row['hash']}  {row['name']} is no longer trusted in {row['version']}.")


def audit(
    as_json: Json = False,
    most: Annotated[int, typer.Option("--last", min=1, max=100_000, help="How many entries.")] = 100,
) -> None:
    """List the changes of keys, plans and documents, the latest first."""
    rows = with_store(lambda store: store.read("audit", None, most))
    told = [dict(row) | {"detail": import_module("orjson").loads(row["detail"])} for row in rows]
    show(told, ("seq", "recorded_at", "actor", "subject", "id", "action", "detail"), as_json)


def _with_documents(work: Callable[[Any], Awaitable[Result]]) -> Result:
    kind = import_module("api.access.trusted_documents").TrustedDocuments
    return with_store(lambda store: work(kind(store, actor(), _check)))


def _check(version: str, text: str) -> None:
    versions = import_module("api.catalog").VERSIONS
    if version not in versions:
        raise InvalidRequest(f"There is no version {version[:20]}; there are {', '.join(versions)}.")
    schema = import_module("api.graphql.schema").core(versions[version])
    try:
        import_module("api.graphql.document").DocumentCache(schema).read(text)
    except BriefingError as error:
        raise InvalidRequest(error.message, hint=error.hint) from None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file} cannot be read as text: {error}") from None
