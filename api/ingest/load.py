"""Load files: each is read, checked and written in a transaction of its own, or refused as a whole."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from io import TextIOWrapper

from api.errors import BriefingError, LoadError
from api.exit_codes import ExitCode, exit_code
from api.ingest.confirmation import ask, describe_large_losses
from api.ingest.container import SUFFIXES
from api.ingest.faults import MAX_LISTED, FileFault, FileFaults, describe_repeat, name_record
from api.ingest.formatting import format_value
from api.ingest.identity import linked_id
from api.ingest.input_file import STDIN
from api.ingest.load_files import files, open_file
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
from api.store.load_transaction import Counts, DanglingLink, LoadIssue, LoadTransaction, writing
from api.store.migrate import migrate

WAIT = 5.0  # seconds. Two small loads at once take turns. Behind a long one, the second fails with its own exit code
CHUNK = 1 << 18
CIRCULAR = ("part_of", "follows")  # relations that must not lead back to the event
MAX_COUNTED = 10_000  # faults of one kind
PARTS = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True)
class LoadSummary:
    """The result of a load: records by resource and by action, and notes for the operator."""

    counts: Counts = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __add__(self, other: LoadSummary) -> LoadSummary:
        resources = dict.fromkeys((*self.counts, *other.counts))
        counts = {name: Counter(self.counts.get(name)) + Counter(other.counts.get(name)) for name in resources}
        return LoadSummary(counts, self.notes + other.notes)


@dataclass(frozen=True)
class LoadOptions:
    """The options of a load.

    `format` names the mapping of the files. With `check`, nothing is written. With `complete`, a file is the complete
    content of its dataset, and records that it does not contain are withdrawn. With `yes`, it may withdraw any part of
    the dataset without asking the operator. Bad rows are set aside in the file `skip_bad`. With `cascade`, dependants
    are withdrawn with their parents. With `known_at`, the edition that the load leaves has this time.
    """

    format: str | None = None
    check: bool = False
    complete: bool = False
    skip_bad: str | None = None
    yes: bool = False
    cascade: bool = False
    known_at: datetime | None = None


PLAIN = LoadOptions()


async def load(
    paths: list[str], url: str, report: Report | None = None, wait: float = WAIT, options: LoadOptions = PLAIN
) -> LoadSummary:
    """Load the files that the paths name, in order. The first file that is refused ends the load. Those before it stay
    loaded."""
    total = LoadSummary()
    report = report or SilentReport()
    with _select_opener(options) as open_file:
        for path in _list_files(paths, options):
            result = await _load_file(path, open_file, url, report, wait, options)
            report.written(path, result.counts)
            total += result
    return total


def run_load(
    paths: list[str], settings: Settings, *, wait: float = WAIT, quiet: bool = False, options: LoadOptions = PLAIN
) -> int:
    """Load as a command, with progress and faults on stderr and the summary on stdout. Return the exit code."""
    store_note = _describe_store(settings)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files need not be Unicode
    try:
        with address(settings) as url, reported(quiet) as report:
            if not settings.database_url:
                asyncio.run(migrate(url))  # Only the embedded store is migrated by a load.
            result = asyncio.run(load(paths, url, report, wait, options))
    except (BriefingError, OSError) as error:
        print(*_format_error(error), sep="\n", file=sys.stderr)
        return _exit_code(error)
    print(summary(result.counts), *result.notes, sep="\n")
    if store_note and not (quiet or options.check):
        print(store_note, file=sys.stderr)
    if options.check:
        print("Nothing was written: this was a check.")
    return ExitCode.OK


def _describe_store(settings: Settings) -> str:
    """Return a note that names the embedded store; empty if the settings name a database. The operator may easily
    mistake the store of another folder for it."""
    if settings.database_url:
        return ""
    folder = settings.data_dir.resolve()
    exists = (folder / "postgres").exists()
    store = "the embedded store" if exists else "a new embedded store, made"
    return f"Loaded into {store} in {folder}; BRIEFING_DATA_DIR or BRIEFING_DATABASE_URL names another."


def _list_files(paths: list[str], options: LoadOptions) -> list[str]:
    """Return the files to load. All files of a mapping belong to one dataset, so only a single file can be complete."""
    if options.format is None:
        names = files(paths)
    else:
        names = files(paths, SUFFIXES)
    if options.known_at is not None and len(names) > 1:
        raise LoadError(
            "--known-at takes one file at a time, because each file leaves an edition of its own.",
            hint="Load them one after the other, each with its time.",
        )
    if options.complete and len(names) > 1:
        raise LoadError("--complete takes one file at a time.", hint="Load them without --complete.")
    return names


Opener = Callable[[str], AbstractContextManager[RecordFile]]


@contextmanager
def _select_opener(options: LoadOptions) -> Iterator[Opener]:
    """Yield a function that opens a file: of the load format, or through the mapping."""
    if options.format is None:
        if options.skip_bad is not None:
            raise LoadError(
                "Bad rows can be set aside only from files that a mapping reads.", hint="Say which, with --format."
            )
        yield open_file
        return
    if options.skip_bad is not None and options.complete:
        raise LoadError(
            "A file whose bad rows are set aside is not complete.", hint="Leave out --complete or --skip-bad."
        )
    file_mapping = mapping(options.format)
    if options.skip_bad is None:
        yield partial(mapped, mapping=file_mapping, aside=None)
        return
    with aside(options.skip_bad) as rejects:
        yield partial(mapped, mapping=file_mapping, aside=rejects)


async def _load_file(
    path: str, open_file: Opener, url: str, report: Report, wait: float, options: LoadOptions
) -> LoadSummary:
    shown_path = "<stdin>" if path == STDIN else path
    faults = FileFaults(shown_path)
    vouched = options.format is None and is_vouched(path)
    with _open_or_refuse(open_file, path, faults) as file:
        async with writing(url, wait, keep=not options.check) as store:
            await store.stage(_read_rows(file, faults, report))
            faults.refuse()
            if options.known_at is not None:
                await _check_date(store, options.known_at)
            await _check_records(store, file, faults, vouched)
            notes = await _stage_withdrawals(store, faults.file, report, options)
            erased_elsewhere = erased(path) if vouched else {}
            erased_count = await store.block(erased_elsewhere)
            if erased_count:
                notes.append(
                    f"{erased_count:,} records that the snapshot lists as erased are in this store. "
                    "`briefing erase` erases them."
                )
            report.writing(faults.file, sum(store.staged.values()))
            await store.merge(known_at=options.known_at)
            await _check_links(store, file, faults)
            if not vouched:
                await _check_circles(store, file, faults)
            notes = [*file.notes(), *notes, *_describe_standing(await store.standing())]
        return LoadSummary(store.counts, tuple(f"{faults.file}: {note}" for note in notes))


async def _check_date(store: LoadTransaction, known_at: datetime) -> None:
    """Refuse an edition that would not be the last one, or that is in the future."""
    bound = await store.find_misdated(known_at)
    if bound is None:
        return
    shown = f"{bound.isoformat(timespec='microseconds').replace('+00:00', 'Z')}"
    if known_at > bound:
        raise LoadError(f"The time of --known-at is in the future: it is {shown} now.", hint="Name the time it was.")
    raise LoadError(
        f"The time of --known-at is not later than the last edition, which is of {shown}.",
        hint="Editions are loaded in the order of their times. `briefing export` and a new store rebuild an archive.",
    )


@contextmanager
def _open_or_refuse(open_file: Opener, path: str, faults: FileFaults) -> Iterator[RecordFile]:
    """Open the file. A file that cannot be read at all is refused with a fault."""
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_file(path))
        except MalformedFile as error:
            faults.add(FileFault(error.position, "", (), error.detail))
            faults.refuse()
        yield file


async def _stage_withdrawals(store: LoadTransaction, file_name: str, report: Report, options: LoadOptions) -> list[str]:
    """Stage the withdrawals that follow from the file. If a complete file withdraws a large part of a dataset, ask the
    operator. Return notes for the operator."""
    if options.complete:
        await _stage_missing_records(store)
    if options.cascade:
        await store.cascade()
    if not options.complete or options.yes:
        return []
    losses = describe_large_losses(await store.losses())
    if not losses:
        return []
    if options.check:
        return [f"This withdraws {', '.join(losses)}: a load asks, or takes --yes."]
    ask(file_name, losses, report)
    return []


async def _stage_missing_records(store: LoadTransaction) -> None:
    """Stage the withdrawal of records that the file does not contain, in each dataset that it names. A file without
    records withdraws nothing."""
    for dataset in await store.datasets():
        await store.complete([dataset], f"It is no longer in the dataset {dataset}.")


def _describe_standing(standing: Mapping[str, int]) -> list[str]:
    """Return a note for each kind of parent that was withdrawn without the records that depend on it."""
    notes: list[str] = []
    for parent, count in standing.items():
        stand = f"{count:,} records of withdrawn {parent}s stand as before."
        notes.append(f"{stand} With --cascade they are withdrawn, too.")
    return notes


async def _read_rows(file: RecordFile, faults: FileFaults, report: Report) -> AsyncIterator[bytes]:
    """Yield the records as rows to copy, some at a time. After the first fault, records are only checked."""
    rows: list[bytes] = []
    size = count = 0
    for entry in file.entries(faults):
        count += 1
        try:
            row = (entry.staged or read(entry.line)).row(entry.number)
        except InvalidRecord as error:
            _add_problems(faults, file, entry, error)
            continue
        rows.append(row)
        size += len(row)
        if size >= CHUNK:
            report.reading(faults.file, count, file.done, file.size)
            if not faults.count:
                yield b"".join(rows)
            rows, size = [], 0
    if not faults.count:
        yield b"".join(rows)


def _add_problems(faults: FileFaults, file: RecordFile, entry: FileRecord, error: InvalidRecord) -> None:
    record_name = name_record(entry.line.get("resource"), entry.line.get("key") or entry.line.get("id"))
    for path, detail in error.problems:
        # Positions are looked up only for the faults that are shown.
        position = file.position(entry.number, path) if faults.count < MAX_LISTED else Position()
        faults.add(FileFault(position, record_name, path, detail))


async def _check_records(store: LoadTransaction, file: RecordFile, faults: FileFaults, vouched: bool) -> None:
    for record in await store.repeated(MAX_COUNTED):
        where = file.where(record.first, record.number)
        _add_issue(faults, file, record, ("key",), describe_repeat(record.resource, where))
    for blocked in await store.blocked(MAX_COUNTED):
        detail = f"the record was erased on {blocked.erased_at:%Y-%m-%d} and cannot be loaded"
        _add_issue(faults, file, blocked, (blocked.named_by,), detail)
    for withdrawal in await store.unknown(MAX_COUNTED):
        detail = f"there is no such {withdrawal.resource} that could be withdrawn"
        _add_issue(faults, file, withdrawal, ("withdrawn",), detail)
    if not vouched:
        for doubtful in await store.doubtful(MAX_COUNTED):
            for path, detail in doubts(doubtful.doubts):
                _add_issue(faults, file, doubtful, path, detail)
    faults.refuse()


async def _check_links(store: LoadTransaction, file: RecordFile, faults: FileFaults) -> None:
    for link in await store.dangling(MAX_COUNTED):
        reference = _find_reference(link)
        detail = f"there is no {link.target} {format_value(reference)}, in this file or in the store"
        _add_issue(faults, file, link, _split_path(link.path), detail)
    faults.refuse()


def _find_reference(link: DanglingLink) -> str:
    """Return the key by which the file gives a link, or the id if it gives no key."""
    dataset, *keys = link.keys
    for key in keys:
        if linked_id(dataset, link.target, key) == link.id:
            return key
    return link.id


def _split_path(written: str) -> Path:
    parts: list[str | int] = []
    for index, name in PARTS.findall(written):
        parts.append(int(index) if index else name)
    return tuple(parts)


async def _check_circles(store: LoadTransaction, file: RecordFile, faults: FileFaults) -> None:
    """Check that no event is a part of itself or follows itself, not even through other events."""
    for kind in CIRCULAR:
        for relation in await store.circles(kind):
            detail = f"expected no circle: through others, the event is {kind} itself"
            _add_issue(faults, file, relation, ("related", relation.position, "event"), detail)
    faults.refuse()


def _add_issue(faults: FileFaults, file: RecordFile, issue: LoadIssue, path: Path, detail: str) -> None:
    faults.add(FileFault(file.position(issue.number, path), name_record(issue.resource, issue.name), path, detail))


def _format_error(error: BriefingError | OSError) -> list[str]:
    """Return the lines that describe an error to the operator."""
    if isinstance(error, BriefingError):
        lines = [*error.faults] if isinstance(error, LoadError) else []
        if error.message:
            lines.append(error.message)
        return lines + error.hints()
    if error.filename:
        return [f"{error.strerror}: {error.filename}"]
    return [str(error)]


def _exit_code(error: BriefingError | OSError) -> int:
    if isinstance(error, BriefingError):
        return exit_code(error)
    return ExitCode.NO_INPUT
