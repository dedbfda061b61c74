"""`briefing`: thin commands. Each imports only the modules that it needs, because REST and GraphQL alone take half a
second to import."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api import commands
from api.commands.frame import set_up_command
from api.errors import BriefingError, ContractError, RequestError, SettingsError
from api.settings import Settings, read_settings
from api.suggest import with_suggestions

if TYPE_CHECKING:
    from api.observability.health import Prepare

NOT_CONFIGURED = 2
UNAVAILABLE = 69
INTERRUPTED = 130

app = typer.Typer(
    help="Structured briefings over REST and GraphQL.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(commands.keys, name="keys")
app.add_typer(commands.plans, name="plans")
app.add_typer(commands.documents, name="documents")
app.add_typer(commands.contract, name="contract")
app.add_typer(commands.mapping, name="mapping")
app.command("audit")(commands.audit)
app.command("outdated")(commands.outdated)
app.command("erase")(commands.erase)


def main() -> None:
    """Run the command line. An error of the settings or the store is printed in a line, not as a traceback."""
    try:
        app()
    except BriefingError as error:
        sys.exit(complain(error))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def complain(error: BriefingError) -> int:
    """Print an error and its remedy; return the exit code."""
    error = with_suggestions(error)
    print(f"briefing: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"briefing: {error.hint}", file=sys.stderr)
    if isinstance(error, ContractError | SettingsError | RequestError):
        return NOT_CONFIGURED
    return UNAVAILABLE


@app.command()
def serve(
    sample: Annotated[bool, typer.Option("--sample", help="Load the sample briefing first.")] = False,
) -> None:
    """Migrate the store and serve it over HTTP."""
    from api.logs import configure
    from api.serve import serve as run_service
    from api.store.address import own_address

    settings = read_settings()
    configure(settings, cache_loggers=True)
    with own_address(settings) as (url, supervise):
        exit_code = run_service(settings, url, _create_preparation(url, sample), supervise)
    sys.exit(exit_code)


@app.command()
def load(
    paths: Annotated[list[str], typer.Argument(metavar="FILE|FOLDER|-", help="Load files; - is standard input.")],
    wait: Annotated[float, typer.Option(help="Seconds to wait for another load to end.")] = 5.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    format: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="Read rows through a mapping: a name or FILE.toml.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Report what the load would do, and write nothing.")] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Withdraw the records of the dataset that are not in the file.")
    ] = False,
    skip_bad: Annotated[
        str | None, typer.Option("--skip-bad", metavar="FILE", help="Write bad rows to FILE and load the rest.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Let --complete withdraw more than a tenth of a dataset without asking.")
    ] = False,
    cascade: Annotated[
        bool, typer.Option("--cascade", help="Withdraw figures, quotes and events together with what they belong to.")
    ] = False,
    known_at: Annotated[
        str | None,
        typer.Option("--known-at", metavar="TIME", help="Date the edition, as 2022-03-07T06:00:00Z: for archives."),
    ] = None,
) -> None:
    """Load briefings, or rows of other data. A file is loaded whole or not at all."""
    from api.ingest.load import LoadOptions, run_load

    options = LoadOptions(format, check, complete, skip_bad, yes, cascade, _read_time(known_at))
    sys.exit(run_load(paths, set_up_command(), wait=wait, quiet=quiet, options=options))


def _read_time(text: str | None) -> datetime | None:
    """Return the time of --known-at. It has to be exact, so a day is none."""
    from api.query.parse import DATE, read_timestamp

    if text is None:
        return None
    try:
        if DATE.fullmatch(text):
            raise ValueError("Expected a time with its offset, as 2022-03-07T06:00:00Z.")
        return read_timestamp(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--known-at") from None


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="The folder to write. It must be empty or not exist.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
) -> None:
    """Write the whole store of one moment to files: to load it back, and as CSV and Parquet."""
    from api.snapshot.parquet import INSTALLED, MISSING
    from api.snapshot.progress import show_progress
    from api.snapshot.take import export as take_snapshot
    from api.store.address import address

    with address(set_up_command()) as url, show_progress(quiet) as progress:
        manifest = take_snapshot(url, out, progress)
    if not INSTALLED:
        print(MISSING, file=sys.stderr)
    total = sum(counts["records"] for counts in manifest.counts.values())
    print(f"{out}: {total:,} records in {len(manifest.files)} files, up to change {manifest.last_change:,}.")


@app.command()
def migrate() -> None:
    """Bring the store to the tables and views of this release."""
    from api.store.address import address
    from api.store.migrate import migrate as migrate_store

    with address(set_up_command()) as url:
        # A large store takes minutes.
        applied = asyncio.run(migrate_store(url, partial(print, flush=True)))
    if not applied:
        print("Nothing to do.")


@app.command("settings")
def show_settings(
    table: Annotated[bool, typer.Option("--table", help="Print a table in Markdown, as in docs/operating.md.")] = False,
) -> None:
    """Show every setting, its default and its meaning."""
    for name, field in Settings.model_fields.items():
        variable = f"BRIEFING_{name.upper()}"
        default = "" if field.default is None else str(field.default)
        if table:
            cell = f"`{default}`" if default else ""
            print(f"| `{variable}` | {cell} | {field.description} |")
            continue
        if field.default is not None:
            variable += f" (default {default or 'empty'})"
        print(f"{variable}\n    {field.description}")


def _create_preparation(url: str, sample: bool) -> Prepare:
    """Return the function that brings the store up to date before it is served."""

    async def prepare() -> None:
        from api.store.migrate import migrate as migrate_store

        await migrate_store(url)
        if sample:
            # Only for this, because the code that loads takes long to import.
            from api.ingest.sample import load_sample

            await load_sample(url)

    return prepare
