"""Read the parameters of a URL in one pass: each goes to its reader, and at the end they are checked together.

`SHARED` has the parameters that lists share. The filters of a list are rows of `parameters.py`. A new shared parameter
is a row here with its reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from api.catalog import Dimension, Resource, Version, has_counts
from api.errors import Fault, InvalidRequest, UnknownName
from api.http.parameters import GIVEN_TWICE, Faults, read_repeated_pairs
from api.query import AsOf, EditionFinder, Exists, Filter, Search, Sort, Timeline, and_, read_sort
from api.query.counts import MAX_FACETS, Grouping, read_facets
from api.query.known_at import KnownAt, read_accept_datetime, read_known_at
from api.query.parse import listed, read_boolean, read_id, read_language, read_words
from api.rest.formats import Format
from api.rest.hints import describe_unknown
from api.rest.include import Tree, read_include
from api.rest.parameters import Parameter, split

LIMIT = 50
MAX_LIMIT = 200
MAX_EXPORT = 10**9
COUNTS = ("exact", "estimated")
# The ends of a name that mark one of several values, as some clients write them: `kind[]=a&kind[]=b`.
BRACKETS = re.compile(rb"(\[|%5B)(\]|%5D)$", re.I)
# The shared parameters of lists that each export takes: it has no pages and no counts, and flat rows have no links.
EXPORTED = ("q", "q_language", "sort", "limit", "known_at")
# The shared parameters of feeds. Their order is fixed.
OF_FEEDS = ("q", "q_language", "limit", "cursor")
# The finder of requests that name no edition.
NO_EDITIONS = EditionFinder(Timeline())
ACCEPT_DATETIME = "Accept-Datetime"


@dataclass
class Url:
    """The parameters of one URL, read. `texts` are the parameters as they were sent, each once: several values are
    separated by commas. The others have their defaults if the URL does not set them. `filters` are those of the list
    itself, under an empty name, and those through each link. `known_at` is what the URL or Accept-Datetime names, in
    the parameter or header field `known_at_source`. `since` and `until` are the two ends of a comparison."""

    version: Version
    resource: Resource
    limit_most: int
    texts: dict[str, str] = field(default_factory=dict)
    filters: dict[str, list[Filter]] = field(default_factory=dict)
    words: str | None = None
    language: str = "en"
    sort: Sort | None = None
    include: Tree = field(default_factory=dict)
    limit: int | None = None
    count: str = ""
    cursor: str = ""
    after_id: str = ""
    bom: bool = False
    record: str = "none"
    known_at: KnownAt | None = None
    known_at_source: str = "known_at"
    grouping: Grouping = field(default_factory=Grouping)
    series_by: tuple[Dimension, ...] = ()
    quality: str = ""
    facets: tuple[Dimension, ...] = ()
    since: KnownAt | None = None
    until: KnownAt | None = None

    @property
    def filter(self) -> Filter:
        """All filters and the search, as one."""
        parts = [*self.filters.get("", [])]
        if self.words is not None:
            parts.append(Search(self.words, self.language))
        parts += [Exists(link, and_(*filters)) for link, filters in self.filters.items() if link]
        return and_(*parts)

    @property
    def order(self) -> Sort:
        """The order of the list."""
        if self.sort is not None:
            return self.sort
        default = read_sort(self.resource, self.resource.sort)
        assert default is not None
        return default


@dataclass(frozen=True)
class SharedParameter:
    """A parameter that lists share: its name, what it does, and its reader. ValueError of the reader says what was
    expected."""

    name: str
    description: str
    read: Callable[[Url, str], None]


def _read_q(url: Url, text: str) -> None:
    url.words = read_words(text)


def _read_q_language(url: Url, text: str) -> None:
    url.language = read_language(text)


def _read_include(url: Url, text: str) -> None:
    url.include = read_include(url.version, url.resource, split(text))


def _read_sort(url: Url, text: str) -> None:
    resource = url.resource
    sort = read_sort(resource, text)
    if sort is None:
        names = [*resource.sortable]
        if resource.searched:
            names.append("relevance")
        raise UnknownName(f"Expected one of {listed(names)}, or one with a minus.", text, names)
    url.sort = sort


def _read_limit(url: Url, text: str) -> None:
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) > url.limit_most:
        raise ValueError(f"Expected a whole number from 1 to {url.limit_most}.")
    url.limit = int(text)


def _read_cursor(url: Url, text: str) -> None:
    # A cursor belongs to a list with its filter and its order, so it is read when these are known.
    url.cursor = text


def _read_count(url: Url, text: str) -> None:
    if text not in COUNTS:
        raise ValueError("Expected exact or estimated.")
    url.count = text


def _read_facets(url: Url, text: str) -> None:
    url.facets = read_facets(url.version, url.resource, split(text))


def _read_known_at(url: Url, text: str) -> None:
    # An edition is looked up when it is known whether a list or a record is read.
    url.known_at = read_known_at(text)


def by_name(*parameters: SharedParameter) -> dict[str, SharedParameter]:
    """Return parameters by their names."""
    return {parameter.name: parameter for parameter in parameters}


SHARED = by_name(
    SharedParameter(
        "q", 'A full-text search: words, "a phrase", or, -not, prefixes (corr*). Accents are ignored.', _read_q
    ),
    SharedParameter(
        "q_language",
        "The language for the stemming of `q` [BCP 47]. Unstemmed words always match.",
        _read_q_language,
    ),
    SharedParameter(
        "include",
        "The links whose records are included, separated by commas. Up to two levels: `speaker,citations.source`.",
        _read_include,
    ),
    SharedParameter(
        "sort",
        "The field to sort by. A leading minus means descending order. Ties are broken by id, and nulls come last.",
        _read_sort,
    ),
    SharedParameter("limit", f"The number of records on a page, 1 to {MAX_LIMIT}.", _read_limit),
    SharedParameter("cursor", "The cursor of the page: `page.next_cursor` of the previous page.", _read_cursor),
    SharedParameter(
        "count", "Count the records that match the filter: `exact` (up to 100,000) or `estimated`.", _read_count
    ),
    SharedParameter(
        "facets",
        f"The fields whose values are counted in the filtered list, at most {MAX_FACETS}, separated by commas.",
        _read_facets,
    ),
    SharedParameter(
        "known_at",
        "Return the data as known at a time, at the end of a day, or in an edition (`e12345`).",
        _read_known_at,
    ),
)


def _read_after_id(url: Url, text: str) -> None:
    url.after_id = read_id(text, url.resource)


def _read_bom(url: Url, text: str) -> None:
    url.bom = read_boolean(text)


ONLY_EXPORTS = by_name(
    SharedParameter(
        "after_id",
        "Continue after the record with this id, such as the last one of an incomplete file. Requires `sort=id`.",
        _read_after_id,
    ),
    SharedParameter("bom", "Begin with a byte order mark, which Excel needs to recognise UTF-8.", _read_bom),
)


RECORD_MODES = ("none", "full")


def _read_record(url: Url, text: str) -> None:
    if text not in RECORD_MODES:
        raise ValueError("Expected none or full.")
    url.record = text


ONLY_REVISIONS = {
    "record": SharedParameter(
        "record", "`full` includes the whole record after each revision, in the form of this version.", _read_record
    )
}


def _read_from(url: Url, text: str) -> None:
    url.since = read_known_at(text)


def _read_to(url: Url, text: str) -> None:
    url.until = read_known_at(text)


ONLY_DIFFS = by_name(
    SharedParameter(
        "from",
        "The earlier state: the list as it was known at a time, at the end of a day, or in an edition (`e12345`).",
        _read_from,
    ),
    SharedParameter("to", "The later state, in the same form. Defaults to the last edition.", _read_to),
)
# The shared parameters of lists that the differences between two of their states have, too.
OF_DIFFS = ("q", "q_language", "limit", "cursor")
# The shared parameters of revisions.
REVISION_NAMES = ("limit", "cursor", "known_at", "record")

READERS = SHARED | ONLY_EXPORTS | ONLY_REVISIONS | ONLY_DIFFS


def list_names(version: Version, resource: Resource) -> list[str]:
    """Return the shared parameters of a list. One that cannot be searched has no `q`, one without links no `include`,
    and one that is not counted no `facets`."""
    left_out: set[str] = set()
    if not version.history:
        left_out.add("known_at")
    if not resource.searched:
        left_out |= {"q", "q_language"}
    if not resource.links:
        left_out.add("include")
    if not has_counts(version, resource):
        left_out.add("facets")
    return [name for name in SHARED if name not in left_out]


def feed_names(version: Version, resource: Resource) -> list[str]:
    """Return the shared parameters of a feed."""
    return [name for name in list_names(version, resource) if name in OF_FEEDS]


def record_names(version: Version) -> tuple[str, ...]:
    """Return the shared parameters of a record."""
    return ("include", "known_at") if version.history else ("include",)


def export_names(version: Version, resource: Resource, form: Format) -> list[str]:
    """Return the shared parameters of an export. Rows without ids cannot be continued after one."""
    taken = {*EXPORTED, *form.parameters}
    if not resource.prefix:
        taken.discard("after_id")
    return [name for name in (*list_names(version, resource), *ONLY_EXPORTS) if name in taken]


def diff_names(version: Version, resource: Resource, form: Format | None = None) -> list[str]:
    """Return the shared parameters of the differences between two states of a list; with a format, of their export."""
    of_list = [name for name in list_names(version, resource) if name in OF_DIFFS]
    names = [*ONLY_DIFFS, *of_list]
    if form is None:
        return names
    names.remove("cursor")
    return names + [name for name in form.parameters if name in ONLY_EXPORTS]


def read_url(
    version: Version,
    resource: Resource,
    filters: dict[str, Parameter],
    shared: Collection[str],
    query_string: bytes,
    limit_most: int = MAX_LIMIT,
    accept_datetime: str = "",
    readers: Mapping[str, SharedParameter] = READERS,
) -> Url:
    """Return the parameters of a URL, which may have these filters and shared parameters. InvalidRequest names each
    parameter that is wrong. `accept_datetime` is the header field of the request; `known_at` goes before it."""
    faults = Faults()
    url = Url(version, resource, limit_most, _read_texts(query_string, filters, faults))
    if accept_datetime and "known_at" in shared and "known_at" not in url.texts:
        url.known_at_source = ACCEPT_DATETIME
        try:
            url.known_at = read_accept_datetime(accept_datetime)
        except ValueError as error:
            faults.note(ACCEPT_DATETIME, error)
    for name, text in url.texts.items():
        row = filters.get(name)
        try:
            if row is not None:
                url.filters.setdefault(row.link, []).append(_read_filter(row, text))
            elif name in shared:
                readers[name].read(url, text)
            else:
                faults.note(name, describe_unknown(version, resource, name, text, {*filters, *shared}))
        except ValueError as error:
            faults.note(name, error)
    _check_together(url, filters, faults)
    faults.check()
    return url


def find_edition(url: Url, find: Callable[[KnownAt], AsOf]) -> AsOf | None:
    """Return the edition that a request names; None for the present. `find` looks it up. InvalidRequest if there is
    none."""
    if url.known_at is None:
        return None
    try:
        return find(url.known_at)
    except ValueError as error:
        raise InvalidRequest.of([Fault(url.known_at_source, str(error))]) from None


def _read_texts(query_string: bytes, filters: dict[str, Parameter], faults: Faults) -> dict[str, str]:
    """Return the text of each parameter. One that takes several values may be given several times, also as `name[]`;
    its text has all of them, separated by commas."""
    values_by_name: dict[str, list[str]] = {}
    for name, values in read_repeated_pairs(query_string, faults).items():
        base = name.removesuffix("[]")
        if _takes_several(base, filters):
            values_by_name.setdefault(base, []).extend(values)
        elif len(values) > 1:
            faults.note(name, GIVEN_TWICE)
        else:
            values_by_name[name] = values
    texts: dict[str, str] = {}
    for name, values in values_by_name.items():
        try:
            texts[name] = _join(values)
        except ValueError as error:
            faults.note(name, error)
    return texts


def _takes_several(name: str, filters: dict[str, Parameter]) -> bool:
    row = filters.get(name)
    if row is not None:
        return row.takes_several
    return name in ("include", "by", "facets")


def _join(values: list[str]) -> str:
    """Return the values of one parameter as one text. ValueError if a value is not a list of its own: a quotation mark
    that one value opens could be closed by the next one."""
    if len(values) > 1:
        for value in values:
            split(value)
    return ",".join(values)


def merge_repeated(query_string: bytes, filters: dict[str, Parameter]) -> bytes:
    """Return the query with each parameter that takes several values once: `kind=a&kind=b` and `kind[]=a&kind[]=b` as
    `kind=a,b`. Queries that differ in nothing else are the same request, with the same entity tag and the same link to
    the next page. Parameters that take one value stay as they are, so that one that is given twice is refused."""
    pairs: list[bytes] = []
    places: dict[bytes, int] = {}
    is_merged = True
    for pair in query_string.split(b"&"):
        name, _, value = pair.partition(b"=")
        base = BRACKETS.sub(b"", name)
        if not _takes_several(base.decode("latin-1"), filters):
            pairs.append(pair)
            continue
        if base != name or base in places:
            is_merged = False
        if base in places:
            pairs[places[base]] += b"," + value
        else:
            places[base] = len(pairs)
            pairs.append(base + b"=" + value)
    if is_merged:
        return query_string
    return b"&".join(pair for pair in pairs if pair)


def _read_filter(row: Parameter, text: str) -> Filter:
    try:
        return row.filter(text)
    except ValueError as error:
        if re.search(r"\d \d\d:?\d\d$", text):
            raise ValueError(f"{error} In a URL a + is written %2B.") from None
        raise


def _check_together(url: Url, filters: dict[str, Parameter], faults: Faults) -> None:
    """Note the parameters that need others beside them."""
    texts = url.texts
    for name in texts:
        row = filters.get(name)
        if row is None or not row.condition.needs:
            continue
        needed = row.sibling(row.condition.needs)
        if needed not in texts:
            faults.note(name, f"Needs {needed} beside it, so that like is compared with like.")
    if "q_language" in texts and "q" not in texts:
        faults.note("q_language", "Needs q beside it.")
    if url.after_id and texts.get("sort") != "id":
        faults.note("after_id", "Needs sort=id beside it: only that order can be continued after an id.")
    if url.sort is None:
        return
    sorted_by = url.sort.field
    if sorted_by == "relevance":
        if "q" not in texts:
            faults.note("sort", "Sorting by relevance needs q.")
    elif sorted_by in url.resource.fields:
        needed = url.resource.fields[sorted_by].needs
        if needed and needed not in texts:
            faults.note("sort", f"Sorting by {sorted_by} needs {needed}, so that like is compared with like.")
