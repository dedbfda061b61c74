"""`briefing`: thin commands. Each imports only the modules that it needs, because REST and GraphQL alone take half a
second to import."""

from __future__ import annotations

import asyncio
import sys
import traceback
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api import __version__, commands
from api.commands.frame import set_up_command
from api.errors import BriefingError
from api.exit_codes import ExitCode, exit_code
from api.settings import Settings, describe, read_settings
from api.suggest import with_suggestions

if TYPE_CHECKING:
    from api.observability.health import Prepare

# The exit code of Typer for a wrong option or argument.
TYPER_USAGE = 2

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"briefing {__version__}")
        raise typer.Exit


@app.callback()
def read_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Structured briefings over REST and GraphQL."""


app.add_typer(commands.keys, name="keys")
app.add_typer(commands.plans, name="plans")
app.add_typer(commands.documents, name="documents")
app.add_typer(commands.contract, name="contract")
app.add_typer(commands.mapping, name="mapping")
app.command("audit")(commands.audit)
app.command("outdated")(commands.outdated)
app.command("erase")(commands.erase)
app.command("doctor")(commands.doctor)


def main() -> None:
    """Run the command line. An error of the settings or the store is printed in a line, not as a traceback."""
    try:
        app()
    except BriefingError as error:
        sys.exit(complain(error))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except SystemExit as stop:
        if stop.code == TYPER_USAGE:
            sys.exit(ExitCode.USAGE)
        raise
    except Exception:
        traceback.print_exc()
        sys.exit(ExitCode.SOFTWARE)


def complain(error: BriefingError) -> int:
    """Print an error and its remedy; return the exit code."""
    error = with_suggestions(error)
    print(f"briefing: {error.message}", file=sys.stderr)
    for hint in error.hints():
        print(f"briefing: {hint}", file=sys.stderr)
    return exit_code(error)


@app.command()
def serve(
    sample: Annotated[bool, typer.Option("--sample", help="Load the sample briefing first.")] = False,
    allow_newer: Annotated[
        bool,
        typer.Option("--allow-newer-store", help="As BRIEFING_ALLOW_NEWER_STORE=on, for a rollback."),
    ] = False,
) -> None:
    """Migrate the store and serve it over HTTP."""
    from api.logs import configure
    from api.serve import serve as run_service
    from api.store.address import own_address

    settings = read_settings()
    configure(settings, cache_loggers=True)
    with own_address(settings) as (url, supervise):
        prepare = _create_preparation(url, sample, allow_newer or settings.allow_newer_store)
        exit_code = run_service(settings, url, prepare, supervise)
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
    """Write the records of one moment to files: to load them back, and as CSV and Parquet.

    It is not a backup: keys, plans, trusted documents, the audit, the change log with earlier revisions and versions in
    time are left out."""
    from api.snapshot.left_out import describe
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
    if not quiet:
        print(describe())


@app.command()
def migrate(
    owner: Annotated[
        str, typer.Option(metavar="ROLE", help="Give the store to this role first, as a superuser after a restore.")
    ] = "",
) -> None:
    """Bring the store to the tables and views of this release, and put back roles and grants that a restore lost."""
    from api.store.address import address
    from api.store.migrate import migrate as migrate_store

    # A large store takes minutes.
    show = partial(print, flush=True)
    show_waiting = partial(show, "Waiting for another migration of this store to end.", file=sys.stderr)
    with address(set_up_command()) as url:
        done = asyncio.run(migrate_store(url, show, on_wait=show_waiting, owner=owner))
    if not done:
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
            print(f"| `{variable}` | {cell} | {describe(name)} |")
            continue
        if field.default is not None:
            variable += f" (default {default or 'empty'})"
        print(f"{variable}\n    {describe(name)}")


def _create_preparation(url: str, sample: bool, allow_newer: bool) -> Prepare:
    """Return the function that brings the store up to date before it is served."""
    import structlog

    log = structlog.get_logger("briefing")

    def log_done(name: str) -> None:
        log.info("migrated", done=name)

    def log_waiting() -> None:
        log.info("waiting for another migration")

    async def prepare() -> None:
        from api.store.migrate import migrate as migrate_store

        await migrate_store(url, log_done, on_wait=log_waiting, allow_newer=allow_newer)
        if sample:
            # Only for this, because the code that loads takes long to import.
            from api.ingest.sample import load_sample

            await load_sample(url)

    return prepare
