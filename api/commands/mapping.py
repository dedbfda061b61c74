"""`briefing mapping`: mappings of other data."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from api.errors import InputError, LoadError
from api.exit_codes import exit_code

mapping = typer.Typer(help="Mappings: how rows of other data become records.", no_args_is_help=True)


@mapping.command("new")
def new_mapping(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Rows of your data: CSV, JSON, NDJSON or GeoJSON.")],
) -> None:
    """Print a first mapping for a file, from its columns and the types of their values."""
    from api.ingest.drafting.draft import draft

    try:
        print(draft(file), end="")
    except LoadError as error:
        for line in (*error.faults, f"briefing: {error.message}"):
            print(line, file=sys.stderr)
        sys.exit(exit_code(error))
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None


@mapping.command("fields")
def fields() -> None:
    """Print the fields that a record may have, the required ones, and their vocabularies, as tables in Markdown."""
    from api.ingest.field_table import field_tables

    print("\n".join(field_tables()).strip())
