"""Load files: each is read, checked and written in a transaction of its own, or refused as a whole.

The exit codes are those of sysexits.h, so that a script can distinguish a wrong file from a store that is unavailable.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from io import TextIOWrapper

from api.errors import BriefingError, Busy, LoadError, Unavailable
from api.ingest.confirmation import ask, large
from api.ingest.container import SUFFIXES
from api.ingest.faults import MOST, FileFault, FileFaults, named, repeated
from api.ingest.formatting import shown
from api.ingest.identity import linked_id
from api.ingest.input_file import STDIN
from api.ingest.load_files import files, opened
from api.ingest.mapped_file import mapped
from api.ingest.mapping import mapping
from api.ingest.messages import Path
from api.ingest.record_file import FileRecord, RecordFile
from api.ingest.record_reader import InvalidRecord, doubts, read
from api.ingest.rejects import aside
from api.ingest.report import Report, SilentReport, reported, summary
from api.ingest.snapshot_files import erased, is_vouched
from api.ingest.strict_json import MalformedFile, Position
from api.settings import Settings
from api.store.address import address
from api.store.load_transaction import Counts, LoadIssue, LoadTransaction, writing
from api.store.migrate import migrate

WAIT = 5.0  # seconds. Two small loads at once take turns. Behind a long one, the second fails with its own exit code
CHUNK = 1 << 18
CIRCULAR = ("part_of", "follows")  # relations that must not lead back to the event
LOOKED_AT = 10_000  # faults of one kind that are counted
PARTS = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
EX_OK, EX_DATAERR, EX_NOINPUT, EX_UNAVAILABLE, EX_TEMPFAIL, EX_CONFIG = 0, 65, 66, 69, 75, 78
EXITS: dict[type[BaseException], int] = {
    Busy: EX_TEMPFAIL,
    LoadError: EX_DATAERR,
    OSError: EX_NOINPUT,
    Unavailable: EX_UNAVAILABLE,
    BriefingError: EX_CONFIG,
}


@dataclass(frozen=True)
class LoadSummary:
    """The result of a load: records by resource and by action, and notes for the operator."""

    counts: Counts = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __add__(self, other: LoadSummary) -> LoadSummary:
        names = dict.fromkeys((*self.counts, *other.counts))
        counts = {name: Counter(self.counts.get(name)) + Counter(other.counts.get(name)) for name in names}
        return LoadSummary(counts, self.notes + other.notes)


@dataclass(frozen=True)
class LoadOptions:
    """The options of a load.

    `format` names the mapping of the files. With `check`, nothing is written. With `complete`, a file is the complete
    content of its dataset, and records that it does not contain are withdrawn. With `yes`, it may withdraw any part of
    the dataset without asking the operator. Bad rows are set aside in the file `skip_bad`. With `cascade`, dependants
    are withdrawn with their parents.
    """

    format: str | None = None
    check: bool = False
    complete: bool = False
    skip_bad: str | None = None
    yes: bool = False
    cascade: bool = False


PLAIN = LoadOptions()


async def load(
    paths: list[str], url: str, report: Report | None = None, wait: float = WAIT, options: LoadOptions = PLAIN
) -> LoadSummary:
    """Load the files that the paths name, in order. The first file that is refused ends the load. Those before it stay
    loaded."""
    done = LoadSummary()
    report = report or SilentReport()
    with _sources(options) as opening:
        for path in _files(paths, options):
            one = await _load(path, opening, url, report, wait, options)
            report.written(path, one.counts)
            done += one
    return done


def run_load(
    paths: list[str], settings: Settings, *, wait: float = WAIT, quiet: bool = False, options: LoadOptions = PLAIN
) -> int:
    """Load as a command, with progress and faults on stderr and the summary on stdout. Return the exit code."""
    place = _place(settings)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files need not be Unicode
    try:
        with address(settings) as url, reported(quiet) as report:
            if not settings.database_url:
                asyncio.run(migrate(url))  # Only the embedded store is migrated by a load.
            done = asyncio.run(load(paths, url, report, wait, options))
    except (BriefingError, OSError) as error:
        print(*_lines(error), sep="\n", file=sys.stderr)
        return next(code for kind, code in EXITS.items() if isinstance(error, kind))
    print(summary(done.counts), *done.notes, sep="\n")
    if place and not (quiet or options.check):
        print(place, file=sys.stderr)
    if options.check:
        print("Nothing was written: this was a check.")
    return EX_OK


def _place(settings: Settings) -> str:
    """Return a note that names the embedded store; empty if the settings name a database. The operator may easily
    mistake the store of another folder for it."""
    if settings.database_url:
        return ""
    folder = settings.data_dir.resolve()
    made = "a new embedded store, made" if not (folder / "postgres").exists() else "the embedded store"
    return f"Loaded into {made} in {folder}; BRIEFING_DATA_DIR or BRIEFING_DATABASE_URL names another."


def _files(paths: list[str], options: LoadOptions) -> list[str]:
    """Return the files to load. All files of a mapping belong to one dataset, so only a single file can be complete."""
    if options.format is None:
        return files(paths)
    found = files(paths, SUFFIXES)
    if options.complete and len(found) > 1:
        raise LoadError("--complete takes one file at a time.", hint="Load them without --complete.")
    return found


Opening = Callable[[str], AbstractContextManager[RecordFile]]


@contextmanager
def _sources(options: LoadOptions) -> Iterator[Opening]:
    """Yield a function that opens a file: of the load format, or through the mapping."""
    if options.format is None:
        if options.skip_bad is not None:
            raise LoadError("Bad rows are set aside of files that a mapping reads.", hint="Say which, with --format.")
        yield opened
        return
    if options.skip_bad is not None and options.complete:
        raise LoadError(
            "A file whose bad rows are set aside is not complete.", hint="Leave out --complete or --skip-bad."
        )
    found = mapping(options.format)
    if options.skip_bad is None:
        yield partial(mapped, mapping=found, aside=None)
        return
    with aside(options.skip_bad) as bad:
        yield partial(mapped, mapping=found, aside=bad)


async def _load(
    path: str, opening: Opening, url: str, report: Report, wait: float, options: LoadOptions
) -> LoadSummary:
    faults = FileFaults("<stdin>" if path == STDIN else path)
    vouched = options.format is None and is_vouched(path)
    with _opened(opening, path, faults) as text:
        async with writing(url, wait, keep=not options.check) as store:
            await store.stage(_rows(text, faults, report))
            faults.refuse()
            await _check_records(store, text, faults, vouched)
            notes = await _withdraw(store, faults.file, report, options)
            notes += _erased_elsewhere(await store.block(erased(path) if vouched else {}))
            report.writing(faults.file, sum(store.staged.values()))
            await store.merge()
            await _check_links(store, text, faults)
            if not vouched:
                await _check_circles(store, text, faults)
            notes = [*text.notes(), *notes, *_consequences(await store.standing())]
        return LoadSummary(store.counts, tuple(f"{faults.file}: {note}" for note in notes))


@contextmanager
def _opened(opening: Opening, path: str, faults: FileFaults) -> Iterator[RecordFile]:
    """Open the file. A file that cannot be read at all is refused with a fault."""
    with ExitStack() as stack:
        try:
            text = stack.enter_context(opening(path))
        except MalformedFile as error:
            faults.add(FileFault(error.position, "", (), error.detail))
            faults.refuse()
        yield text


async def _withdraw(store: LoadTransaction, file: str, report: Report, options: LoadOptions) -> list[str]:
    """Stage the withdrawals that follow from the file. If a complete file withdraws a large part of a dataset, ask the
    operator."""
    if options.complete:
        await _complete(store)
    if options.cascade:
        await store.cascade()
    if not options.complete or options.yes or not (losses := large(await store.losses())):
        return []
    if options.check:
        return [f"This withdraws {', '.join(losses)}: a load asks, or takes --yes."]
    ask(file, losses, report)
    return []


def _erased_elsewhere(held: int) -> list[str]:
    if not held:
        return []
    return [f"{held:,} records that the snapshot lists as erased are in this store. `briefing erase` erases them."]


def _consequences(standing: Mapping[str, int]) -> list[str]:
    return [
        f"{count:,} records of withdrawn {parent}s stand as before. With --cascade they are withdrawn, too."
        for parent, count in standing.items()
    ]


async def _complete(store: LoadTransaction) -> None:
    """Stage the withdrawal of records that the file does not contain, in each dataset that it names. A file without
    records withdraws nothing."""
    for dataset in await store.datasets():
        await store.complete([dataset], f"It is no longer in the dataset {dataset}.")


async def _rows(text: RecordFile, faults: FileFaults, report: Report) -> AsyncIterator[bytes]:
    """Yield the records as rows to copy, some at a time. After the first fault, records are only checked."""
    rows: list[bytes] = []
    held = count = 0
    for entry in text.entries(faults):
        count += 1
        try:
            row = (entry.staged or read(entry.line)).row(entry.number)
        except InvalidRecord as error:
            _note(faults, text, entry, error)
            continue
        rows.append(row)
        held += len(row)
        if held >= CHUNK:
            report.reading(faults.file, count, text.done, text.size)
            if not faults.count:
                yield b"".join(rows)
            rows, held = [], 0
    if not faults.count:
        yield b"".join(rows)


def _note(faults: FileFaults, text: RecordFile, entry: FileRecord, error: InvalidRecord) -> None:
    what = named(entry.line.get("resource"), entry.line.get("key") or entry.line.get("id"))
    for path, detail in error.problems:
        # Positions are looked up only for the faults that are shown.
        position = text.position(entry.number, path) if faults.count < MOST else Position()
        faults.add(FileFault(position, what, path, detail))


async def _check_records(store: LoadTransaction, text: RecordFile, faults: FileFaults, vouched: bool) -> None:
    for again in await store.repeated(LOOKED_AT):
        where = text.where(again.first, again.number)
        _found(faults, text, again, ("key",), repeated(again.resource, where))
    for blocked in await store.blocked(LOOKED_AT):
        detail = f"the record was erased on {blocked.erased_at:%Y-%m-%d} and cannot be loaded"
        _found(faults, text, blocked, (blocked.named_by,), detail)
    for one in await store.unknown(LOOKED_AT):
        _found(faults, text, one, ("withdrawn",), f"there is no such {one.resource} that could be withdrawn")
    for doubtful in [] if vouched else await store.doubtful(LOOKED_AT):
        for path, detail in doubts(doubtful.doubts):
            _found(faults, text, doubtful, path, detail)
    faults.refuse()


async def _check_links(store: LoadTransaction, text: RecordFile, faults: FileFaults) -> None:
    for one in await store.dangling(LOOKED_AT):
        dataset, *keys = one.keys
        given = next((key for key in keys if linked_id(dataset, one.target, key) == one.id), one.id)
        path = tuple(int(number) if number else name for number, name in PARTS.findall(one.path))
        _found(faults, text, one, path, f"there is no {one.target} {shown(given)}, in this file or in the store")
    faults.refuse()


async def _check_circles(store: LoadTransaction, text: RecordFile, faults: FileFaults) -> None:
    """Check that no event is a part of itself or follows itself, not even through other events."""
    for kind in CIRCULAR:
        for one in await store.circles(kind):
            detail = f"expected no circle: through others, the event is {kind} itself"
            _found(faults, text, one, ("related", one.position, "event"), detail)
    faults.refuse()


def _found(faults: FileFaults, text: RecordFile, one: LoadIssue, path: Path, detail: str) -> None:
    faults.add(FileFault(text.position(one.number, path), named(one.resource, one.name), path, detail))


def _lines(error: BaseException) -> list[str]:
    if isinstance(error, BriefingError):
        faults = error.faults if isinstance(error, LoadError) else ()
        return [*faults, *(part for part in (error.message, error.hint) if part)]
    return [f"{error.strerror}: {error.filename}" if isinstance(error, OSError) and error.filename else str(error)]
